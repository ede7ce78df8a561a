// What a task in the list waits for, or how it ended.
import type { Task } from "../../core/task/task.ts";
import { startBy } from "../format/start-by.ts";

const HEAD = 160;

export function reasonOf(task: Task): string {
  if (task.state === "expired") return `not started by ${startBy(task) ?? task.endedAt}`;
  const { status, error } = task.lastAttempt ?? {};
  const ended = [status, error].filter((part) => part !== undefined).join(" ");
  const text = [task.why, ended && `last: ${ended}`].filter(Boolean).join(" · ");
  return text.length > HEAD ? `${text.slice(0, HEAD)}…` : text;
}
