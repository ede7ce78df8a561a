// Counts of task transitions. A queue's tasks are those added less those done, failed, deleted and expired.

export const TRANSITION_KINDS = [
  "added",
  "started",
  "done",
  "retried",
  "failed",
  "deleted",
  "expired",
] as const;

/**
 * `started`: an attempt began, or a lease. `done`: an attempt succeeded, or a lease was acknowledged.
 * `retried`: one failed, or a lease ran out, and the task was to be tried again. `failed`: no retry was left. `deleted`: also what was replaced by another. `expired`: it
 * was not started in time.
 */
export type TransitionKind = (typeof TRANSITION_KINDS)[number];

export type TransitionCounts = Record<TransitionKind, number>;

export function noTransitions(): TransitionCounts {
  return { added: 0, started: 0, done: 0, retried: 0, failed: 0, deleted: 0, expired: 0 };
}

/** How many more tasks one such step leaves on the queue. */
export const GAIN: Readonly<TransitionCounts> = {
  ...{ added: 1, started: 0, done: -1, retried: 0, failed: -1, deleted: -1, expired: -1 },
};

/** How many more all of them leave. */
export function gainOf(counts: TransitionCounts): number {
  return TRANSITION_KINDS.reduce((sum, step) => sum + counts[step] * GAIN[step], 0);
}
