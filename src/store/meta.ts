// The handful of single values an object remembers about itself, each a JSON document under its key.
import type { Bucket, BucketShape } from "../core/dispatch/bucket.ts";
import type { HistoryMark, StoredHistory } from "../core/metrics/history.ts";
import type { FailurePolicy, GroupState, MasterName } from "../core/task/group.ts";
import type { Sql } from "./sql.ts";

/** Something that was done to the queue; ms since 1970. */
export interface StoredMark extends Omit<HistoryMark, "at" | "kind"> {
  at: number;
  kind: Exclude<HistoryMark["kind"], "started">;
}

/** A group as its own object knows it; times in ms since 1970. */
export interface GroupRecord {
  name: string;
  onFailure: FailurePolicy;
  state: GroupState;
  /** Whether more subtasks may come. */
  open: boolean;
  total: number;
  /**
   * The numbers its subtasks and its parts begin with: they go on from those of the group that had the name
   * before, so that what is still heard of that one is not taken for this one's.
   */
  first: { index: number; part: number };
  /** The number of its next part. */
  parts: number;
  /** Where its subtasks are. */
  queues: string[];
  /** Where those of the group before were, as long as these queues have not been told that it is over. */
  formerQueues: string[];
  createdAt: number;
  endedAt?: number;
  master?: MasterName;
  /** When the master was added: another task may have its name later. */
  masterMadeAt?: number;
  /** The master waits and is to be told the end. */
  masterWaits?: true;
  then?: { queue: string; task: object; added?: boolean; error?: string };
  /** Whether the queues have been told to drop its subtasks. */
  cancelled?: "asked" | "told";
  /** The queues have been told that it is over. */
  left?: true;
}

export interface MetaValues {
  /** The queue's name: an alarm on a cold object may not be told it. */
  name: string;
  /** Of a group's object. */
  group: GroupRecord;
  /** Whether the directory has been told of this queue. */
  listed: boolean;
  /** Paused by hand. */
  paused: boolean;
  /** When it was last purged, ms since 1970. */
  purgedAt: number;
  /** The queue.yaml entry last seen, as JSON, to notice that a deploy changed it. */
  config: string;
  /** The entry this queue was made with over the API. */
  made: object;
  /** A level the bucket cannot have fallen below; how it fills stands beside it, for after a change. */
  bucket: { level: Bucket; shape: BucketShape };
  /** When the first tombstone or failed task may have expired, ms since 1970. */
  sweepAt: number;
  /** How many rows the tables had, while they have many; `at` in ms since 1970. */
  tasksCount: { rows: number; at: number };
  failedCount: { rows: number; at: number };
  /** What happened lately, as it was when it was last written. */
  history: StoredHistory;
  /** What was done to the queue, the last of it. */
  marks: StoredMark[];
}

export class Meta {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get<K extends keyof MetaValues>(key: K): MetaValues[K] | undefined {
    const row = this.#sql.rows("SELECT value FROM meta WHERE key = ?", key)[0];
    return row && JSON.parse(row.value as string);
  }

  set<K extends keyof MetaValues>(key: K, value: MetaValues[K]): void {
    const json = JSON.stringify(value);
    this.#sql.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, json);
  }

  /** Forgets all but how far the tables are migrated. */
  clearAll(): void {
    this.#sql.run("DELETE FROM meta WHERE key <> 'schema'");
  }

  clear(key: keyof MetaValues): void {
    this.#sql.run("DELETE FROM meta WHERE key = ?", key);
  }
}
