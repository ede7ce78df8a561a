// What the record of a group says of it, and how the one of a next group of its name begins.
import type { GroupRecord } from "../../store/meta.ts";

/** A record as it was stored, perhaps by a version that numbered every group from 0. */
export function completed(stored: GroupRecord | undefined): GroupRecord | undefined {
  return stored && { ...beginningAfter(undefined), ...stored };
}

/** Whether nothing that is heard of the group changes it any more: a failed one may yet be redriven. */
export function isOver({ state }: GroupRecord): boolean {
  return state === "done" || state === "cancelled";
}

/** Whether others have yet to do for it what a new group of its name would make forgotten. */
export function isOwing({ state, then, cancelled }: GroupRecord): boolean {
  return cancelled === "asked" || (state === "done" && then !== undefined && !then.added);
}

/** The numbers a group begins with; `before` is the one that had its name. */
export function beginningAfter(
  before: GroupRecord | undefined,
): Pick<GroupRecord, "first" | "parts" | "formerQueues"> {
  if (!before) return { first: { index: 0, part: 0 }, parts: 0, formerQueues: [] };
  const { first, total, parts, left, queues, formerQueues } = before;
  // The number behind its parts was that of its `then`.
  return {
    first: { index: first.index + total, part: parts + 1 },
    parts: parts + 1,
    formerQueues: left ? [] : [...new Set([...queues, ...formerQueues])],
  };
}
