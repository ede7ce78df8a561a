// The two questions of a dispatch alarm: how many attempts may start now, and when to wake next. Pure: no
// clock, no storage, no requests.
import { type Bucket, type BucketShape, readyAt, wholeTokens } from "./bucket.ts";

/** What may start at one instant: tokens and slots. */
export interface Capacity {
  /** Paused by hand, by rate 0 or because the queue is no longer in queue.yaml. */
  paused: boolean;
  /** Refilled to this instant; absent when the queue has no rate limit. */
  bucket: { level: Bucket; shape: BucketShape } | undefined;
  /** Attempts in flight, and how many there may be. */
  running: number;
  maxRunning: number;
}

/** Capacity, and what a wake-up depends on besides; times in ms since 1970. */
export interface WakeState extends Capacity {
  now: number;
  /** How late the alarm may come, in ms. */
  late: number;
  /** How long tokens may gather to be spent together, in ms. */
  pace?: number;
}

// At a high rate tokens are spent in quanta of this length: twenty alarms a second carry any rate, and
// no task leaves more than this later than its token. At 20/s and below a quantum is one token. A small
// bucket would be full before a quantum is there, or while the alarm is late, and what it cannot hold is
// lost: its quantum leaves room for what comes in meanwhile.
export const PACE_MS = 50;

/** How many due tasks may start at this instant. */
export function startable({ paused, bucket, running, maxRunning }: Capacity): number {
  if (paused) return 0;
  const slots = Math.max(0, maxRunning - running);
  return bucket ? Math.min(slots, wholeTokens(bucket.level)) : slots;
}

/**
 * The instant (ms) at which time alone lets a task start: it is due and its token is there. Undefined
 * when time changes nothing: no task, paused, or every slot taken (then a completion asks again). `firstDue`:
 * when the earliest task not in flight is due; asked only when it matters.
 */
export function wakeAt(
  { now, paused, bucket, running, maxRunning, late, pace = PACE_MS }: WakeState,
  firstDue: () => number | undefined,
): number | undefined {
  if (paused || running >= maxRunning) return undefined;
  const nextDue = firstDue();
  if (nextDue === undefined) return undefined;
  const due = Math.max(now, nextDue);
  if (!bucket) return due;
  const token = readyAt(bucket.level, bucket.shape, quantum(bucket.shape, late, pace));
  return token === undefined ? undefined : Math.max(due, token);
}

/** Tokens that are waited for. */
export function quantum(
  { capacity, rate }: BucketShape,
  late: number,
  pace: number = PACE_MS,
): number {
  const held = capacity - (rate * late) / 1000;
  return Math.max(1, Math.floor(Math.min(held, (rate * pace) / 1000)));
}
