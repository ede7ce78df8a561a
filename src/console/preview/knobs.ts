// The knobs of the preview: as they are typed and stand in the address, and as what they mean.
import { completeRetry, type RetryParameters } from "../../core/backoff.ts";
import type { QueueView } from "../../core/queue-view.ts";
import { DURATION, perSecond, RATE_OR_NONE, seconds } from "../../core/units.ts";

/** Every knob as text; "" is the default. The names are queue.yaml's, but the last two. */
export type Knobs = Record<Knob, string>;

export const KNOBS = [
  "rate",
  "bucket_size",
  "max_concurrent_requests",
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
  retry: RetryParameters;
  /** How many are due at once, and how long each runs. */
  tasks: number;
  runSeconds: number;
}

const DEFAULTS: Knobs = {
  rate: "5/s",
  bucket_size: "5",
  max_concurrent_requests: "1000",
  task_retry_limit: "",
  task_age_limit: "",
  min_backoff_seconds: "0.1",
  max_backoff_seconds: "3600",
  max_doublings: "16",
  tasks: "1000",
  run_seconds: "1",
};

const MOST_TASKS = 1_000_000;

/** What a queue has now. */
export function knobsOf(queue: QueueView | undefined): Knobs {
  if (!queue || queue.mode === "pull") return DEFAULTS;
  const { retryParameters: retry } = queue;
  return {
    ...DEFAULTS,
    rate: queue.rate,
    bucket_size: String(queue.bucketSize),
    max_concurrent_requests: String(queue.maxConcurrentRequests),
    task_retry_limit: retry.taskRetryLimit === undefined ? "" : String(retry.taskRetryLimit),
    task_age_limit: retry.taskAgeLimit === undefined ? "" : `${retry.taskAgeLimit}s`,
    min_backoff_seconds: String(retry.minBackoffSeconds),
    max_backoff_seconds: String(retry.maxBackoffSeconds),
    max_doublings: String(retry.maxDoublings),
  };
}

const WHOLE = /^\d{1,15}$/;
const AMOUNT = /^(\d+\.?\d*|\.\d+)$/;

/** What is wrong with a knob, by its name; nothing when all can be read. */
export function faultsOf(knobs: Knobs): Partial<Knobs> {
  const faults: Partial<Knobs> = {};
  const expect = (knob: Knob, isRight: boolean, form: string) => {
    if (!isRight) faults[knob] = `expected ${form}`;
  };
  expect("rate", RATE_OR_NONE.test(knobs.rate), "a number per s, m, h or d such as 5/s, 0 or none");
  expect("bucket_size", isWhole(knobs.bucket_size, 1), "a whole number from 1");
  expect(
    "max_concurrent_requests",
    isWhole(knobs.max_concurrent_requests, 1),
    "a whole number from 1",
  );
  expect(
    "task_retry_limit",
    isAbsent(knobs.task_retry_limit) || isWhole(knobs.task_retry_limit, 0),
    "a whole number, or nothing for no limit",
  );
  expect(
    "task_age_limit",
    isAbsent(knobs.task_age_limit) || DURATION.test(knobs.task_age_limit),
    "a time such as 30s, 15m, 2.5h or 7d, or nothing",
  );
  expect("min_backoff_seconds", AMOUNT.test(knobs.min_backoff_seconds), "seconds");
  expect("max_backoff_seconds", AMOUNT.test(knobs.max_backoff_seconds), "seconds");
  if (!faults.min_backoff_seconds && !faults.max_backoff_seconds) {
    const isOrdered = Number(knobs.min_backoff_seconds) <= Number(knobs.max_backoff_seconds);
    expect("min_backoff_seconds", isOrdered, "no more than max_backoff_seconds");
  }
  expect("max_doublings", isWhole(knobs.max_doublings, 0), "a whole number");
  expect(
    "tasks",
    isWhole(knobs.tasks, 1) && Number(knobs.tasks) <= MOST_TASKS,
    `a whole number from 1 to ${MOST_TASKS}`,
  );
  expect("run_seconds", AMOUNT.test(knobs.run_seconds), "seconds");
  return faults;
}

/** Only of knobs without faults. */
export function meaningOf(knobs: Knobs): Meaning {
  return {
    rate: perSecond(knobs.rate),
    bucketSize: Number(knobs.bucket_size),
    maxConcurrentRequests: Number(knobs.max_concurrent_requests),
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
  return text.trim() === "";
}

function isWhole(text: string, least: number): boolean {
  return WHOLE.test(text) && Number(text) >= least;
}
