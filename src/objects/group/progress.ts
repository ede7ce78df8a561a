// A group as its callers see it.
import type { GroupProgress } from "../../core/task/group.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { GroupRecord } from "../../store/group/group-store.ts";
import type { SubtaskState } from "../../store/queue/group-outbox.ts";

/** How many subtasks are in each state, of those that any event has come of. */
export type GroupCounts = Record<SubtaskState, number>;

/** How long a group is remembered after its end. */
export const GROUP_KEPT_MS = 7 * 24 * 3600 * 1000;

/** `running`: on each of its queues, with their handlers. */
export function progressView(
  record: GroupRecord,
  counts: GroupCounts,
  running: number[],
): GroupProgress {
  const { name, state, open, total, onFailure, master, then, queues, createdAt, endedAt } = record;
  const { done, failed, deleted } = counts;
  return {
    ...{ name, state, open, total, done, failed, deleted },
    running: running.reduce((sum, n) => sum + n, 0),
    onFailure,
    ...(master ? { master } : {}),
    ...(then ? { then: thenView(then) } : {}),
    queues,
    createdAt: rfc3339(createdAt),
    ...(endedAt === undefined
      ? {}
      : { endedAt: rfc3339(endedAt), expiresAt: rfc3339(endedAt + GROUP_KEPT_MS) }),
  };
}

function thenView({ queue, task, added, error }: NonNullable<GroupRecord["then"]>) {
  if (error !== undefined) return { queue, error };
  return added ? { queue, name: (task as { name: string }).name } : { queue };
}
