// `plan`: what a deploy of the files would change.

import { compile } from "../files/compile.ts";
import { complaint, cronBeside } from "../files/read.ts";
import { planLines } from "./plan-lines.ts";
import { type Remote, remote } from "./queues-of.ts";

export default remote(async (it) => {
  const [queueFile = "queue.yaml", cronFile = cronBeside(queueFile)] = it.given.args;
  const files = read(it, queueFile, cronFile);
  if (!files) return 1;
  const plan = await it.queues.plan(files, { signal: it.signal });
  it.say(plan, () => planLines(plan, it.terminal));
  return plan.lost ? 2 : 0;
});

/** Compiled, as a Worker may have no reader of YAML; undefined after a complaint, with the names the files have here. */
function read(it: Remote, queueFile: string, cronFile: string | undefined) {
  let file = queueFile;
  const named = (next: string) => {
    file = next;
    return next;
  };
  try {
    return compile(queueFile, cronFile, named);
  } catch (error) {
    it.terminal.note(complaint(file, error));
    return undefined;
  }
}
