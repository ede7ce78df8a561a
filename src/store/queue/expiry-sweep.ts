// Removing what has expired: tombstones, failed tasks, results. An expired name is free already, so this only gives
// its room back. Failed tasks and results lie in the order they expire in and are deleted, a page at a time. Names
// do not, and are many: their rows are taken over by new names (`spare-names.ts`), and where next to nothing else
// is left of them, the table is made anew. So they are surveyed, a page at a time, at most once in six hours.
import type { FailedTasks } from "./failed-tasks.ts";
import type { LargeResults } from "./large-results.ts";
import type { Names } from "./names.ts";
import type { QueueMeta } from "./queue-meta.ts";
import type { RuledTasks } from "./ruled-tasks.ts";

export interface SweepDeps {
  failed: FailedTasks;
  meta: QueueMeta;
  names: Names;
  results: LargeResults;
  ruled: RuledTasks;
}

/** How far the survey that is under way has come. */
interface Survey {
  /** The last name it has looked at. */
  after: string;
  expired: number;
  /** Names that have not expired, and all that were written since it began. */
  staying: readonly string[];
  written: Set<string>;
  /** The earliest expiry (ms) among the names it has passed. */
  earliest: number;
}

export interface SweepProgress {
  survey: Survey | undefined;
  /** Whether names may be there that had expired before the sweep that is planned. */
  hasLeft: boolean;
  /** When the next sweep may begin at the earliest (ms), as far as memory goes back. */
  notBefore: number;
  /** The last name that was looked at to make room, while that is under way. */
  roomAfter?: string;
  /** When room was last begun to be made (ms). */
  roomAt?: number;
}

/** Failed tasks and results that are deleted in one transaction; names that are looked at. Some ms each. */
const PAGE = 500;
const SURVEYED = 10_000;
const EVERY_MS = 6 * 3600 * 1000;
/** Names that are looked at together to make room; and how long a queue that is full then waits to look again. */
const ROOM_PAGE = 2000;
const ROOM_EVERY_MS = 600_000;
/** So many names may stay that a table made anew is to keep, which are read and written in one transaction. */
const MOST_STAYING = 2000;
/** A table is made anew for so many expired names to each row that this writes. */
const WORTH = 8;
const ROWS_OF_TABLE = 2;

