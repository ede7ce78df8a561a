// Counts of what becomes of groups on a queue: of subtasks, and of groups that had tasks on it.

/**
 * `added`: subtasks that came, failed ones that were redriven too; those that are on the queue are these less those
 * that ended, `done`, `failed` or `deleted`.
 */
export type GroupStep =
  | "added"
  | "done"
  | "failed"
  | "deleted"
  | "groupsDone"
  | "groupsFailed"
  | "groupsCancelled";

/** What is missing is 0. */
export type GroupCounts = Partial<Record<GroupStep, number>>;

export function sumOfGroupCounts(all: readonly (GroupCounts | undefined)[]): GroupCounts {
  const sum: GroupCounts = {};
  for (const counts of all) {
    for (const step of Object.keys(counts ?? {}) as GroupStep[]) {
      sum[step] = (sum[step] ?? 0) + (counts?.[step] ?? 0);
    }
  }
  return sum;
}
