// A task as it would be asked for anew: what was said of its request, nothing of what became of it.
import type { NewTask, Task } from "../../core/task/task.ts";

const ASKED_FOR = [
  "url",
  "method",
  "params",
  "payload",
  "payloadBase64",
  "headers",
  "target",
  "tag",
  "dispatchDeadline",
  "retry",
  "oidcToken",
  "dialect",
] as const satisfies readonly (keyof Task & keyof NewTask)[];

/** Without a name, which is taken, and due now. */
export function askedAgain(task: Task): NewTask {
  const said = ASKED_FOR.filter((field) => task[field] !== undefined);
  return Object.fromEntries(said.map((field) => [field, task[field]]));
}
