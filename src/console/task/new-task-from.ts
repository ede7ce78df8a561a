// Builds a new task with the same request as an existing one.
import type { NewTask, Task } from "../../core/task/task.ts";

const REQUEST_FIELDS = [
  "url",
  "method",
  "params",
  "payload",
  "payloadBase64",
  "headers",
  "target",
  "routing",
  "tag",
  "key",
  "priority",
  "dispatchDeadline",
  "retry",
  "oidcToken",
  "dialect",
] as const satisfies readonly (keyof Task & keyof NewTask)[];

/** The new task has no name (the old one is taken) and is due now. */
export function newTaskFrom(task: Task): NewTask {
  const given = REQUEST_FIELDS.filter((field) => task[field] !== undefined);
  return Object.fromEntries(given.map((field) => [field, task[field]]));
}
