// Why a name is not free, for who wants it for a new task.
import type { Failure } from "../../core/errors.ts";
import { endedState } from "../../core/task/expiry.ts";
import type { TaskState } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { Found } from "../../store/queue/found.ts";
import type { NameRow } from "../../store/queue/names.ts";

export function collision(name: string, found: Found): Failure {
  if (found.kind === "live") {
    const message = `name: "${name}" belongs to a task that is still on the queue`;
    return { code: "TASK_ALREADY_EXISTS", message, details: { name } };
  }
  const { record, expires } = found.row;
  const state = stateOfRow(found.row);
  const endedAt = record && rfc3339(record.endedAt);
  const until = rfc3339(expires as number);
  const message = `name: the task "${name}" ${ENDED[state]} at ${endedAt}; the name is free again at ${until}`;
  return { code: "TOMBSTONED_TASK", message, details: { name, state, endedAt, expiresAt: until } };
}

/** What a task came to that has ended. */
const ENDED: Partial<Record<TaskState, string>> = {
  ...{ done: "ran", deleted: "was deleted", failed: "failed" },
  expired: "expired before it was started",
};

/** What the row of a name remembers of its task. */
export function stateOfRow({ state, record }: NameRow): TaskState {
  return record ? endedState(state as TaskState, record.progress) : (state as TaskState);
}

/** The same as a sentence. */
export function endOf(row: NameRow): string {
  return `it ${ENDED[stateOfRow(row)]}`;
}
