// One key of a queue's tasks as the API and the TypeScript client return it, and why no task of it starts now.
import {
  bucketOf,
  type KeyLimits,
  type KeyLimitsView,
  keyLimitsView,
} from "../config/keys-config.ts";
import type { KeyLimitsEntry } from "../config/keys-schema.ts";
import {
  type Bucket,
  type BucketShape,
  fullBucket,
  readyAt,
  wholeTokens,
} from "../dispatch/bucket.ts";
import { rfc3339 } from "../task/task-view.ts";

/** Tasks of a key that are counted one by one. */
export const MOST_COUNTED = 1000;

/** What an object knows of a key; times in ms since 1970. */
export interface KeyState {
  limits: KeyLimits;
  /** Attempts without an answer yet, and leases that hold. */
  running: number;
  /** Whether its tasks are leased. */
  isPull?: boolean;
  /** Its tokens, and how they come; absent where it has no rate. */
  bucket: { level: Bucket; shape: BucketShape } | undefined;
  /** A handler asked for no tasks of it until then. */
  heldUntil?: number;
  /** Of a key that runs one at a time: a task of it has begun and is tried again then. */
  retryAt?: number;
}

/** How many of a key's tasks wait. */
export interface KeyCounts {
  /** Due, up to MOST_COUNTED + 1. */
  due: number;
  /** For later, likewise. */
  scheduled: number;
}

/** A key that nothing is known of: nothing runs, and its bucket is full. */
export function keyAtRest(limits: KeyLimits, now: number): KeyState {
  const shape = bucketOf(limits);
  return { limits, running: 0, bucket: shape && { level: fullBucket(shape, now), shape } };
}

export interface KeyView {
  key: string;
  /** Tasks that are due and wait; 1,001 when there are more than 1,000. */
  waiting: number;
  /** Tasks for later, likewise. */
  scheduled: number;
  running: number;
  /** In its bucket now; null where it has no rate. */
  tokens: number | null;
  limits: KeyLimitsView;
  /** What was set while running, in place of the queue's own limits. */
  set?: KeyLimitsEntry;
  /** When its next task may start, where that is known. */
  blockedUntil?: string;
  /** Why no task of it starts now, where one waits. */
  why?: string;
}

/** Which keys: by name, `limit` at most (1 to 1,000, default 100), after `cursor`. */
export interface KeyQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface KeyPage {
  keys: KeyView[];
  /** Absent on the last page. */
  cursor?: string | undefined;
}

export function keyView(
  key: string,
  state: KeyState,
  counts: KeyCounts,
  set: KeyLimitsEntry | undefined,
): KeyView {
  const { running, limits, bucket } = state;
  // What runs is due too.
  const isCounted = counts.due <= MOST_COUNTED;
  const waiting = isCounted ? Math.max(0, counts.due - running) : counts.due;
  return {
    ...{ key, waiting, scheduled: counts.scheduled, running },
    tokens: bucket ? wholeTokens(bucket.level) : null,
    limits: keyLimitsView(limits),
    ...(set && { set }),
    ...(waiting > 0 && blocked(state)),
  };
}

/** What keeps a key's tasks from starting, the first of it. */
export function blocked(state: KeyState): Pick<KeyView, "blockedUntil" | "why"> {
  const { running, isPull, limits, bucket, heldUntil, retryAt } = state;
  const { rate, rateText, maxConcurrentRequests: slots } = limits;
  if (running >= slots) {
    const taken = isPull ? "leased" : "running";
    return { why: `${running} of ${slots} ${taken} (max_concurrent_requests of its key)` };
  }
  if (retryAt !== undefined) {
    return until(retryAt, "the task of its key that has begun waits for its retry");
  }
  if (heldUntil !== undefined) return until(heldUntil, "a handler asked for no more of its key");
  if (rate === 0) return { why: "the rate of its key is 0" };
  if (!bucket || wholeTokens(bucket.level) > 0) return {};
  const at = readyAt(bucket.level, bucket.shape, 1);
  return at === undefined ? {} : until(at, `its key is out of tokens (${rateText})`);
}

function until(ms: number, why: string): Pick<KeyView, "blockedUntil" | "why"> {
  const blockedUntil = rfc3339(ms);
  return { blockedUntil, why: `${why}, until ${blockedUntil}` };
}
