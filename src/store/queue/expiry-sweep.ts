// Removing what has expired: tombstones, failed tasks, results. An expired name is free already, so this
// only gives its room back; it is done a page at a time, and walks the names at most once in six hours.
import type { FailedTasks } from "./failed-tasks.ts";
import type { Names } from "./names.ts";
import type { QueueMeta } from "./queue-meta.ts";
import type { Results } from "./results.ts";

export interface SweepDeps {
  failed: FailedTasks;
  meta: QueueMeta;
  names: Names;
  results: Results;
}

/** How far the sweep that is under way has come, and the earliest expiry (ms) among what it has passed. */
export interface SweepProgress {
  after: string;
  earliest: number;
}

const PAGE = 500;
const EVERY_MS = 6 * 3600 * 1000;
const NONE: SweepProgress = { after: "", earliest: Number.POSITIVE_INFINITY };

export class ExpirySweep {
  readonly #deps: SweepDeps;
  #progress = NONE;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  /** Whether a sweep has begun and has more to look at. */
  get isUnderWay(): boolean {
    return this.#progress !== NONE;
  }

  /** Whether something may have expired at `now` (ms). */
  isDue(now: number): boolean {
    const at = this.#deps.meta.get("sweepAt");
    return at !== undefined && at <= now;
  }

  /** Removes a page of what has expired, if anything may have; true when there is more to do at once. */
  run(now: number): boolean {
    if (!this.isDue(now)) return false;
    const names = this.#deps.names.sweep(this.#progress.after, now, PAGE);
    const failed = this.#deps.failed.sweep(now, PAGE);
    const results = this.#deps.results.sweep(now, PAGE);
    const earliest = Math.min(
      ...[this.#progress.earliest, names.earliest, failed.earliest, results.earliest],
    );
    if (names.next !== undefined || failed.removed === PAGE || results.removed === PAGE) {
      this.#progress = { after: names.next ?? "", earliest };
      return true;
    }
    this.#plan(earliest === Infinity ? undefined : Math.max(earliest, now + EVERY_MS));
    this.#progress = NONE;
    return false;
  }

  /**
   * Something expires at `expires` (ms). Tombstones of one queue live equally long, so the first one's end is
   * the earliest and later ones change nothing: one row in the first tombstone's life, not one each.
   */
  expect(expires: number): void {
    // A sweep that is under way may be past this name already.
    if (this.isUnderWay) {
      const { after, earliest } = this.#progress;
      this.#progress = { after, earliest: Math.min(earliest, expires) };
    }
    const at = this.#deps.meta.get("sweepAt");
    if (at === undefined || expires < at) this.#plan(expires);
  }

  /** Everything was erased, the meta values among it. */
  reset(): void {
    this.#progress = NONE;
  }

  save(): SweepProgress {
    return this.#progress;
  }

  restore(progress: SweepProgress): void {
    this.#progress = progress;
  }

  #plan(at: number | undefined): void {
    if (at === undefined) this.#deps.meta.clear("sweepAt");
    else this.#deps.meta.set("sweepAt", at);
  }
}
