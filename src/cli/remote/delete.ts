// `delete`: deletes tasks.
import { bulk } from "./bulk.ts";
import { remote } from "./queues-of.ts";

export default remote((it) =>
  bulk(it, {
    ...{ verb: "delete", done: "deleted" },
    act: async (queue, names, signal) => {
      const results = await queue.delete(names, { signal });
      return results.filter(({ deleted }) => deleted).length;
    },
  }),
);
