// A limit that several queues share: a bucket and slots with an object of its own, which keeps the book of what each
// of the queues' objects was granted of them, as the first shard of a queue does for its shards.
import type { Total } from "./share.ts";
import { MANY } from "./statement.ts";

/** A limit of queue.yaml; it has a rate, slots, or both. */
export interface SharedLimit {
  readonly name: string;
  /** Tokens per second, above 0; infinite where it has none. */
  readonly rate: number;
  /** The rate as written; "" where it has none. */
  readonly rateText: string;
  readonly bucketSize: number;
  /** Infinite where it has none. */
  readonly maxConcurrentRequests: number;
}

/** What an object of a queue has of a limit that the queue draws from. */
export interface LimitState {
  readonly name: string;
  /** As queue.yaml has it; absent where it has it no more. */
  readonly rule?: SharedLimit;
  /** Attempts that have a slot of it, and how many the object may have. */
  readonly running: number;
  readonly slots: number;
  /** Absent where it has no rate. */
  readonly tokens?: number;
  /** What there was too little of for it when it asked. */
  readonly lacks?: "slot" | "token";
}

/** What all that draw from it may start; `holders`: how many these are. Without a limit each has as many slots as it likes. */
export function totalOf(limit: SharedLimit, holders: number): Total {
  const { rate, bucketSize: capacity, maxConcurrentRequests } = limit;
  return {
    bucket: Number.isFinite(rate) ? { capacity, rate } : undefined,
    slots: Math.min(maxConcurrentRequests, MANY * holders),
    shards: holders,
  };
}

/** No name of a queue has this in it, nor one of an object that was no queue in the first version. */
const PREFIX = "limit:";

/** The name of a limit's object, of the class TaskQueue. */
export function limitObject(limit: string): string {
  return `${PREFIX}${limit}`;
}

/** The limit that the object of this name is, undefined where it is none. */
export function limitOfObject(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}
