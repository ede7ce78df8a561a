// `purge`: deletes every task on a queue.
import type { RemoteQueue } from "../../remote/index.ts";
import { counted } from "./bulk.ts";
import { remote } from "./queues-of.ts";

export default remote(async ({ given, queues, signal, terminal, say }) => {
  const [name = ""] = given.args;
  const queue = queues.get(name) as RemoteQueue;
  const { tasks: matched } = (await queue.describe({ signal })).statistics;
  if (given.options.dryRun === true) {
    say({ queue: name, matched, done: 0 }, () => [`would purge ${counted(matched)} of "${name}"`]);
    return 0;
  }
  const isAsked = given.options.yes !== true;
  if (isAsked && !(await terminal.isAgreed(`purge ${counted(matched)} of "${name}"?`))) {
    terminal.note("nothing was done");
    return 1;
  }
  // It takes as long as there are tasks.
  await queue.purge({ signal, timeout: 3600 });
  say({ queue: name, matched, done: matched }, () => [`purged ${counted(matched)} of "${name}"`]);
  return 0;
});
