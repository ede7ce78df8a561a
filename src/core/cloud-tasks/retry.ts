// Retry parameters: Cloud Tasks counts attempts and uses -1 for no limit, queues count retries.
import { MAX_AGE_S, MAX_COUNT, MAX_DELAY_S } from "../limits.ts";
import type { RetryParameters } from "../task/backoff.ts";
import type { RetryConfig } from "./resources.ts";
import { invalidArgument } from "./status.ts";

/** Defaults of queues made through this API. */
export const DEFAULT_RETRY_CONFIG = {
  maxAttempts: 100,
  minBackoff: 0.1,
  maxBackoff: 3600,
  maxDoublings: 16,
};

const UNLIMITED = -1;

/** Fills in what was left out; where the caller cannot tell a zero from "not set", it is not set. */
export function completeRetryConfig(
  given: RetryConfig,
  zeroIsUnset: boolean,
  rest: RetryConfig = DEFAULT_RETRY_CONFIG,
): RetryConfig {
  const { unlimitedAttempts, ...config } = given;
  const complete = { ...rest, ...config };
  if (unlimitedAttempts) complete.maxAttempts = UNLIMITED;
  if (!complete.maxAttempts) complete.maxAttempts = DEFAULT_RETRY_CONFIG.maxAttempts;
  if (zeroIsUnset && complete.maxDoublings === 0) {
    complete.maxDoublings = rest.maxDoublings ?? DEFAULT_RETRY_CONFIG.maxDoublings;
  }
  return checked(raisedTogether(complete, given));
}

// One of the two that was set alone takes the other's default along, as in queue.yaml.
function raisedTogether(config: RetryConfig, { minBackoff, maxBackoff }: RetryConfig): RetryConfig {
  if (minBackoff !== undefined && maxBackoff === undefined) {
    return { ...config, maxBackoff: Math.max(minBackoff, config.maxBackoff ?? 0) };
  }
  if (minBackoff === undefined && maxBackoff !== undefined && maxBackoff >= 0) {
    return { ...config, minBackoff: Math.min(maxBackoff, config.minBackoff ?? 0) };
  }
  return config;
}

const MOST = [
  ["minBackoff", MAX_DELAY_S, "s"],
  ["maxBackoff", MAX_DELAY_S, "s"],
  ["maxRetryDuration", MAX_AGE_S, "s"],
  ["maxAttempts", MAX_COUNT, ""],
  ["maxDoublings", MAX_COUNT, ""],
] as const;

function checked(config: RetryConfig): RetryConfig {
  const { maxAttempts = 0, maxDoublings = 0, minBackoff = 0, maxBackoff = 0 } = config;
  if (maxAttempts < UNLIMITED) {
    throw invalidArgument("RetryConfig.maxAttempts must be greater or equal to -1.");
  }
  for (const name of ["maxDoublings", "minBackoff", "maxBackoff", "maxRetryDuration"] as const) {
    if ((config[name] ?? 0) < 0) throw invalidArgument(`RetryConfig.${name} cannot be negative.`);
  }
  for (const [name, most, unit] of MOST) {
    if ((config[name] ?? 0) <= most) continue;
    throw invalidArgument(`RetryConfig.${name} must be at most ${most}${unit}.`);
  }
  if (minBackoff > maxBackoff) {
    throw invalidArgument(
      "RetryConfig.minBackoff must be less than or equal to RetryConfig.maxBackoff.",
    );
  }
  return { ...config, maxDoublings };
}

/** A complete config as the queue's knobs. */
export function retryParametersOf(config: RetryConfig): RetryParameters {
  const { maxAttempts = UNLIMITED, maxRetryDuration = 0, ...rest } = config;
  const { minBackoff, maxBackoff, maxDoublings } = { ...DEFAULT_RETRY_CONFIG, ...rest };
  return {
    ...(maxAttempts !== UNLIMITED && { limit: maxAttempts - 1 }),
    ...(maxRetryDuration > 0 && { ageLimit: maxRetryDuration }),
    ...{ minBackoff, maxBackoff, maxDoublings },
  };
}

/** The queue's knobs as a config. */
export function retryConfigOf(retry: Partial<RetryParameters>): RetryConfig {
  const { limit, ageLimit, minBackoff, maxBackoff, maxDoublings } = retry;
  return {
    maxAttempts: limit === undefined ? UNLIMITED : limit + 1,
    ...(ageLimit !== undefined && { maxRetryDuration: ageLimit }),
    ...(minBackoff !== undefined && { minBackoff }),
    ...(maxBackoff !== undefined && { maxBackoff }),
    ...(maxDoublings !== undefined && { maxDoublings }),
  };
}
