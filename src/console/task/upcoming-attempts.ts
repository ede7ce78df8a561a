// A task's upcoming attempts if each fails immediately, by the queue's own back-off rules.
import { nextAttemptAt, type RetryParameters } from "../../core/task/backoff.ts";
import type { Task } from "../../core/task/task.ts";

export interface UpcomingAttempt {
  /** 1 is the task's first attempt. */
  number: number;
  /** ms since 1970 */
  at: number;
}

export interface UpcomingAttempts {
  attempts: UpcomingAttempt[];
  /** Whether the list is complete; false if it was cut off. */
  isAll: boolean;
}

const MAX_ATTEMPTS = 8;

/** `now` in ms since 1970. For a running task: the attempts that follow if it fails now. */
export function upcomingAttempts(
  task: Task,
  retry: RetryParameters,
  now: number,
): UpcomingAttempts {
  const { retryCount, attempts: past = [] } = task;
  const first = firstAt(task, retry, now);
  const upcoming: UpcomingAttempt[] = [];
  let retries = task.state === "running" ? retryCount + 1 : retryCount;
  let at = first;
  while (at !== undefined && upcoming.length < MAX_ATTEMPTS) {
    upcoming.push({ number: retries + 1, at });
    const firstStartedAt = startOf(past) ?? first ?? at;
    at = nextAttemptAt({ retries, firstStartedAt, endedAt: at }, retry);
    retries++;
  }
  return { attempts: upcoming, isAll: at === undefined };
}

function firstAt(task: Task, retry: RetryParameters, now: number): number | undefined {
  const { state, nextAttemptAt: next, retryCount: retries, attempts = [] } = task;
  if (state === "running") {
    const firstStartedAt = startOf(attempts) ?? now;
    return nextAttemptAt({ retries, firstStartedAt, endedAt: now }, retry);
  }
  return next === undefined ? undefined : Math.max(now, Date.parse(next));
}

function startOf([first]: NonNullable<Task["attempts"]>): number | undefined {
  return first && Date.parse(first.startedAt);
}
