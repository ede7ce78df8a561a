// The preview's knobs: as text in inputs and the URL, and parsed.

import { perSecond, seconds } from "../../core/config/units.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { completeRetry, type RetryParameters } from "../../core/task/backoff.ts";

/** Every knob as text; "" is the default. The names are queue.yaml's, but the last two. */
export type Knobs = Record<Knob, string>;

export const KNOBS = [
  "rate",
  "bucket_size",
  "max_concurrent_requests",
  "batch",
  "task_retry_limit",
  "task_age_limit",
  "min_backoff_seconds",
  "max_backoff_seconds",
  "max_doublings",
  "tasks",
  "run_seconds",
] as const;

export type Knob = (typeof KNOBS)[number];

export interface Meaning {
  /** Per second; Infinity without a limit. */
  rate: number;
  bucketSize: number;
  maxConcurrentRequests: number;
  /** Most tasks in one call. */
  batchSize: number;
  retry: RetryParameters;
  /** Number of tasks due at once, and how long each runs. */
  tasks: number;
  runSeconds: number;
}

const DEFAULTS: Knobs = {
  rate: "5/s",
  bucket_size: "5",
  max_concurrent_requests: "1000",
  batch: "",
  task_retry_limit: "",
  task_age_limit: "",
  min_backoff_seconds: "0.1",
  max_backoff_seconds: "3600",
  max_doublings: "16",
  tasks: "1000",
  run_seconds: "1",
};

/** The queue's current settings. */
export function knobsOf(queue: QueueView | undefined): Knobs {
  if (!queue || queue.mode === "pull") return DEFAULTS;
  const { retryParameters: retry, extensions } = queue;
  return {
    ...DEFAULTS,
    rate: queue.rate,
    bucket_size: String(queue.bucketSize),
    max_concurrent_requests: String(queue.maxConcurrentRequests),
    batch: extensions.batch ? String(extensions.batch.size) : "",
    task_retry_limit: retry.taskRetryLimit === undefined ? "" : String(retry.taskRetryLimit),
    task_age_limit: retry.taskAgeLimit === undefined ? "" : `${retry.taskAgeLimit}s`,
    min_backoff_seconds: String(retry.minBackoffSeconds),
    max_backoff_seconds: String(retry.maxBackoffSeconds),
    max_doublings: String(retry.maxDoublings),
  };
}

/** Requires valid knobs. */
export function meaningOf(knobs: Knobs): Meaning {
  return {
    rate: perSecond(knobs.rate),
    bucketSize: Number(knobs.bucket_size),
    maxConcurrentRequests: Number(knobs.max_concurrent_requests),
    batchSize: Number(knobs.batch || 1),
    retry: completeRetry({
      ...(isAbsent(knobs.task_retry_limit) ? {} : { limit: Number(knobs.task_retry_limit) }),
      ...(isAbsent(knobs.task_age_limit) ? {} : { ageLimit: seconds(knobs.task_age_limit) }),
      minBackoff: Number(knobs.min_backoff_seconds),
      maxBackoff: Number(knobs.max_backoff_seconds),
      maxDoublings: Number(knobs.max_doublings),
    }),
    tasks: Number(knobs.tasks),
    runSeconds: Number(knobs.run_seconds),
  };
}

function isAbsent(text: string): boolean {
  return text === "";
}
