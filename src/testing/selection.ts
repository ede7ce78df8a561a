// Which entries of a list a test asks for.
import type { Task } from "../core/task/task.ts";

/** A task by its queue and its name, such as what `add` answers. */
export type TaskName = Pick<Task, "queue" | "name">;

/** All, those of a queue, or those of a task. */
export function isOf(
  one: { queue: string; name?: string | undefined },
  of?: string | TaskName,
): boolean {
  if (of === undefined) return true;
  if (typeof of === "string") return one.queue === of;
  return one.queue === of.queue && one.name === of.name;
}
