// The queue.yaml and cron.yaml of the Worker under test, as JSON, which YAML takes.

import { KEYED, KEYED_EXTENSIONS, LEASED_EXTENSIONS } from "./keyed.ts";
import { LEASED_KEYS } from "./leased-keys.ts";
import { RULED, RULED_SHAPE } from "./ruled.ts";
import { SHARED_LIMITS, SHARES, SHARING } from "./sharing.ts";
import { TOGETHER, TOGETHER_LIMITS } from "./together.ts";

export interface Shape {
  rate: number;
  capacity: number;
  maxRunning: number;
}

const FAST = { min_backoff_seconds: 0.1, max_backoff_seconds: 1 };

/**
 * The queues whose pace is measured: two ordinary ones, one whose handlers hang, one that leaves the Worker, and one
 * that has more tasks than tokens.
 */
export type Measured = "left" | "right" | "late" | "out" | "full";

export function shapesOf(isSlow: boolean): Record<Measured, Shape> {
  return {
    left: { rate: isSlow ? 30 : 60, capacity: isSlow ? 5 : 10, maxRunning: isSlow ? 5 : 20 },
    right: { rate: isSlow ? 40 : 80, capacity: 20, maxRunning: 10 },
    late: { rate: isSlow ? 20 : 40, capacity: 10, maxRunning: 30 },
    out: { rate: 40, capacity: 10, maxRunning: 12 },
    full: { rate: 20, capacity: 10, maxRunning: 100 },
  };
}

/** From `keyed` on they are not there for the version before; `buffered` is made over Google's API, `gone` is not always in the file. */
export const QUEUES = [
  ...["left", "right", "late", "out", "full", "default", "doomed", "dead", "kept", "purged"],
  ...["pull", "gone", "buffered", KEYED, LEASED_KEYS, TOGETHER, RULED, ...SHARING],
] as const;

/** What of queue.yaml is another in another life. */
export interface Deployed {
  isSlow: boolean;
  /** Whether the queue that comes and goes is listed. */
  isListed: boolean;
  /** How many shards each queue has. */
  shards: number;
  version: "now" | "before";
}

export function queueYaml({ isSlow, isListed, shards, version }: Deployed): string {
  const paced = Object.entries(shapesOf(isSlow)).map(([name, shape]) => ({
    name,
    rate: `${shape.rate}/s`,
    bucket_size: shape.capacity,
    max_concurrent_requests: shape.maxRunning,
    retry_parameters: FAST,
  }));
  const quick = { rate: "100/s", bucket_size: 100, retry_parameters: FAST };
  const queue: Entry[] = [
    ...paced,
    { name: "default", ...quick },
    { name: "doomed", ...quick, extensions: { failed_queue: "dead" } },
    { name: "dead", ...quick },
    { name: "kept", ...quick },
    { name: "purged", ...quick },
    { name: "pull", mode: "pull" },
    ...(isListed ? [{ name: "gone", ...quick }] : []),
  ];
  const together = { name: TOGETHER, ...quick, ...TOGETHER_LIMITS };
  // The tasks of a key are in one object.
  const keyed = [
    { name: KEYED, ...quick, extensions: KEYED_EXTENSIONS },
    { name: LEASED_KEYS, mode: "pull", extensions: LEASED_EXTENSIONS },
  ];
  const sharing = SHARING.map((name) => ({ name, ...quick, extensions: SHARES }));
  const ruled = { name: RULED, ...RULED_SHAPE, retry_parameters: FAST };
  if (version === "before") return JSON.stringify({ queue });
  const sharable = [...queue, together, ruled, ...sharing];
  const sharded = shards === 1 ? sharable : sharable.map((it) => inShards(it, shards));
  return JSON.stringify({ extensions: { limits: SHARED_LIMITS }, queue: [...sharded, ...keyed] });
}

interface Entry {
  extensions?: object;
  [key: string]: unknown;
}

function inShards(entry: Entry, shards: number): Entry {
  return { ...entry, extensions: { ...entry.extensions, shards } };
}

/** Each entry is due every so many seconds. */
export const CRON_S = 1;

export function cronYaml(): string {
  const schedule = `*/${CRON_S} * * * * *`;
  // Without retries a due time that two kills in a row have cut off is given up.
  const retry_parameters = { job_retry_limit: 5, ...FAST };
  return JSON.stringify({
    cron: [{ description: "tick", url: "/tick", schedule, retry_parameters }],
  });
}
