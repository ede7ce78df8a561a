// Adds that may be repeated. A task gets a name before it leaves, so that a second try whose first one had arrived
// finds it there.
import { errorOf, type Failure, type TaskQueueError } from "../core/errors.ts";
import { isTask, portable } from "../core/task/portable.ts";
import type { NewTask, Task } from "../core/task/task.ts";

/** A task on its way: as it is sent, and whether its name was made here. */
export interface Outgoing {
  task: NewTask;
  isNamedHere: boolean;
}

export function outgoing(given: NewTask, isIdempotent: boolean): Outgoing {
  const task = portable(given);
  const isNamedHere = isIdempotent && isTask(task) && (task.name ?? "") === "";
  return { task: isNamedHere ? { ...task, name: newName() } : task, isNamedHere };
}

const NAME_BYTES = 16;

/** A name nobody else has, in hexadecimal digits: a command does not take it for one of its options. */
export function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the refusal says that the name is taken, by a task that lives or by one that has ended. */
export function isTaken({ code }: Pick<Failure, "code">): boolean {
  return code === "TASK_ALREADY_EXISTS" || code === "TOMBSTONED_TASK";
}

/** How far clocks may differ. */
const SKEW_MS = 5 * 60_000;

/**
 * The task whose name was taken when its add was repeated, if it was the first try that took it; else the error.
 * A name that was chosen may have been taken long before. `begun`: when the first try began, ms since 1970.
 */
export async function takenBefore(
  { task, isNamedHere }: Outgoing,
  begun: number,
  failure: Failure,
  get: (name: string) => Promise<Task>,
): Promise<{ task: Task } | { error: TaskQueueError }> {
  const found = await get(task.name as string).catch((error: Partial<Failure>) => {
    if (error.code === "UNKNOWN_TASK") return undefined;
    throw error;
  });
  const isOurs = isNamedHere || (found && Date.parse(found.createdAt) >= begun - SKEW_MS);
  return found && isOurs ? { task: found } : { error: errorOf(failure) };
}
