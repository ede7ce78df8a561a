// A group's record: what it says, and how the one of a next group of the same name begins.
import type { GroupRecord } from "../../store/group/group-store.ts";

/** Whether no event of the group changes it any more: a failed one may yet be redriven. */
export function isOver({ state }: GroupRecord): boolean {
  return state === "done" || state === "cancelled";
}

/** Whether other objects have yet to act for it, which a new group of its name would make forgotten. */
export function hasPendingEffects({ state, then, cancelled }: GroupRecord): boolean {
  return cancelled === "requested" || (state === "done" && then !== undefined && !then.added);
}

/** The numbers a group begins with; `before` is the group that had its name. */
export function beginningAfter(
  before: GroupRecord | undefined,
): Pick<GroupRecord, "first" | "batches" | "formerQueues"> {
  if (!before) return { first: { index: 0, batch: 0 }, batches: 0, formerQueues: [] };
  const { first, total, batches, forgotten, queues, formerQueues } = before;
  // The number behind its batches was that of its `then`.
  return {
    first: { index: first.index + total, batch: batches + 1 },
    batches: batches + 1,
    formerQueues: forgotten ? [] : [...new Set([...queues, ...formerQueues])],
  };
}
