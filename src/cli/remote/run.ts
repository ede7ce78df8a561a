// `run`: runs tasks now.
import { bulk } from "./bulk.ts";
import { oneByOne } from "./one-by-one.ts";
import { remote } from "./queues-of.ts";

export default remote((it) =>
  bulk(it, {
    ...{ verb: "run", done: "told to run" },
    act: (queue, names, signal) => oneByOne(names, (name) => queue.run(name, { signal })),
  }),
);
