// How many attempts share a call to the runner, by how the calls before went. A call of its own for each costs more
// than a short handler does; attempts that take long gain nothing by sharing, and would share the platform's limits
// of an invocation.

/** `most` attempts may share one; after one that broke each has its own until `aloneUntil` (ms since 1970). */
export interface CallSize {
  readonly attempts: number;
  readonly most: number;
  readonly aloneUntil: number;
}

/** How a call of so many attempts went: whether they waited for nothing, and how long it took (ms). */
export interface CallMade {
  attempts: number;
  isAtOnce: boolean;
  ms: number;
}

/** An attempt that takes longer has waited for something, however much starts beside it. */
const SHORT_MS = 50;
/** One that waits for nothing and takes longer needs the CPU time of an invocation for itself. */
const SHORT_AT_ONCE_MS = 1000;
/** An invocation has six open connections: so many attempts that wait for something leave each one of them. */
const WAITING_TOGETHER = 4;
const ALONE_AFTER_BREAK_MS = 60_000;

export function firstCallSize(most: number): CallSize {
  return { attempts: 1, most, aloneUntil: 0 };
}

export function attemptsPerCall({ attempts, aloneUntil }: CallSize, now: number): number {
  return now < aloneUntil ? 1 : attempts;
}

/** Twice as many after short ones, each by itself after one that took long. */
export function afterCall(size: CallSize, call: CallMade): CallSize {
  const attempts = nextAttempts(size, call);
  return attempts === size.attempts ? size : { ...size, attempts };
}

function nextAttempts(size: CallSize, { attempts, isAtOnce, ms }: CallMade): number {
  if (ms >= (isAtOnce ? SHORT_AT_ONCE_MS : SHORT_MS)) return 1;
  // What one that is alone waits for is not known.
  if (attempts === 1) return Math.max(size.attempts, Math.min(2, size.most));
  const bound = isAtOnce ? size.most : Math.min(size.most, WAITING_TOGETHER);
  return Math.min(bound, size.attempts * 2);
}

/** A call ended without the outcomes of all its attempts: which of them it was because of shows when each runs alone. */
export function afterBreak(size: CallSize, now: number): CallSize {
  return { ...size, attempts: 1, aloneUntil: now + ALONE_AFTER_BREAK_MS };
}
