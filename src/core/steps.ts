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

/** How many more tasks these steps leave on the queue. */
export function gainOf({ added, done, failed, deleted }: StepCounts): number {
  return added - done - failed - deleted;
}
