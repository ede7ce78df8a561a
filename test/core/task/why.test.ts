import { expect, it } from "vitest";
import { DEFAULT_RETRY } from "../../../src/core/task/backoff.ts";
import { NO_PROGRESS, type RetryOptions, type TaskState } from "../../../src/core/task/task.ts";
import { type DispatchState, whyNotRunning } from "../../../src/core/task/why.ts";

const NOW = Date.UTC(2030, 0, 1);
const shape = { capacity: 5, rate: 0.5 };
const open: DispatchState = {
  mode: "push",
  isDefined: true,
  paused: false,
  rate: 0.5,
  bucket: { level: { tokens: 5, at: NOW }, shape },
  running: 0,
  maxRunning: 10,
  slots: 10,
  retry: DEFAULT_RETRY,
};
const holding = (tokens: number, more: Partial<DispatchState> = {}): Partial<DispatchState> => ({
  bucket: { level: { tokens, at: NOW }, shape },
  ...more,
});
const limited = (limit: number, more: RetryOptions = {}): Partial<DispatchState> => ({
  retry: { ...DEFAULT_RETRY, limit, ...more },
});

interface Waiting {
  /** Seconds until it is due. */
  in?: number;
  retries?: number;
  retry?: RetryOptions;
  state?: TaskState;
  /** Seconds until it expires. */
  expires?: number;
}

function why(task: Waiting, queue: Partial<DispatchState> = {}): string | undefined {
  const { in: seconds = 0, retries = 0, retry, state = seconds > 0 ? "scheduled" : "due" } = task;
  const { expires } = task;
  const waiting = {
    due: NOW + seconds * 1000,
    progress: { ...NO_PROGRESS, retryCount: retries },
    spec: retry ? { retry } : {},
    ...(expires && { expiresAt: NOW + expires * 1000 }),
    lease: NOW + seconds * 1000,
  };
  return whyNotRunning(waiting, state, NOW, { ...open, ...queue });
}

const WITHOUT_SHARE = "its shard waits for a share of the queue's rate and slots";
const NOTHING = { level: { tokens: 0, at: NOW }, shape: { capacity: 0, rate: 0 } };
const T10 = "2030-01-01T00:00:10.000Z";

it.each<[string, Waiting, Partial<DispatchState>, string | undefined]>([
  ["expires", { expires: 10 }, {}, `about to start; it expires at ${T10}`],
  [
    "expires while it waits",
    { in: 5, expires: 10 },
    {},
    `waiting for its ETA, 2030-01-01T00:00:05.000Z; it expires at ${T10}`,
  ],
  ["has expired", { expires: 10, state: "expired" }, {}, undefined],
  ["a first attempt to come", { in: 10 }, {}, `waiting for its ETA, ${T10}`],
  ["a batch to come", { in: -2 }, { batchWait: 12 }, `waits until ${T10} for others of its batch`],
  ["a batch that waited", { in: -12 }, { batchWait: 12 }, "about to start"],
  [
    "a batch to come, without tokens",
    {},
    holding(0, { batchWait: 60 }),
    "out of tokens until 2030-01-01T00:00:02.000Z",
  ],
  ["a shard without slots", {}, { slots: 0 }, WITHOUT_SHARE],
  ["a shard without a part of the bucket", {}, { slots: 2, bucket: NOTHING }, WITHOUT_SHARE],
  [
    "a shard's slots",
    {},
    { slots: 2, running: 2 },
    "all 2 slots are taken that its shard has of 10 (max_concurrent_requests)",
  ],
  [
    "all of the queue's",
    {},
    { slots: 10, running: 10 },
    "all 10 slots are taken (max_concurrent_requests)",
  ],
  ["a retry", { in: 10, retries: 2 }, {}, `in back-off until ${T10}, to run as attempt 3`],
  [
    "a retry of so many",
    { in: 10, retries: 2 },
    limited(5),
    `in back-off until ${T10}, to run as attempt 3 of 6`,
  ],
  [
    "a retry under its own limit",
    { in: 10, retries: 1, retry: { limit: 1 } },
    limited(5),
    `in back-off until ${T10}, to run as attempt 2 of 2`,
  ],
  [
    "a retry whose own options leave the limit out",
    { in: 10, retries: 1, retry: { minBackoff: 5 } },
    limited(5),
    `in back-off until ${T10}, to run as attempt 2`,
  ],
  [
    "a retry that a long age may prolong",
    { in: 10, retries: 1 },
    limited(5, { ageLimit: 60 }),
    `in back-off until ${T10}, to run as attempt 2`,
  ],
  [
    "a retry beyond a limit that was lowered",
    { in: 10, retries: 4 },
    limited(2),
    `in back-off until ${T10}, to run as attempt 5 of 5`,
  ],
  ["its time, before all else", { in: 10 }, { paused: true }, `waiting for its ETA, ${T10}`],
  [
    "a queue that is gone, before a pause",
    {},
    { isDefined: false, paused: true },
    "the queue is not in queue.yaml",
  ],
  ["a pause, before the rate", {}, { paused: true, rate: 0 }, "the queue is paused"],
  ["rate 0, before the slots", {}, { rate: 0, running: 10 }, "the queue's rate is 0"],
  [
    "no slot, before tokens",
    {},
    holding(0, { running: 10 }),
    "all 10 slots are taken (max_concurrent_requests)",
  ],
  ["no token", {}, holding(0), "out of tokens until 2030-01-01T00:00:02.000Z"],
  ["a part of a token", {}, holding(0.75), "out of tokens until 2030-01-01T00:00:00.500Z"],
  ["tokens spoken for", {}, holding(-1), "out of tokens until 2030-01-01T00:00:04.000Z"],
  [
    "a bucket that does not fill",
    {},
    { bucket: { level: { tokens: 0, at: NOW }, shape: { capacity: 5, rate: 0 } } },
    "out of tokens",
  ],
  ["a whole token", {}, holding(1), "about to start"],
  ["no limit", {}, { bucket: undefined, rate: Number.POSITIVE_INFINITY }, "about to start"],
  ["a retry that is due", { retries: 1 }, {}, "about to start"],
  ["a pull task to come", { in: 10 }, { mode: "pull", rate: 0 }, `waiting for its ETA, ${T10}`],
  ["a pull task", {}, { mode: "pull", rate: 0, maxRunning: 0 }, "waiting to be leased"],
  ["a pull queue that is paused", {}, { mode: "pull", paused: true }, "the queue is paused"],
  ["an attempt in flight", { state: "running" }, { paused: true }, undefined],
  ["a failed task", { state: "failed" }, {}, undefined],
  ["a task that is done", { state: "done" }, {}, undefined],
  ["a task somebody leased", { in: 10, state: "leased" }, { mode: "pull" }, `leased until ${T10}`],
  [
    "a pull task that was leased before",
    { in: 10, retries: 2 },
    { mode: "pull" },
    `waiting for its ETA, ${T10}`,
  ],
])("%s: %j on a queue with %j", (_, task, queue, line) => {
  expect(why(task, queue)).toBe(line);
});
