// What the row of a task says of its line: the tasks of one key, or of none with a priority of their own.
import { DEFAULT_PRIORITY, type TaskSpec } from "../../core/task/task.ts";
import { isExpedited, isParked } from "./row-key.ts";

/** The line of a task; "" without a key, undefined of one that is in none. */
export function lineOf({ key, priority }: TaskSpec): string | undefined {
  return key ?? (priority === undefined ? undefined : "");
}

/** What the columns of a task in a line hold while its row is at `key`: in front and aside there are no lines. */
export function lineColumns(
  spec: TaskSpec,
  key: number,
  priority = spec.priority ?? DEFAULT_PRIORITY,
): [line: string | null, priority: number | null] {
  const isAside = isExpedited(key) || isParked(key);
  return isAside ? [null, null] : [lineOf(spec) ?? null, priority];
}
