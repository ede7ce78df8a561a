// `show`: a queue, or one of its tasks.
import type { RemoteQueue } from "../../remote/index.ts";
import { fieldLines } from "../terminal/fields.ts";
import { remote } from "./queues-of.ts";

export default remote(async ({ given, queues, signal, say }) => {
  const [name = "", task] = given.args;
  const queue = queues.get(name) as RemoteQueue;
  const shown =
    task === undefined ? await queue.describe({ signal }) : await queue.get(task, { signal });
  say(shown, () => fieldLines(shown));
  return 0;
});
