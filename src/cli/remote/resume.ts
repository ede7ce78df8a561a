// `resume`: lets paused queues go on.
import { each } from "./each-queue.ts";
import { remote } from "./queues-of.ts";

export default remote((it) => each(it, "resumed", (queue, signal) => queue.resume({ signal })));
