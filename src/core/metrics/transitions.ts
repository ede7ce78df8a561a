// What happens to tasks, counted: a queue's tasks are those added less those done, failed and deleted.

export const STEPS = ["added", "started", "done", "retried", "failed", "deleted"] as const;

/**
 * `started`: an attempt began, or a lease. `done`: an attempt succeeded, or a lease was acknowledged.
 * `retried`: one failed, or a lease ran out, and the task was to be tried again. `failed`: it was given up.
 */
export type Step = (typeof STEPS)[number];

export type StepCounts = Record<Step, number>;

export function noSteps(): StepCounts {
  return { added: 0, started: 0, done: 0, retried: 0, failed: 0, deleted: 0 };
}

/** How many more tasks one such step leaves on the queue. */
export const GAIN: Readonly<StepCounts> = {
  ...{ added: 1, started: 0, done: -1, retried: 0, failed: -1, deleted: -1 },
};

/** How many more all of them leave. */
export function gainOf(counts: StepCounts): number {
  return STEPS.reduce((sum, step) => sum + counts[step] * GAIN[step], 0);
}
