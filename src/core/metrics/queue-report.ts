// What a queue says of itself to the directory, which answers for it as long as that holds.
import type { QueueConfig } from "../config/queue-config.ts";
import type { QueueHistory } from "./history.ts";
import type { QueueView } from "./queue-view.ts";
import type { QueueTotals } from "./totals.ts";

/** The state of a queue at an instant. */
export interface QueueReport extends ScrapeReport {
  /** By the queue's clock, ms since 1970. */
  now: number;
  view: QueueView;
  /** Of the last quarter of an hour, as far as it was asked for. */
  history: QueueHistory;
  /**
   * Until when the view stays as it is unless the queue says that it has changed, ms since 1970; absent while it
   * changes by itself. Versions before gave none.
   */
  holdsUntil?: number;
  /** Whether the last quarter of an hour has anything in it. */
  isActive?: boolean;
  /** The mark of the entry of queue.yaml it has. */
  entry?: string;
}

/** What is added for who wants totals; versions before gave none. */
export interface ScrapeReport {
  totals?: QueueTotals;
  /** Until when all but the percentiles stays as it is unless the queue says that it has changed; absent likewise. */
  numbersHoldUntil?: number;
  /** Not all that was counted is in its totals yet. */
  isLate?: true;
}

export function isOfFigures(reader: ReportReader | undefined): reader is FiguresReader {
  return reader === "scrape" || reader === "costs";
}

/** Of its numbers, which do not age. */
export function numbersHoldUntil(view: QueueView, atRest: AtRest): number | undefined {
  return holdsUntil(view, atRest, Number.MAX_SAFE_INTEGER);
}

/**
 * Who takes a report for true until it hears that it holds no more: the directory, for its lists, for metrics or for
 * costs. A queue that is scraped writes down what it counts.
 */
export type ReportReader = "directory" | FiguresReader;

/** Who wants totals too: those that are on disk, or as they are now. */
export type FiguresReader = "scrape" | "costs";

/** How long percentiles of the last hour stay as they were while a queue is at rest, in ms. */
const HOUR_AGES_MS = 5 * 60_000;

/** What of a queue's state is not in its view. */
export interface AtRest {
  now: number;
  /** Tasks per second, as configured; undefined where there is no limit. */
  rate: number | undefined;
  /** When the next task comes due (ms), and when the object wakes by itself. */
  nextDue: number | undefined;
  wakesAt: number;
}

/** Until when the view of a queue at rest holds (ms); undefined while time alone changes it. */
export function holdsUntil(
  view: QueueView,
  { now, rate, nextDue, wakesAt }: AtRest,
  hourAgesMs = HOUR_AGES_MS,
) {
  const { statistics: seen, bucketSize } = view;
  const isFull = seen.tokens === null || seen.tokens >= bucketSize;
  const isSlowed = seen.enforcedRate !== null && seen.enforcedRate !== rate;
  if (seen.inFlight > 0 || !isFull || isSlowed || countOf(view) > 0) return undefined;
  const ages = seen.lateness.lastHour.count + seen.runTime.lastHour.count > 0;
  const until = Math.min(nextDue ?? Number.MAX_SAFE_INTEGER, wakesAt, Number.MAX_SAFE_INTEGER);
  return ages ? Math.min(until, now + hourAgesMs) : until;
}

/** What happened in the last minute. */
function countOf({ statistics }: QueueView): number {
  const { executedLastMinute, addedLastMinute, startedLastMinute } = statistics;
  const { doneLastMinute, retriedLastMinute, failedLastMinute } = statistics;
  const started = executedLastMinute + addedLastMinute + startedLastMinute;
  return started + doneLastMinute + retriedLastMinute + failedLastMinute;
}

/** Tells entries of queue.yaml apart: FNV-1a in 32 bits; empty for a queue that is not in the file. */
export function entryMark(entry: QueueConfig | undefined): string {
  if (!entry) return "";
  let hash = 0x811c9dc5;
  const text = JSON.stringify(entry);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
