// App Engine's retry schedule as a pure function. Sources: the service's RPC definition and its reference
// emulator, which agree on the curve below; older documents show a slower one (2^(d-1) as the linear step).

/** A queue's or a task's retry knobs. Times in seconds; an absent limit is no limit. */
export interface RetryParameters {
  /** Retries after the first attempt, so `limit + 1` attempts. */
  limit?: number;
  /** Seconds since the first attempt's start. */
  ageLimit?: number;
  minBackoff: number;
  maxBackoff: number;
  maxDoublings: number;
}

export const DEFAULT_RETRY: RetryParameters = {
  minBackoff: 0.1,
  maxBackoff: 3600,
  maxDoublings: 16,
};

/** Some of the parameters; undefined is as good as absent. */
export type RetryKnobs = { [Knob in keyof RetryParameters]?: RetryParameters[Knob] | undefined };

/**
 * Fills in the defaults. A lone minimum above the default maximum raises the maximum, and a lone
 * maximum below the default minimum lowers the minimum, as App Engine does.
 */
export function completeRetry(given: RetryKnobs): RetryParameters {
  const min = given.minBackoff ?? Math.min(DEFAULT_RETRY.minBackoff, given.maxBackoff ?? Infinity);
  const max = given.maxBackoff ?? Math.max(DEFAULT_RETRY.maxBackoff, min);
  const complete: RetryParameters = {
    minBackoff: min,
    maxBackoff: max,
    maxDoublings: given.maxDoublings ?? DEFAULT_RETRY.maxDoublings,
  };
  if (given.limit !== undefined) complete.limit = given.limit;
  if (given.ageLimit !== undefined) complete.ageLimit = given.ageLimit;
  return complete;
}

/**
 * Seconds between the end of a failed attempt and the next one. `retry` is the number of the retry
 * about to be scheduled, 1 after the first failure: the minimum doubles `maxDoublings` times, then
 * grows by equal steps of `min * 2^maxDoublings`, and stays at the maximum once it is there.
 */
export function backoffSeconds(
  retry: number,
  { minBackoff, maxBackoff, maxDoublings }: RetryParameters,
): number {
  const doublings = Math.min(retry - 1, maxDoublings);
  const steps = Math.max(1, retry - maxDoublings);
  return minBackoff === 0 ? 0 : Math.min(maxBackoff, minBackoff * 2 ** doublings * steps);
}

/** What is known of a task when an attempt of it has failed. Times in milliseconds since 1970. */
export interface FailedAttempt {
  /** Retries already made; 0 when the first attempt failed. */
  retries: number;
  firstStartedAt: number;
  endedAt: number;
}

/** When to try again (ms since 1970), or undefined when no retry is left. */
export function nextAttemptAt(attempt: FailedAttempt, retry: RetryParameters): number | undefined {
  if (isExhausted(attempt, retry)) return undefined;
  return attempt.endedAt + Math.round(backoffSeconds(attempt.retries + 1, retry) * 1000);
}

// With both limits set, both must be passed. Age exactly at the limit still retries, and the retry
// itself may then start later than the limit: the test comes before the back-off is added.
function isExhausted(
  { retries, firstStartedAt, endedAt }: FailedAttempt,
  retry: RetryParameters,
): boolean {
  const { limit, ageLimit } = retry;
  if (limit === undefined && ageLimit === undefined) return false;
  const overLimit = limit === undefined || retries + 1 > limit;
  const overAge = ageLimit === undefined || endedAt - firstStartedAt > ageLimit * 1000;
  return overLimit && overAge;
}
