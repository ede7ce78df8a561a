// Explains in one line why a task is not running now.

import { type Bucket, type BucketShape, readyAt, wholeTokens } from "../dispatch/bucket.ts";
import type { LimitState } from "../sharding/limit.ts";
import { completeRetry, type RetryParameters } from "./backoff.ts";
import { isTimed, type StoredTask, type TaskState } from "./task.ts";
import { rfc3339 } from "./task-view.ts";

/** Everything about a queue that can delay a task. */
export interface DispatchState {
  mode: "push" | "pull";
  /** Whether it is defined in queue.yaml or over the API. */
  isDefined: boolean;
  /** Paused by hand. */
  paused: boolean;
  /** As configured, tasks per second. */
  rate: number;
  /** Refilled to this instant; absent when the queue has no rate limit. */
  bucket: { level: Bucket; shape: BucketShape } | undefined;
  /** Attempts in flight, and how many there may be. */
  running: number;
  maxRunning: number;
  /** What of these the queue's object has: of several shards each has a share, and of the bucket too. */
  slots: number;
  retry: RetryParameters;
  /** What the queue's object has of the limits that the queue draws from. */
  limits?: readonly LimitState[];
  /** What the task's key waits for, if it has one and that waits. */
  ofKey?: string | undefined;
  /** Of a queue that hands on batches, in seconds: how long the first waits for others. */
  batchWait?: number | undefined;
}

type Waiting = Pick<StoredTask, "due" | "progress" | "lease"> & {
  spec: Pick<StoredTask["spec"], "retry">;
  /** When it expires should it not be started before, ms since 1970. */
  expiresAt?: number | undefined;
};

/** One line, or undefined for a task that does not wait; `now` in ms since 1970. */
export function whyNotRunning(
  task: Waiting,
  state: TaskState,
  now: number,
  queue: DispatchState,
): string | undefined {
  if (state === "waiting") return `waiting for its group "${task.progress.waitsFor}"`;
  if (state === "leased") return `leased until ${rfc3339(task.lease as number)}`;
  if (!isTimed(state)) return undefined;
  return waits(task, now, queue) + untilExpiry(task);
}

function waits(task: Waiting, now: number, queue: DispatchState): string {
  if (task.due > now) return untilDue(task, queue);
  if (queue.mode === "pull") return stopped(queue) ?? queue.ofKey ?? "waiting to be leased";
  const lack = stopped(queue) ?? outOfCapacity(queue) ?? outOfLimits(queue) ?? queue.ofKey;
  return lack ?? aboutToStart(task, now, queue);
}

function aboutToStart({ due }: Waiting, now: number, { batchWait = 0 }: DispatchState): string {
  const at = due + batchWait * 1000;
  return at <= now ? "about to start" : `waits until ${rfc3339(at)} for others of its batch`;
}

function untilExpiry({ expiresAt }: Waiting): string {
  return expiresAt === undefined ? "" : `; it expires at ${rfc3339(expiresAt)}`;
}

function untilDue({ due, progress, spec }: Waiting, queue: DispatchState): string {
  const at = rfc3339(due);
  // A pull task's retries are its leases, and it waits for no back-off.
  if (progress.retryCount === 0 || queue.mode === "pull") return `waiting for its ETA, ${at}`;
  const attempt = progress.retryCount + 1;
  const max = maxAttempts(spec.retry ? completeRetry(spec.retry) : queue.retry);
  // A limit that was lowered since makes the next attempt the last.
  const of = max === undefined ? "" : ` of ${Math.max(max, attempt)}`;
  return `in back-off until ${at}, to run as attempt ${attempt}${of}`;
}

// With an age limit beside it, or none at all, the number of attempts is not settled beforehand.
function maxAttempts({ limit, ageLimit }: RetryParameters): number | undefined {
  return limit === undefined || ageLimit !== undefined ? undefined : limit + 1;
}

function stopped({ mode, isDefined, paused, rate }: DispatchState): string | undefined {
  if (!isDefined) return "the queue is not in queue.yaml";
  if (paused) return "the queue is paused";
  return mode === "push" && rate === 0 ? "the queue's rate is 0" : undefined;
}

/** It asks for one where it has something to start. */
const NO_SHARE = "its shard waits for a share of the queue's rate and slots";

function outOfCapacity({ bucket, running, maxRunning, slots }: DispatchState): string | undefined {
  if (running >= maxRunning) return `all ${maxRunning} slots are taken (max_concurrent_requests)`;
  if (slots === 0) return NO_SHARE;
  if (running >= slots)
    return `all ${slots} slots are taken that its shard has of ${maxRunning} (max_concurrent_requests)`;
  if (!bucket || wholeTokens(bucket.level) > 0) return undefined;
  if (bucket.shape.capacity === 0) return NO_SHARE;
  const at = readyAt(bucket.level, bucket.shape, 1);
  return at === undefined ? "out of tokens" : `out of tokens until ${rfc3339(at)}`;
}

function outOfLimits({ limits = [] }: DispatchState): string | undefined {
  for (const limit of limits) {
    const { name, rule } = limit;
    if (!rule) return `the limit "${name}" is not in queue.yaml`;
    const lacks = lackOf(limit);
    if (lacks) return `waits for a ${lacks} of the limit "${name}"`;
  }
  return undefined;
}

// Who can have no token has no slot either, and the reverse.
function lackOf({ running, slots, tokens, lacks }: LimitState): "slot" | "token" | undefined {
  if (slots === 0) return tokens === undefined ? "slot" : (lacks ?? "token");
  if (running >= slots) return "slot";
  return tokens === 0 ? "token" : undefined;
}
