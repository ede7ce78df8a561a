// Redrives: failed tasks go back on their queue, those of one fault or all, at a rate. Only those that had failed when
// it began: what fails again is not taken again. States:
//
//   running -> done       nothing that had failed by then is left to look at
//   running -> cancelled  by somebody, or because the queue was purged
import { perSecond, RATE_OR_NONE } from "../config/units.ts";
import {
  type Bucket,
  type BucketShape,
  readyAt,
  refilled,
  wholeTokens,
} from "../dispatch/bucket.ts";
import { type Answer, invalid, type Refusal } from "../errors.ts";
import { rfc3339 } from "../task/task-view.ts";
import { FINGERPRINT } from "./fingerprint.ts";

/** What is asked for. */
export interface NewRedrive {
  /** As in queue.yaml: `5/s`, `100/m`, `20/h`, `1/d`; `none`, the default, is as fast as it goes. */
  rate?: string | undefined;
  /** Of which fault, as failures say it. Default: all. */
  fingerprint?: string | undefined;
}

export type RedriveState = "running" | "done" | "cancelled";

/** A redrive as callers see it; times RFC 3339. */
export interface Redrive {
  id: string;
  state: RedriveState;
  fingerprint?: string;
  rate: string;
  /** Tasks that are back on the queue. */
  redriven: number;
  /** Records that it has looked at. */
  scanned: number;
  /** Whose token it was begun with, or `worker`. */
  who: string;
  beganAt: string;
  endedAt?: string;
  /** Why it waits, or was cancelled. */
  why?: string;
}

/** Where a walk through the records is: behind this key of a table. */
export interface RedrivePlace {
  table: "failed" | "expired";
  after: number;
}

export const FIRST_PLACE: RedrivePlace = { table: "failed", after: -1 };

/** A redrive under way, as it is stored; times in ms since 1970. */
export interface StoredRedrive {
  id: string;
  fingerprint?: string;
  rate: string;
  who: string;
  beganAt: number;
  /** Of its entry in the audit. */
  audit?: number;
  /** Tasks that may go back now, and how many at that instant. */
  bucket: Bucket;
  /** Which of the queue's objects it is at, where there, and the version of the map it began to walk by. */
  shard: number;
  place: RedrivePlace;
  version: number;
  /** The number of the next batch. */
  batch: number;
  /** It waits until then. */
  notBefore?: number;
  redriven: number;
  scanned: number;
}

/** One that has ended. */
export interface EndedRedrive
  extends Pick<
    StoredRedrive,
    "id" | "fingerprint" | "rate" | "who" | "beganAt" | "audit" | "redriven" | "scanned"
  > {
  state: Exclude<RedriveState, "running">;
  endedAt: number;
  why?: string;
}

export const UNLIMITED = "none";

const EXPECTED_RATE =
  "a rate above 0 such as 5/s, 100/m, 20/h or 1/d, in up to 20 characters, or none";

export function acceptRedrive(given: NewRedrive): Answer<{ rate: string; fingerprint?: string }> {
  const { rate = UNLIMITED, fingerprint } = given;
  const isRate = typeof rate === "string" && rate.length <= 20 && RATE_OR_NONE.test(rate);
  if (!isRate || perSecond(rate) <= 0) return invalid("rate", rate, EXPECTED_RATE);
  if (fingerprint === undefined) return { ok: { rate } };
  if (typeof fingerprint === "string" && FINGERPRINT.test(fingerprint))
    return { ok: { rate, fingerprint } };
  return invalid("fingerprint", fingerprint, "16 hexadecimal digits, as failures have them");
}

export function checkRedriveId(id: unknown): Refusal | undefined {
  if (typeof id === "string" && /^[0-9a-z]{1,20}$/.test(id)) return undefined;
  return invalid("id", id, "that of a redrive, as lists of them have it");
}

/** Tasks go back a second's worth at a time, or one by one; a late alarm makes up for a second at most. */
export function shapeOf(rate: string): BucketShape {
  const tasks = perSecond(rate);
  return { rate: tasks, capacity: 2 * Math.max(1, tasks) };
}

/** A redrive begins with one task. */
export function firstBucket(now: number): Bucket {
  return { tokens: 1, at: now };
}

/** How many tasks may go back at `now` (ms). */
export function allowance({ rate, bucket }: Paced, now: number): number {
  if (rate === UNLIMITED) return Number.MAX_SAFE_INTEGER;
  return wholeTokens(refilled(bucket, shapeOf(rate), now));
}

/** The bucket when `n` of them have gone back. */
export function spent({ rate, bucket }: Paced, n: number, now: number): Bucket {
  if (rate === UNLIMITED) return firstBucket(now);
  const filled = refilled(bucket, shapeOf(rate), now);
  return { ...filled, tokens: filled.tokens - n };
}

/** The redrive at another rate from `now` on (ms): what may go back by then is not more for it. */
export function reshaped(redrive: StoredRedrive, rate: string, now: number): StoredRedrive {
  if (redrive.rate === rate) return redrive;
  if (rate === UNLIMITED || redrive.rate === UNLIMITED)
    return { ...redrive, rate, bucket: firstBucket(now) };
  const { tokens, at } = refilled(redrive.bucket, shapeOf(redrive.rate), now);
  return { ...redrive, rate, bucket: { at, tokens: Math.min(tokens, shapeOf(rate).capacity) } };
}

/** When the next go back (ms): at once while some may, else once a second's worth is there. */
export function nextBatchAt(redrive: Paced & Pick<StoredRedrive, "beganAt" | "notBefore">): number {
  const { rate, bucket, beganAt, notBefore = 0 } = redrive;
  // What fails again must fail later than the redrive began.
  const least = Math.max(beganAt + 1, notBefore);
  if (rate === UNLIMITED || wholeTokens(bucket) > 0) return Math.max(least, bucket.at);
  const shape = shapeOf(rate);
  const batch = Math.max(1, Math.floor(shape.rate));
  return Math.max(least, readyAt(bucket, shape, batch) ?? Number.POSITIVE_INFINITY);
}

type Paced = Pick<StoredRedrive, "rate" | "bucket">;

export function redriveView(redrive: StoredRedrive | EndedRedrive, why?: string): Redrive {
  const { id, fingerprint, rate, redriven, scanned, who, beganAt } = redrive;
  const ended = "endedAt" in redrive ? redrive : undefined;
  const said = ended?.why ?? why;
  return {
    ...{ id, state: ended?.state ?? "running" },
    ...(fingerprint !== undefined && { fingerprint }),
    ...{ rate, redriven, scanned, who, beganAt: rfc3339(beganAt) },
    ...(ended && { endedAt: rfc3339(ended.endedAt) }),
    ...(said !== undefined && { why: said }),
  };
}
