// `pause`: stops dispatch of queues.
import { each } from "./each-queue.ts";
import { remote } from "./queues-of.ts";

export default remote((it) => each(it, "paused", (queue, signal) => queue.pause({ signal })));
