// A queue's history in memory, and how it outlives its object. The platform evicts an object soon after its
// queue has come to rest, so it is stored then, as one row for at most every twenty rows that tasks wrote.
// Marks are rare, and a row each.
import {
  beginOf,
  History,
  type HistoryMark,
  type HistorySpan,
  happened,
  type QueueHistory,
  slotSecondsOf,
} from "../../../core/metrics/history.ts";
import { TRANSITION_KINDS, type TransitionCounts } from "../../../core/metrics/transitions.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import type { QueueMeta, StoredMark, StoredTotals } from "../../../store/queue/queue-meta.ts";
import { trouble } from "../../log.ts";

const MAX_MARKS = 50;
/** It is written after so many steps that wrote a row, at rest or after so long; a few steps wait longer. */
const WRITE = { steps: 20, everyMs: 60_000, fewEveryMs: 600_000 };

export class StoredHistory {
  readonly #meta: QueueMeta;
  readonly #startedAt: number;
  // Read when it is first needed: most objects start for little.
  #read: History | undefined;
  #unwritten = 0;
  #isTouched = false;
  #writtenAt: number;

  /** `startedAt`: when the object started, ms since 1970. */
  constructor(meta: QueueMeta, startedAt: number) {
    this.#meta = meta;
    this.#startedAt = startedAt;
    this.#writtenAt = startedAt;
  }

  /** Steps that were committed at `now` (ms). */
  took(steps: TransitionCounts, now: number): void {
    if (!happened(steps)) return;
    for (const step of TRANSITION_KINDS) {
      if (steps[step] > 0) this.#history.count(step, steps[step], now);
      this.#unwritten += steps[step];
    }
    this.#isTouched = true;
  }

  /** An attempt, or a lease, began so many ms after its time. */
  started(ms: number, now: number): void {
    this.#history.count("started", 1, now);
    this.#history.late(ms, now);
  }

  /** An attempt was answered after so many ms. */
  ran(ms: number, now: number): void {
    this.#history.ran(ms, now);
  }

  /** Remembers something that was done to the queue, inside the transaction that does it. */
  mark(kind: StoredMark["kind"], now: number, detail?: string): void {
    const mark = { at: now, kind, ...(detail === undefined ? {} : { detail }) };
    this.#meta.set("marks", [...this.#marks, mark].slice(-MAX_MARKS));
  }

  /**
   * Whether it is time to store the history, with the commit that was just made; `isAtRest`: nothing runs,
   * and nothing may start by now.
   */
  isDue(now: number, isAtRest: () => boolean): boolean {
    if (!this.#isTouched) return false;
    this.#isTouched = false;
    const waited = now - this.#writtenAt;
    const isMuch = this.#unwritten >= WRITE.steps && (waited >= WRITE.everyMs || isAtRest());
    return isMuch || waited >= WRITE.fewEveryMs;
  }

  /** Inside a commit. Stores the history, and the totals in its row; `tasks` are on the queue, where that is known. */
  store(now: number, tasks: number | undefined, totals?: StoredTotals): void {
    const history = this.#history.toStored(now, tasks);
    this.#meta.set("history", totals ? { ...history, totals } : history);
    this.#unwritten = 0;
    this.#writtenAt = now;
  }

  /** The span at `now`, of which only what is newer than `since` (ms); `tasks` are on the queue. */
  view(span: HistorySpan, now: number, tasks: number, since = 0): QueueHistory {
    const from = Math.max(since, beginOf(span, now));
    const started = { at: this.#startedAt, kind: "started" } as const;
    const marks = [...this.#marks, started].filter(({ at }) => at >= from);
    return {
      slotSeconds: slotSecondsOf(span),
      points: this.#history.points(span, now, tasks, since),
      marks: marks.sort((a, b) => a.at - b.at).map(markView),
    };
  }

  /** All of it is forgotten. */
  forget(): void {
    this.#read = undefined;
    this.#unwritten = 0;
  }

  get #history(): History {
    this.#read ??= this.#readHistory();
    return this.#read;
  }

  // An unreadable history is dropped: no task may wait for a chart.
  #readHistory(): History {
    try {
      return new History(this.#meta.get("history"));
    } catch (error) {
      trouble("task queue: the history could not be read, beginning anew", error);
      return new History();
    }
  }

  get #marks(): readonly StoredMark[] {
    return this.#meta.get("marks") ?? [];
  }
}

function markView({ at, ...mark }: Omit<HistoryMark, "at"> & { at: number }): HistoryMark {
  return { at: rfc3339(at), ...mark };
}
