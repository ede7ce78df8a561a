// Whether a bucket can carry its rate. Between two alarms it has to hold what comes in: a token at the least,
// what a tick of the clock brings, and what comes in while the alarm is late. What it cannot hold is lost.
import type { BucketShape } from "./bucket.ts";

/** What an alarm may be late on a machine that is busy, in ms. */
export const BUSY_LATE_MS = 5;

/** A bucket that carries less than this share of its rate is too small for it. */
export const CARRIED = 0.95;

const TICK_MS = 1;

/**
 * The share of its rate, up to 1, that the bucket carries where every alarm comes BUSY_LATE_MS late; `shards` that
 * are all busy have an equal part of bucket and rate each.
 */
export function carriedShare({ capacity, rate }: BucketShape, shards = 1): number {
  if (rate === 0 || !Number.isFinite(rate)) return 1;
  return Math.min(1, capacity / (shards * betweenAlarms(rate / shards)));
}

/** The smallest bucket that carries all of the rate, in whole tokens. */
export function carryingCapacity(rate: number, shards = 1): number {
  return Math.ceil(shards * betweenAlarms(rate / shards));
}

function betweenAlarms(rate: number): number {
  const token = Math.max(1, (rate * TICK_MS) / 1000);
  return token + (rate * BUSY_LATE_MS) / 1000;
}
