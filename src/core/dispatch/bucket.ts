// The token bucket, as an immutable value. One token starts one attempt. Tokens return continuously at `rate`
// up to `capacity`, so in any t seconds at most capacity + rate * t attempts start.

/** How much the bucket holds and how fast it fills: tokens, and tokens per second (0 never fills). */
export interface BucketShape {
  capacity: number;
  rate: number;
}

/** `tokens` at the instant `at` (ms since 1970). Fractions are kept; only whole tokens can be taken. */
export interface Bucket {
  tokens: number;
  at: number;
}

// A whole token may come out of the division as 0.9999999999: closer than this, it counts as whole.
const ROUNDING = 1e-9;

export function fullBucket({ capacity }: BucketShape, now: number): Bucket {
  return { tokens: capacity, at: now };
}

/** The bucket at `now`. A clock that steps back adds nothing and takes nothing. */
export function refilled(bucket: Bucket, { capacity, rate }: BucketShape, now: number): Bucket {
  const seconds = Math.max(0, now - bucket.at) / 1000;
  return {
    tokens: Math.min(capacity, bucket.tokens + seconds * rate),
    at: Math.max(now, bucket.at),
  };
}

export function wholeTokens(bucket: Bucket): number {
  return Math.max(0, Math.floor(bucket.tokens + ROUNDING));
}

/** The bucket after `n` tokens are gone; below zero means spoken for ahead of time. */
export function taken(bucket: Bucket, n: number): Bucket {
  return { tokens: bucket.tokens - n, at: bucket.at };
}

/**
 * The first millisecond at which `n` tokens are there (rounded up, never a hair early), or undefined
 * when that never comes: the bucket does not fill, or cannot hold so many.
 */
export function readyAt(
  bucket: Bucket,
  { capacity, rate }: BucketShape,
  n: number,
): number | undefined {
  const missing = n - bucket.tokens;
  if (missing <= ROUNDING) return bucket.at;
  if (rate === 0 || n > capacity) return undefined;
  // Half the tolerance, so that what is ready by this is whole by wholeTokens.
  return bucket.at + Math.ceil(((missing - ROUNDING / 2) / rate) * 1000);
}
