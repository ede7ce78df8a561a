// The transition after an attempt: complete, retry or fail.
import { MAX_DELAY_S } from "../limits.ts";
import { completeRetry, nextAttemptAt, type RetryParameters } from "./backoff.ts";
import { ATTEMPTS_KEPT, type Attempt, isSuccess, type Outcome, type Progress } from "./task.ts";

/** The step a finished attempt leads to; `due` in ms since 1970. */
export type Transition =
  | { step: "complete"; progress: Progress }
  | { step: "retry"; due: number; progress: Progress }
  | { step: "fail"; progress: Progress };

/** Times in ms since 1970. */
export interface AttemptTimes {
  dueAt?: number;
  startedAt: number;
  endedAt: number;
  /** How many tasks shared its call. */
  batch?: number;
}

// Platform errors (an object reset by a deploy, or overloaded) pass in about a second.
const POSTPONE_MS = 1000;
export const ERROR_LENGTH = 500;

/**
 * `own` are the task's retry options, which replace the queue's as a whole: absent ones are
 * the system's default, not the queue's.
 */
export function decide(
  progress: Progress,
  times: AttemptTimes,
  outcome: Outcome,
  own: Partial<RetryParameters> | undefined,
  queue: RetryParameters,
): Transition {
  if (outcome.kind === "postponed") {
    const next = outcome.isShared ? alone(progress, outcome) : progress;
    return { step: "retry", due: times.endedAt + POSTPONE_MS, progress: next };
  }
  if (isSuccess(outcome)) return { step: "complete", progress: recorded(progress, times, outcome) };
  const firstStartedAt = progress.firstStartedAt ?? times.startedAt;
  const failed = { retries: progress.retryCount, firstStartedAt, endedAt: times.endedAt };
  const due = isFinal(outcome)
    ? undefined
    : nextAttemptAt(failed, own ? completeRetry(own) : queue);
  const answered = answeredOnce(recorded(progress, times, outcome), outcome);
  if (due === undefined) return { step: "fail", progress: answered };
  const requested = requestedRetryAt(outcome, times.endedAt);
  const next = alone({ ...answered, retryCount: progress.retryCount + 1 }, outcome);
  return { step: "retry", due: requested ?? due, progress: next };
}

/** Whether its next call is its own. */
function alone(progress: Progress, { isShared }: Outcome): Progress {
  if (isShared) return { ...progress, isAlone: isShared };
  if (!progress.isAlone) return progress;
  const { isAlone: _, ...rest } = progress;
  return rest;
}

function isFinal(outcome: Outcome): boolean {
  return outcome.kind === "answered" && outcome.isFinal === true;
}

/** The time (ms since 1970) of the handler's Retry-After, which replaces the back-off. */
function requestedRetryAt(outcome: Outcome, now: number): number | undefined {
  if (outcome.kind !== "answered" || outcome.retryAfter === undefined) return undefined;
  const ms = retryAfterMs(outcome.retryAfter, now);
  return ms === undefined ? undefined : now + ms;
}

function recorded(progress: Progress, times: AttemptTimes, outcome: Outcome): Progress {
  const attempt: Attempt = { ...times };
  if (outcome.kind === "answered") attempt.status = outcome.status;
  if (outcome.error) attempt.error = outcome.error.slice(0, ERROR_LENGTH);
  return {
    ...progress,
    firstStartedAt: progress.firstStartedAt ?? times.startedAt,
    attempts: [...progress.attempts, attempt].slice(-ATTEMPTS_KEPT),
  };
}

// An attempt without a response is not an execution, and the previous response stays.
function answeredOnce(progress: Progress, outcome: Outcome): Progress {
  if (outcome.kind !== "answered") return { ...progress, retryReason: outcome.error };
  const isServerError = outcome.status >= 500 && outcome.status <= 599;
  return {
    ...progress,
    executionCount: progress.executionCount + 1,
    ...(isServerError && { serverErrorCount: (progress.serverErrorCount ?? 0) + 1 }),
    previousResponse: outcome.status,
    retryReason: `handler answered ${outcome.status}`,
  };
}

/** Whether an answer with this status may carry a Retry-After header (RFC 9110, 10.2.3). */
export function mayAskForLater(status: number): boolean {
  return status === 503 || status === 429;
}

/**
 * Milliseconds from `now` (ms since 1970): whole seconds or an HTTP date, 30 days at most, as no task is put off
 * longer. Undefined for anything else, which is as if it were not there.
 */
export function retryAfterMs(text: string, now: number): number | undefined {
  const value = text.trim();
  if (/^\d+$/.test(value)) return Math.min(Number(value), MAX_DELAY_S) * 1000;
  const at = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), MAX_DELAY_S * 1000);
}

// The form to be sent today and the two that are to be read, or nothing: Date.parse reads all sorts of words.
const HTTP_DATE =
  /^(\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT|\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;
