// The single values a queue's object remembers about itself.
import type { Bucket, BucketShape } from "../../core/dispatch/bucket.ts";
import type { EndedRedrive, RedrivePlace, StoredRedrive } from "../../core/failures/redrive.ts";
import type { HistoryMark, StoredHistory } from "../../core/metrics/history.ts";
import type { QueueTotals } from "../../core/metrics/totals.ts";
import type { StoredShares } from "../../core/sharding/ledger.ts";
import type { ShardMap } from "../../core/sharding/shard-map.ts";
import type { Meta } from "../meta.ts";

/** Something that was done to the queue; ms since 1970. */
export interface StoredMark extends Omit<HistoryMark, "at" | "kind"> {
  at: number;
  kind: Exclude<HistoryMark["kind"], "started">;
}

/** What was decided for all shards, beside what other values say. */
export interface StoredOrders {
  /** Later orders have a higher one, those for a later queue of the name too. */
  number: number;
  /** The last purge, by the number of the orders that it came with; `at` in ms since 1970. */
  purged?: { number: number; at: number };
  /** The orders by which all that there was came to be gone. */
  erased?: number;
  /** As many shards are told, until all of them have answered. */
  untold?: number;
}

/** What goes from one shard to others, in one version of the map. */
export interface StoredMoves {
  version: number;
  /** The number of the last batch for each of them. */
  sent: Record<number, number>;
  /** What is in a batch whose shard has not said yet that it has it: names. */
  open: Record<number, string[]>;
  /** How many names have gone. */
  moved: number;
  /** Nothing is left that would have to go. */
  isDone: boolean;
}

/** Of the object of a limit: what each of the queues' objects was granted, under the number it has here. */
export interface StoredLimit extends StoredShares {
  numbers: Readonly<Record<string, number>>;
}

/** Totals in the history's row; ms since 1970. */
export interface StoredTotals extends QueueTotals {
  /** When they were written. */
  at: number;
  /** Until when the queue counts as scraped. */
  watchedUntil?: number;
}

/** What a batch of a redrive came to on a shard; `place`: where the next begins, null behind the last record. */
export interface RedrivenBatch {
  redriven: number;
  scanned: number;
  place: RedrivePlace | null;
}

export interface QueueMetaValues {
  /** The queue's name: an alarm on a cold object may not have it. */
  name: string;
  /** Whether the directory lists this queue. */
  listed: boolean;
  /** The queue is being removed: its tasks are gone, and the directory is yet to forget it. */
  removing: boolean;
  /** Paused by hand. */
  paused: boolean;
  /** When it was last purged, ms since 1970. */
  purgedAt: number;
  /** The definition last seen, as JSON, to notice that a deploy changed it. */
  config: string;
  /** The entry this queue was made with over the API. */
  made: object;
  /** A level the bucket cannot have fallen below, and the shape by which it has filled since. */
  bucket: { level: Bucket; shape: BucketShape };
  /** When the first tombstone or failed task may have expired, ms since 1970. */
  sweepAt: number;
  /** There is, or was, a task in a line. */
  lines: boolean;
  /** A task with a key was leased. */
  leases: boolean;
  /** Of a queue of several shards: how many there are. */
  shards: ShardMap;
  /** When this shard asks again for a token (ms), and what the queue was when that was said. */
  askAgain: { at: number; total: string };
  /** The same for limits that the queue draws from, by their names. */
  askAgainOf: Record<string, { at: number; total: string }>;
  /** Of the first of them: what each was granted of the queue's bucket and slots. */
  shares: StoredShares;
  /** Of the object of a limit, which is no queue and has no other value. */
  limit: StoredLimit;
  /** Of the first of them: what it has decided for all. */
  orders: StoredOrders;
  /** The number of the orders this shard has taken. */
  obeyed: number;
  /** Of another than the first: it has to ask for the orders, since its definition has changed. */
  asks: boolean;
  /** Batches of groups that some shards may have accepted and others not, each by its number. */
  batches: Record<string, number>;
  /** While their number changes: what goes from here to other shards. */
  moves: StoredMoves;
  /** The number of the last batch that came from each of the others. */
  taken: Record<number, number>;
  /** How many rows the tables had, while they have many; `at` in ms since 1970. */
  tasksCount: { rows: number; at: number };
  failedCount: { rows: number; at: number };
  expiredCount: { rows: number; at: number };
  /** There are, or were, tasks that expire, or wait for one of their name to end. */
  ruled: boolean;
  /** When a page of an export last had groups, ms since 1970; not renewed with each. */
  exportedAt: number;
  /** An alert has begun once, or something was counted for one. */
  alerts: boolean;
  /** The history, as it was when it was last written. */
  history: StoredHistory & { totals?: StoredTotals };
  /** Of a shard that has gone: what it had counted, for the first one to take over, in that version of the map. */
  left: { version: number; totals: StoredTotals };
  /** What was done to the queue: the latest of it. */
  marks: StoredMark[];
  /** Redrives that are under way, of a queue of several shards at the first of them. */
  redrives: StoredRedrive[];
  /** The last that have ended, the newest first. */
  redrivesEnded: EndedRedrive[];
  /** Of another shard than the first: the last batch of each redrive, by its id, with the batch's number. */
  redriveBatches: Record<string, { batch: number; done: RedrivenBatch }>;
}

/** What every start asks for. */
export const READ_AT_START = [
  ...["config", "shards", "orders", "shares"],
  ...["lines", "expiredCount", "ruled", "alerts", "redrives", "redrivesEnded"],
] as const;

export type QueueMeta = Meta<QueueMetaValues>;
