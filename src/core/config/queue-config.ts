// What a checked queue.yaml says -> frozen configuration: defaults and conversions. Reading the text is in
// queue-yaml.ts, so that a Worker whose files were compiled carries no YAML reader.

import type { AlertConfig } from "../alerts/alert.ts";
import { type Answer, refuse } from "../errors.ts";
import type { SharedLimit } from "../sharding/limit.ts";
import type { Locations } from "../sharding/location.ts";
import { completeRetry, type RetryParameters } from "../task/backoff.ts";
import { alertConfigs } from "./alert-config.ts";
import { type KeysConfig, keysConfig } from "./keys-config.ts";
import type { LimitEntry } from "./limit-schema.ts";
import { LIMIT_IN_FILE } from "./names.ts";
import type { QueueEntry } from "./queue-entry-schema.ts";
import type { QueueDocument } from "./queue-file-schema.ts";
import { bytes, perSecond, seconds } from "./units.ts";

/** A queue as it is to run: every default filled in, every unit converted. */
export interface QueueConfig {
  readonly name: string;
  readonly mode: "push" | "pull";
  /** Tokens per second. 0: dispatch nothing, as is a pull queue's. Infinity: no limit. */
  readonly rate: number;
  /** The rate as written, "5/s"; "" for a pull queue. */
  readonly rateText: string;
  /** Most tokens that gather; 0 for a pull queue. */
  readonly bucketSize: number;
  /** Most tasks in flight; 0 for a pull queue. */
  readonly maxConcurrentRequests: number;
  readonly target?: string;
  readonly retry: Readonly<RetryParameters>;
  readonly acl: readonly Readonly<Grant>[];
  /** Seconds a finished task's name stays taken. */
  readonly tombstoneTtl: number;
  /** Seconds a failed task is kept. */
  readonly keepFailed: number;
  /** Present where handlers' responses are stored as results. */
  readonly keepResults?: true;
  /** Present where tasks go to their handlers several at once. */
  readonly batch?: Readonly<BatchConfig>;
  /** The dead-letter queue: exhausted tasks are forwarded to it. */
  readonly failedQueue?: string;
  /** Limits of the keys of its tasks. */
  readonly keys?: KeysConfig;
  /** How many objects share the queue's work; absent where it is one. */
  readonly shards?: number;
  /** Where they are to be made. */
  readonly location?: Locations;
  /** The limits it draws from beside its own, by their names in order. */
  readonly limits?: readonly string[];
  /** What is sent when something is wrong with it; absent where nothing is. */
  readonly alerts?: readonly AlertConfig[];
  /** The caller's own data, stored with the queue and not read. */
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** Up to `size` tasks in one call, of which the first waits up to `wait` seconds for others. */
export interface BatchConfig {
  size: number;
  wait: number;
}

/** userEmail may list, get, lease, delete and update; writerEmail may insert. */
export interface Grant {
  userEmail?: string;
  writerEmail?: string;
}

export interface QueueFile {
  readonly application?: string;
  /** In the file's order; `default` comes first when the file does not list it. */
  readonly queues: ReadonlyMap<string, QueueConfig>;
  /** Limits that queues share, by their names; absent where there are none. */
  readonly limits?: ReadonlyMap<string, SharedLimit>;
  /** Bytes. */
  readonly totalStorageLimit?: number;
  readonly resumePausedQueues: boolean;
  /** Reads an entry that is given while running; a Worker may do without. */
  readonly readEntry?: ReadEntry | undefined;
}

/** An entry of queue.yaml, given as JSON, as configuration. */
export type ReadEntry = (entry: unknown) => Answer<QueueConfig>;

/** Reads an entry by the file's reader; refuses where it has none. */
export function entryOf({ readEntry, limits }: QueueFile, entry: unknown): Answer<QueueConfig> {
  const answer = readEntry?.(entry) ?? NO_READER;
  const lost = answer.ok?.limits?.find((name) => !limits?.has(name));
  if (lost === undefined) return answer;
  const message = `queue: found ${JSON.stringify(lost)} in extensions.limits, expected ${LIMIT_IN_FILE}`;
  return refuse("INVALID_REQUEST", message);
}

const NO_READER = refuse(
  "INVALID_REQUEST",
  "queue: found an entry, expected none: this Worker makes queues while it runs with a door api or cloudTasks, or with parts: [definitions]",
);

const DEFAULT_QUEUE = "default";
const BUCKET_SIZE = 5;
const CONCURRENT_REQUESTS = 1000;
const MAX_CONCURRENT_REQUESTS = 5000;
const TOMBSTONE_TTL = "9d";
const KEEP_FAILED = "7d";

/** A checked file as configuration. */
export function queueFile(document: QueueDocument): QueueFile {
  const listed = document.queue ?? [];
  const hasDefault = listed.some(({ name }) => name === DEFAULT_QUEUE);
  const configs = [...(hasDefault ? [] : [UNLISTED_DEFAULT]), ...listed.map(queueConfig)];
  const { application, total_storage_limit: limit, extensions: { limits } = {} } = document;
  return Object.freeze({
    ...(application !== undefined && { application }),
    queues: frozenMap(configs.map((config) => [config.name, config])),
    ...(limits && { limits: frozenMap(Object.entries(limits).map(limitOf)) }),
    ...(limit !== undefined && { totalStorageLimit: bytes(String(limit)) }),
    resumePausedQueues: document.resume_paused_queues ?? true,
  });
}

function limitOf([name, entry]: [string, LimitEntry]): [string, SharedLimit] {
  const { rate: rateText = "", bucket_size: bucketSize = BUCKET_SIZE } = entry;
  const { max_concurrent_requests: maxConcurrentRequests = Number.POSITIVE_INFINITY } = entry;
  const rate = rateText === "" ? Number.POSITIVE_INFINITY : perSecond(rateText);
  return [name, Object.freeze({ name, rate, rateText, bucketSize, maxConcurrentRequests })];
}

/** A checked entry as configuration. */
export function queueConfig(entry: QueueEntry): QueueConfig {
  const { name, target, extensions = {} } = entry;
  return Object.freeze({
    name,
    ...(entry.mode === "pull" ? PULL : dispatchOf(entry)),
    ...(target !== undefined && { target }),
    retry: Object.freeze(retryOf(entry)),
    acl: Object.freeze((entry.acl ?? []).map(grantOf)),
    tombstoneTtl: seconds(extensions.tombstone_ttl ?? TOMBSTONE_TTL),
    keepFailed: seconds(extensions.keep_failed ?? KEEP_FAILED),
    ...(extensions.keep_results && { keepResults: true }),
    ...batchOf(entry),
    ...(extensions.failed_queue && { failedQueue: extensions.failed_queue }),
    ...(extensions.keys && { keys: keysConfig(extensions.keys) }),
    ...shardsOf(extensions),
    ...(extensions.location && { location: extensions.location }),
    ...limitsOf(extensions),
    ...(extensions.alerts?.length && { alerts: alertConfigs(extensions.alerts) }),
    ...(extensions.annotations && { annotations: extensions.annotations }),
  });
}

function batchOf({ extensions: { batch } = {} }: QueueEntry) {
  return batch && { batch: Object.freeze({ size: batch.size, wait: batch.wait ?? 0 }) };
}

function shardsOf({ shards = 1 }: { shards?: number | undefined }) {
  return shards > 1 && { shards };
}

// In one order everywhere: who waits for one of several has those before it.
function limitsOf({ limits = [] }: { limits?: readonly string[] | undefined }) {
  return limits.length > 0 && { limits: Object.freeze([...limits].sort()) };
}

const PULL = {
  mode: "pull",
  rate: 0,
  rateText: "",
  bucketSize: 0,
  maxConcurrentRequests: 0,
} as const;

// An extension overrides App Engine's key, in which a zero means the default.
function dispatchOf(entry: QueueEntry) {
  const { extensions = {} } = entry;
  const rateText = String(extensions.rate ?? entry.rate);
  const concurrent = entry.max_concurrent_requests || CONCURRENT_REQUESTS;
  return {
    mode: "push" as const,
    rate: perSecond(rateText),
    rateText,
    bucketSize: extensions.bucket_size ?? (entry.bucket_size || BUCKET_SIZE),
    maxConcurrentRequests:
      extensions.max_concurrent_requests ??
      Math.min(MAX_CONCURRENT_REQUESTS, Math.max(1, concurrent)),
  };
}

function retryOf({
  retry_parameters: given = {},
  extensions: { task_age_limit: ownAge } = {},
}: QueueEntry): RetryParameters {
  const age = given.task_age_limit === undefined ? undefined : seconds(given.task_age_limit);
  return completeRetry({
    limit: given.task_retry_limit,
    ageLimit: ownAge ?? age,
    minBackoff: given.min_backoff_seconds,
    maxBackoff: given.max_backoff_seconds,
    maxDoublings: given.max_doublings,
  });
}

function grantOf({ user_email, writer_email }: NonNullable<QueueEntry["acl"]>[number]): Grant {
  return Object.freeze({
    ...(user_email !== undefined && { userEmail: user_email }),
    ...(writer_email !== undefined && { writerEmail: writer_email }),
  });
}

// Object.freeze alone does not hold a Map's contents.
function frozenMap<V>(entries: readonly (readonly [string, V])[]): ReadonlyMap<string, V> {
  const refuseChange = () => {
    throw new TypeError("the configuration is frozen");
  };
  const change = { set: refuseChange, delete: refuseChange, clear: refuseChange };
  return Object.freeze(Object.assign(new Map(entries), change));
}

/** The queue that is there although the file does not list it. */
export const UNLISTED_DEFAULT = queueConfig({ name: DEFAULT_QUEUE, rate: "5/s" });