export class ExpirySweep {
  readonly #deps: SweepDeps;
  #progress: SweepProgress;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
    const hasLeft = deps.meta.get("sweepAt") !== undefined;
    this.#progress = { survey: undefined, hasLeft, notBefore: 0 };
  }

  /** Whether a sweep has begun and has more to look at. */
  get isUnderWay(): boolean {
    const { survey, roomAfter } = this.#progress;
    return survey !== undefined || roomAfter !== undefined;
  }

  /** Whether something may have expired at `now` (ms). */
  isDue(now: number): boolean {
    if (this.#progress.roomAfter !== undefined) return true;
    const at = this.#deps.meta.get("sweepAt");
    return at !== undefined && at <= now;
  }

  /** Whether there may be names that have expired at `now` (ms). */
  mayHaveExpired(now: number): boolean {
    return this.#progress.hasLeft || this.isDue(now);
  }

  /**
   * The queue has no room for more: from now on `run` removes expired names, though each costs a row. False when
   * there can be none, or it was done a moment ago.
   */
  makeRoom(now: number): boolean {
    const { roomAt = 0 } = this.#progress;
    if (!this.mayHaveExpired(now) || now < roomAt + ROOM_EVERY_MS) return false;
    this.#progress = { ...this.#progress, roomAfter: "", roomAt: now };
    return true;
  }

  /** Removes a page of what has expired, if anything may have; true when there is more to do at once. */
  run(now: number): boolean {
    if (!this.isDue(now)) return false;
    const { failed, results, ruled } = this.#deps;
    const swept = [failed.sweep(now, PAGE), results.sweep(now, PAGE)];
    if (ruled.exist) swept.push(ruled.expired.sweep(now, PAGE));
    if (swept.some(({ removed }) => removed === PAGE) || this.#removePage(now)) return true;
    const survey = this.#progress.survey ?? this.#begin();
    const { seen, isWhole } = this.#look(survey, now);
    if (!isWhole && stayingOf(seen).length <= MOST_STAYING) return true;
    const hasLeft = isWhole ? this.#removeExpired(seen) : true;
    this.#end(now, hasLeft, [...swept, isWhole ? seen : { earliest: now }]);
    return false;
  }

  /** Removes a page of expired names where there is no room; true when it did. */
  #removePage(now: number): boolean {
    const { roomAfter, ...progress } = this.#progress;
    if (roomAfter === undefined) return false;
    const next = this.#deps.names.removeExpired(roomAfter, now, ROOM_PAGE);
    this.#progress = next === undefined ? progress : { ...progress, roomAfter: next };
    return true;
  }

  #end(now: number, hasLeft: boolean, seen: readonly { earliest: number }[]): void {
    const notBefore = now + EVERY_MS;
    this.restore({ ...this.#progress, survey: undefined, hasLeft, notBefore });
    const earliest = Math.min(...seen.map((one) => one.earliest));
    this.#plan(Number.isFinite(earliest) ? Math.max(earliest, notBefore) : undefined);
  }

  /**
   * Something expires at `expires` (ms). Tombstones of one queue live equally long, so the first one's end is
   * the earliest and later ones change nothing: one row in the first tombstone's life, not one each.
   */
  expect(expires: number): void {
    // A survey that is under way may be past this name already.
    const { survey } = this.#progress;
    if (survey) this.#go({ ...survey, earliest: Math.min(survey.earliest, expires) });
    const at = this.#deps.meta.get("sweepAt") ?? Number.POSITIVE_INFINITY;
    const next = Math.max(expires, this.#progress.notBefore);
    if (next < at) this.#plan(next);
  }

  /** Everything was erased, the meta values among it. */
  reset(): void {
    this.restore({ survey: undefined, hasLeft: false, notBefore: 0 });
  }

  save(): SweepProgress {
    return this.#progress;
  }

  restore(progress: SweepProgress): void {
    this.#progress = progress;
    this.#deps.names.watch(progress.survey?.written);
  }

  #begin(): Survey {
    const written = new Set<string>();
    this.#deps.names.watch(written);
    return this.#go({
      after: "",
      expired: 0,
      staying: [],
      written,
      earliest: Number.POSITIVE_INFINITY,
    });
  }

  #go(survey: Survey): Survey {
    this.#progress = { ...this.#progress, survey };
    return survey;
  }

  #look(survey: Survey, now: number): { seen: Survey; isWhole: boolean } {
    const page = this.#deps.names.survey(survey.after, now, SURVEYED);
    const seen = {
      ...survey,
      after: page.next ?? survey.after,
      expired: survey.expired + page.expired,
      staying: [...survey.staying, ...page.staying],
      earliest: Math.min(survey.earliest, page.earliest),
    };
    return { seen: this.#go(seen), isWhole: page.next === undefined };
  }

  /** All names were looked at: those that have expired go, where that is cheap; whether any is left. */
  #removeExpired(seen: Survey): boolean {
    const staying = stayingOf(seen);
    const isCheap = seen.expired >= WORTH * (staying.length + ROWS_OF_TABLE);
    if (!isCheap || staying.length > MOST_STAYING) return seen.expired > 0;
    this.#deps.names.keepOnly(staying);
    return false;
  }

  #plan(at: number | undefined): void {
    if (at === undefined) this.#deps.meta.clear("sweepAt");
    else this.#deps.meta.set("sweepAt", at);
  }
}

function stayingOf({ staying, written }: Survey): string[] {
  return [...new Set([...staying, ...written])];
}
