// What one shard says where a queue of several is looked at as a whole.

import type { Place } from "../core/list-place.ts";
import type { RecentTimesCounts } from "../core/metrics/histogram.ts";
import type { QueueHistory } from "../core/metrics/history.ts";
import type { AtRest, ScrapeReport } from "../core/metrics/queue-report.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import type { Task } from "../core/task/task.ts";

/** What is asked of a list behind a place: no more tasks, and bytes of bodies, but `least` tasks whatever their size. */
export interface PartAsk {
  after: Place;
  limit: number;
  bytes: number;
  least: number;
  /** Of a search: rows to look at. */
  scan?: number;
}

/** A task in a list, with the bytes of its body. */
export interface ListEntry {
  place: Place;
  size: number;
  task: Task;
}

export interface ListPart {
  entries: ListEntry[];
  /** There is nothing else up to there, there may be behind; absent where there is not. */
  upTo?: Place;
  /** So many rows were passed over that the page should end. */
  isTired?: true;
  /** Of a search: the keys of all that were looked at, in their order. */
  scanned?: number[];
}

/** A shard's part of a queue's state and history. */
export interface ShardLook extends ScrapeReport {
  view: QueueView;
  history: QueueHistory;
  /** Whether the last quarter of an hour has anything in it. */
  isActive: boolean;
  entry: string;
  lateness: RecentTimesCounts;
  runTime: RecentTimesCounts;
  atRest: AtRest;
}
