// Whether a bucket can carry its rate. Between two alarms it has to hold what comes in: a token at the least,
// what a tick of the clock brings, and what comes in while the alarm is late. What it cannot hold is lost.
import type { BucketShape } from "./bucket.ts";

/** What an alarm may be late on a machine that is busy, in ms. */
export const BUSY_LATE_MS = 5;

/** A bucket that carries less than this share of its rate is too small for it. */
export const CARRIED = 0.95;

const TICK_MS = 1;

/** The share of its rate, up to 1, that the bucket carries where every alarm comes BUSY_LATE_MS late. */
export function carriedShare({ capacity, rate }: BucketShape): number {
  return rate > 0 && Number.isFinite(rate) ? Math.min(1, capacity / betweenAlarms(rate)) : 1;
}

/** The smallest bucket that carries all of the rate, in whole tokens. */
export function carryingCapacity(rate: number): number {
  return Math.ceil(betweenAlarms(rate));
}

function betweenAlarms(rate: number): number {
  const token = Math.max(1, (rate * TICK_MS) / 1000);
  return token + (rate * BUSY_LATE_MS) / 1000;
}
