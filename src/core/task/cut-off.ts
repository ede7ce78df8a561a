// Attempts whose end nobody saw, for the server ended first. Where it costs something to lose count of them (an
// attempt that runs long, and all of them just after a crash) the start is in the task's row, and an attempt
// that began and did not end was cut off. docs/decisions/030-attempts-cut-off-by-a-crash.md has the reasons.
import type { Outcome, Progress } from "./task.ts";

/** How an attempt ended that was cut off, when it counts. */
export const CUT_OFF: Outcome = {
  kind: "unanswered",
  error: "cut off: the server ended during the attempt",
};

/** So many short attempts in a row must be cut off for the last to count: the first may have been a bystander. */
const COUNTED_FROM = 2;

/** Its progress while an attempt is under way that began at `at` (ms); `isLong`: it counts if it is cut off. */
export function begun(progress: Progress, at: number, isLong = false): Progress {
  return { ...progress, begun: isLong ? { at, isLong } : { at } };
}

/** Its progress when nothing is under way, nor was cut off. */
export function unbegun(progress: Progress): Progress {
  if (progress.begun === undefined && progress.cutOffs === undefined) return progress;
  const { begun: _, cutOffs: __, ...rest } = progress;
  return rest;
}

/** When the attempt began that was cut off (ms), if its last was: for a task that no attempt is under way for. */
export function cutOffSince({ begun, attempts }: Progress): number | undefined {
  const last = attempts.at(-1)?.startedAt ?? 0;
  return begun && begun.at > last ? begun.at : undefined;
}

/** Whether its last short attempt was cut off: it runs beside no other such task, and its start is written. */
export function isSuspect({ cutOffs = 0 }: Progress): boolean {
  return cutOffs > 0;
}

/** What a task's row says after an attempt of it was cut off, and whether that counts as one that failed. */
export function afterCutOff(progress: Progress): { isCounted: boolean; progress: Progress } {
  const rest = unbegun(progress);
  // Many long attempts may be cut off together by a deploy: they are no suspects.
  if (progress.begun?.isLong) return { isCounted: true, progress: rest };
  const cutOffs = (progress.cutOffs ?? 0) + 1;
  return { isCounted: cutOffs >= COUNTED_FROM, progress: { ...rest, cutOffs } };
}
