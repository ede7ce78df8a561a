// `redrive`: puts failed tasks back on the queue.
import { bulk } from "./bulk.ts";
import { remote } from "./queues-of.ts";
import { isPaced, redrivePaced } from "./redrive-paced.ts";

export default remote((it) => {
  if (isPaced(it)) return redrivePaced(it);
  return bulk(it, {
    ...{ verb: "redrive", done: "redriven", fixed: { state: "failed" } },
    act: async (queue, names, signal) => {
      const results = await queue.redrive(names, { signal });
      return results.filter(({ redriven }) => redriven).length;
    },
  });
});
