// A share of a queue's capacity: what one shard may start. The queue's token bucket is cut into parts, none of it is
// there twice: a part has its fraction of the rate and of the capacity, and tokens of its own.
//
// Why the queue as a whole keeps to its bucket, whatever is split, merged or lost: parts add up to one, so all parts
// together gain at most rate * t tokens in t seconds, and a level never passes its part's capacity, so at any moment
// all tokens there are, those on their way counted, are at most the capacity. A token goes by a start or is lost.
// So the starts in any t seconds are at most what was there at their beginning and what came: capacity + rate * t.
// A part that is on its way between two objects gains nothing, since the one that sends it has stopped filling it
// before the other begins.
import {
  type Bucket,
  type BucketShape,
  fullBucket,
  refilled,
  wholeTokens,
} from "../dispatch/bucket.ts";
import { BUSY_LATE_MS } from "../dispatch/carried.ts";

/** What a whole queue may start; while it is paused its bucket has rate 0. */
export interface Total {
  /** Absent without a rate limit. */
  bucket: BucketShape | undefined;
  /** Attempts that may run at once. */
  slots: number;
  shards: number;
}

/** How much of the bucket (0 to 1), and how many of the slots. */
export interface Holding {
  part: number;
  slots: number;
}

export interface Share extends Holding {
  /** The tokens in its part of the bucket. */
  level: Bucket;
}

export const NOTHING: Holding = Object.freeze({ part: 0, slots: 0 });

/** Parts that differ by less are the same: what comes of adding fractions. */
export const NEGLIGIBLE = 1e-9;

/** The bucket that a part is. */
export function partOf({ bucket }: Total, part: number): BucketShape {
  if (!bucket || part < NEGLIGIBLE) return { capacity: 0, rate: 0 };
  // A third of three tokens is one, not a hair less.
  const capacity = Math.round(bucket.capacity * part * 1e9) / 1e9;
  return { capacity, rate: bucket.rate * part };
}

export function emptyShare(now: number): Share {
  return { ...NOTHING, level: { tokens: 0, at: now } };
}

export function wholeShare({ bucket, slots }: Total, now: number): Share {
  const level = bucket ? fullBucket(bucket, now) : { tokens: 0, at: now };
  return { part: bucket ? 1 : 0, slots, level };
}

/** The share at `now`, its part filled. */
export function filled(share: Share, total: Total, now: number): Share {
  return { ...share, level: refilled(share.level, partOf(total, share.part), now) };
}

/** What is kept of a share, and what is given away. Tokens stay with what is kept as far as they fit, up to `tokens`. */
export function split(
  share: Share,
  total: Total,
  kept: Holding,
  tokens = Number.POSITIVE_INFINITY,
): [kept: Share, given: Share] {
  const [part, slots] = [Math.min(kept.part, share.part), Math.min(kept.slots, share.slots)];
  const { at, tokens: all } = share.level;
  const stay = Math.max(0, Math.min(all, tokens, partOf(total, part).capacity));
  const goes = Math.max(0, Math.min(all - stay, partOf(total, share.part - part).capacity));
  return [
    { part, slots, level: { tokens: stay, at } },
    { part: share.part - part, slots: share.slots - slots, level: { tokens: goes, at } },
  ];
}

/** Both in one; tokens that do not fit are lost. */
export function merged(share: Share, other: Share, total: Total): Share {
  const part = share.part + other.part;
  const tokens = Math.min(share.level.tokens + other.level.tokens, partOf(total, part).capacity);
  return { part, slots: share.slots + other.slots, level: { tokens, at: share.level.at } };
}

/**
 * The smallest part that is of use: it holds a whole token and what comes in while an alarm is late, and gains a
 * token a second, if the whole bucket does. So many shards can have one at a time; others wait for their turn.
 */
export function smallestPart({ capacity, rate }: BucketShape): number {
  const holds = isSlow(rate) ? capacity : capacity - (rate * BUSY_LATE_MS) / 1000;
  const parts = isSlow(rate) ? Math.floor(holds) : Math.min(Math.floor(holds), Math.floor(rate));
  return 1 / Math.max(1, parts);
}

/**
 * Below a token a second tokens are waited for where they are on disk, so that no eviction forfeits the way to the
 * next one: a shard is given whole tokens and returns what is left at once.
 */
export function isSlow(rate: number): boolean {
  return rate < 1;
}

/** Whether a share has nothing to wait for: a slow part without a whole token. */
export function isSpent({ part, level }: Share, total: Total): boolean {
  return part > 0 && wholeTokens(level) < 1 && isSlow(partOf(total, part).rate + NEGLIGIBLE);
}
