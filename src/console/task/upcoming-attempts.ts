// The attempts a task has before it, should every one fail at once, by the rules the queue goes by.
import { nextAttemptAt, type RetryParameters } from "../../core/task/backoff.ts";
import type { Task } from "../../core/task/task.ts";

export interface UpcomingAttempt {
  /** 1 is the first attempt of all. */
  number: number;
  /** ms since 1970 */
  at: number;
}

export interface Upcoming {
  attempts: UpcomingAttempt[];
  /** Whether the last of them is the last of all. */
  isAll: boolean;
}

const MAX = 8;

/** `now` in ms since 1970. Of a running task, those that follow if it fails now. */
export function upcomingAttempts(task: Task, retry: RetryParameters, now: number): Upcoming {
  const { retryCount, attempts: past = [] } = task;
  const first = firstAt(task, retry, now);
  const upcoming: UpcomingAttempt[] = [];
  let retries = task.state === "running" ? retryCount + 1 : retryCount;
  let at = first;
  while (at !== undefined && upcoming.length < MAX) {
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
