// The single values a queue's object remembers about itself.
import type { Bucket, BucketShape } from "../../core/dispatch/bucket.ts";
import type { HistoryMark, StoredHistory } from "../../core/metrics/history.ts";
import type { ShardMap } from "../../core/sharding/shard-map.ts";
import type { Meta } from "../meta.ts";

/** Something that was done to the queue; ms since 1970. */
export interface StoredMark extends Omit<HistoryMark, "at" | "kind"> {
  at: number;
  kind: Exclude<HistoryMark["kind"], "started">;
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
  /** Of a queue of several shards: how many there are. */
  shards: ShardMap;
  /** How many rows the tables had, while they have many; `at` in ms since 1970. */
  tasksCount: { rows: number; at: number };
  failedCount: { rows: number; at: number };
  /** The history, as it was when it was last written. */
  history: StoredHistory;
  /** What was done to the queue: the latest of it. */
  marks: StoredMark[];
}

export type QueueMeta = Meta<QueueMetaValues>;
