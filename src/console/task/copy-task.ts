// A new task with the request of another: its fields, none of its progress.
import type { NewTask, Task } from "../../core/task/task.ts";

const COPIED = [
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
export function copyOf(task: Task): NewTask {
  const fields = COPIED.filter((field) => task[field] !== undefined);
  return Object.fromEntries(fields.map((field) => [field, task[field]]));
}
