// A queue as the API and the TypeScript client return it.
import type { AlertView } from "../alerts/alert-view.ts";
import type { KeysView } from "../config/keys-config.ts";
import type { Locations } from "../sharding/location.ts";
import type { RecentPercentiles } from "./histogram.ts";

/** How far a change of a queue's number of shards is. */
export interface Resharding {
  /** How many shards there were, and how many there will be. */
  from: number;
  to: number;
  /** Of those there were, how many have nothing left that would have to go. */
  shardsDone: number;
  /** Tasks, and names of ended ones, that have gone from one shard to another, as far as is known. */
  moved: number;
}

/** A limit that a queue shares with others; without numbers it is not in queue.yaml any more. */
export interface LimitView {
  name: string;
  /** As written in queue.yaml, with its bucket. */
  rate?: string;
  bucketSize?: number;
  maxConcurrentRequests?: number;
  /** Attempts of this queue that have a slot of it. */
  inFlight: number;
  /** Tokens that this queue has of it now; null when it has no rate. */
  tokens: number | null;
}

/** A queue now; times in seconds, rates in tasks per second. */
export interface QueueView {
  name: string;
  mode: "push" | "pull";
  /** `disabled`: no longer in queue.yaml, nor made over the API, so nothing starts; its tasks are kept. */
  state: "running" | "paused" | "disabled";
  /** As written in queue.yaml. */
  rate: string;
  bucketSize: number;
  maxConcurrentRequests: number;
  target?: string;
  retryParameters: {
    taskRetryLimit?: number;
    taskAgeLimit?: number;
    minBackoffSeconds: number;
    maxBackoffSeconds: number;
    maxDoublings: number;
  };
  acl: readonly { userEmail?: string; writerEmail?: string }[];
  extensions: {
    tombstoneTtl: number;
    keepFailed: number;
    keepResults?: true;
    /** How many tasks one call of a handler has at most, and how long the first waits for others, in seconds. */
    batch?: { size: number; wait: number };
    failedQueue?: string;
    /** Limits of the keys of its tasks. */
    keys?: KeysView;
    /** How many objects share the queue's work; absent where it is one. */
    shards?: number;
    /** Where its objects are to be made. */
    location?: Locations;
    /** The limits it draws from beside its own. */
    limits?: readonly string[];
    /** The caller's own data. */
    annotations?: Readonly<Record<string, unknown>>;
  };
  /** The limits it shares with other queues, and what it has of them; absent where it draws from none. */
  limits?: readonly LimitView[];
  /** What is sent when something is wrong with it, and how that stands; absent where nothing is. */
  alerts?: readonly AlertView[];
  /** While its number of shards changes. */
  resharding?: Resharding;
  /** When it was last purged, RFC 3339; absent if it never was. */
  purgedAt?: string;
  statistics: {
    /** On the queue: waiting, in flight, or between two attempts. Exact up to 1,000 at least. */
    tasks: number;
    /** Failed tasks that are kept. */
    failed: number;
    /** Tasks that were not started in time, and are kept. */
    expired: number;
    /** Tasks by their state; `scheduled` and `due` are null when there are over 1,000 of each. */
    states: {
      scheduled: number | null;
      due: number | null;
      running: number;
      /** Of a pull queue: under a lease, as far as its workers have met them since the object's start. */
      leased: number;
      /** Masters whose groups have not ended; 1,001 when there are more than 1,000. */
      waiting: number;
      failed: number;
      expired: number;
    };
    /** When the oldest of them is or was due; null when there is none. */
    oldestEta: string | null;
    /** Attempts that were answered, by whatever status; of a pull queue, leases. */
    executedLastMinute: number;
    addedLastMinute: number;
    /** Attempts that began; of a pull queue, leases. */
    startedLastMinute: number;
    /** Attempts that succeeded; of a pull queue, tasks that were acknowledged. */
    doneLastMinute: number;
    /** Attempts that failed and were to be followed by another; of a pull queue, leases that ran out. */
    retriedLastMinute: number;
    /** Tasks that failed for good. */
    failedLastMinute: number;
    /** Tasks that were not started in time. */
    expiredLastMinute: number;
    /** How long after its time an attempt started, in seconds, since the object's start. */
    lateness: RecentPercentiles;
    /** How long an attempt took that was answered, in seconds, since the object's start. */
    runTime: RecentPercentiles;
    inFlight: number;
    /** Below the configured rate while handlers answer 503; null when there is no rate. */
    enforcedRate: number | null;
    /** In the bucket now; null when there is no rate. */
    tokens: number | null;
  };
}
