// A range of row keys from which tasks start in their order. A queue has two: expedited tasks, which
// somebody asked to run now, and scheduled ones.
import {
  dueOf,
  LAST_EXPEDITED_KEY,
  LAST_SCHEDULED_KEY,
  lastExpeditedKeyOf,
  lastKeyOf,
} from "../../../store/queue/row-key.ts";
import type { TaskRow, Tasks } from "../../../store/queue/tasks.ts";

/** Where a lane lies: `after < key <= upTo`. `lastKeyOf`: the last key due at an instant (ms). */
interface Range {
  after: number;
  upTo: number;
  lastKeyOf: (now: number) => number;
}

export const EXPEDITED: Range = {
  after: -1,
  upTo: LAST_EXPEDITED_KEY,
  lastKeyOf: lastExpeditedKeyOf,
};
export const SCHEDULED: Range = {
  after: LAST_EXPEDITED_KEY,
  upTo: LAST_SCHEDULED_KEY,
  lastKeyOf,
};

export class Lane {
  readonly #range: Range;
  readonly #tasks: Tasks;
  readonly #isRunning: (key: number, name: string) => boolean;
  // Every due task up to this key is in flight: the next to start is looked for behind it.
  #cursor: number;
  // No task behind the cursor that could start is due before this moment (ms), and one is then, unless it has
  // gone since; infinite when there is none, undefined when the rows have to be asked.
  #next: number | undefined;

  constructor(range: Range, tasks: Tasks, isRunning: (key: number, name: string) => boolean) {
    this.#range = range;
    this.#tasks = tasks;
    this.#isRunning = isRunning;
    this.#cursor = range.after;
  }

  /** A row was written at `key`, in this lane: if that lies before the cursor, the cursor goes back. */
  rewindTo(key: number): void {
    this.#cursor = Math.min(this.#cursor, key - 1);
    if (this.#next !== undefined) this.#next = Math.min(this.#next, dueOf(key));
  }

  /** The row at `key` is there no more. */
  gone(key: number): void {
    if (dueOf(key) === this.#next) this.#next = undefined;
  }

  /** The rows may have changed in any way. */
  reread(): void {
    this.#next = undefined;
  }

  /** Up to `limit` tasks that are due at `now` and not in flight. */
  due(now: number, limit: number): TaskRow[] {
    if (limit <= 0 || (this.#next !== undefined && this.#next > now)) return [];
    this.#next = undefined;
    return this.#tasks.due(this.#cursor, this.#range.lastKeyOf(now), limit, this.#isRunning);
  }

  /** How many tasks are due at `now` and not in flight, `limit` at most. */
  countDue(now: number, limit: number): number {
    if (this.#next !== undefined && this.#next > now) return 0;
    return this.#tasks.countDue(this.#cursor, this.#range.lastKeyOf(now), limit, this.#isRunning);
  }

  /** When the n-th task is due of those that are due after `now` and up to `end`; all in ms. */
  dueOfNth(n: number, now: number, end: number): number | undefined {
    const { lastKeyOf } = this.#range;
    const key = this.#tasks.nthKey(n, lastKeyOf(now), lastKeyOf(end));
    return key === undefined ? undefined : dueOf(key);
  }

  /** The task at `key`, the first that was due, is in flight now. */
  started(key: number): void {
    this.#cursor = key;
    this.#next = undefined;
  }

  /** When the first task that is not in flight is due (ms), if there is one. */
  nextDue(): number | undefined {
    this.#next ??=
      this.#tasks.nextDue(this.#cursor, this.#isRunning, this.#range.upTo) ??
      Number.POSITIVE_INFINITY;
    return Number.isFinite(this.#next) ? this.#next : undefined;
  }
}
