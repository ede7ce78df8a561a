// A limit that several queues share: a bucket and slots with an object of its own, which keeps the book of what each
// of the queues' objects was granted of them, as the first shard of a queue does for its shards.
import type { Total } from "./share.ts";

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

/** So many slots that all who ask can have as many as they like. */
const NO_LIMIT = 1e15;

/** What all that draw from it may start; `holders`: how many these are. */
export function totalOf(limit: SharedLimit, holders: number): Total {
  const { rate, bucketSize: capacity, maxConcurrentRequests } = limit;
  return {
    bucket: Number.isFinite(rate) ? { capacity, rate } : undefined,
    slots: Math.min(maxConcurrentRequests, NO_LIMIT),
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
