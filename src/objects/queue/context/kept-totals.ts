// Totals that outlive their object, and never go back: what is shown of them is what is on disk, and that is written
// beside the history, in its row. A queue that nobody scrapes writes it as seldom as before. One that is scraped
// remembers that for a day, so that an object that starts in between keeps what it counts: on disk within ten
// seconds, as a row for at most every ten of them.

import { callMeters } from "../../../core/metrics/call-meters.ts";
import type { GroupCounts } from "../../../core/metrics/group-counts.ts";
import { Meter, type MeterCounts, type NewMeter, noMeter } from "../../../core/metrics/meter.ts";
import {
  type AtRest,
  type FiguresReader,
  numbersHoldUntil,
  type ScrapeReport,
} from "../../../core/metrics/queue-report.ts";
import type { QueueView } from "../../../core/metrics/queue-view.ts";
import { type QueueTotals, sumOfTotals, Totals } from "../../../core/metrics/totals.ts";
import { TRANSITION_KINDS, type TransitionCounts } from "../../../core/metrics/transitions.ts";
import { countGroups } from "../../../store/queue/accepted-groups.ts";
import type { StoredTotals } from "../../../store/queue/queue-meta.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import type { Tables } from "../../../store/tables.ts";
import type { Commit } from "../../commit.ts";
import { trouble } from "../../log.ts";
import type { StoredHistory } from "./stored-history.ts";

export interface TotalsDeps {
  store: Pick<QueueStore, "meta" | "counts">;
  commit: Commit;
  history: StoredHistory;
  meter: Meter;
  /** The tables, which an object that keeps nothing does not have. */
  sql: Pick<Tables, "exist" | "rows">;
  /** ms since 1970 */
  now: () => number;
}

/** The class, as a part that a Worker may leave out. */
export interface NewTotals {
  new (deps: TotalsDeps): KeptTotals;
  newMeter: NewMeter;
  callMeters: typeof callMeters;
}

const EVERY_MS = 10_000;
const WATCHED_MS = 24 * 3600_000;
/** The mark that somebody scrapes is a row, so it is renewed seldom. */
const RENEW_MS = WATCHED_MS / 2;
/** So many calls of a queue on which nothing else happens are worth a row. */
const MUCH_USED = 100;

export class KeptTotals {
  readonly #deps: TotalsDeps;
  // Read when something is first counted: most objects start for little.
  #read: Totals | undefined;
  #isCounted = false;
  /** When the first of what is not on disk was counted (ms). */
  #countedAt = 0;
  #watchedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #requestsWritten = 0;

  /** What the object uses is counted from its start; `now` in ms since 1970. */
  static newMeter(now: () => number): Meter {
    return new Meter(now);
  }

  static readonly callMeters = callMeters;

  constructor(deps: TotalsDeps) {
    this.#deps = deps;
  }

  took(steps: TransitionCounts): void {
    for (const step of TRANSITION_KINDS) if (steps[step] > 0) this.#count(step, steps[step]);
  }

  tookOfGroups(counts: GroupCounts | undefined): void {
    if (!counts) return;
    this.#totals.countOfGroups(counts);
    this.#counted();
  }

  /** Another object has used this for the queue. */
  usedElsewhere(counts: MeterCounts | undefined): void {
    if (!counts) return;
    this.#totals.usedElsewhere(counts);
    this.#counted();
  }

  /** An attempt, or a lease, began so many ms after its time. */
  started(ms: number): void {
    this.#count("started", 1);
    this.#totals.late(ms);
  }

  /** An attempt was answered after so many ms. */
  ran(ms: number): void {
    this.#totals.ran(ms);
    this.#counted();
  }

  #count(step: keyof TransitionCounts, n: number): void {
    this.#totals.count(step, n);
    this.#counted();
  }

  #counted(): void {
    if (!this.#isCounted) this.#countedAt = this.#deps.now();
    this.#isCounted = true;
  }

  /**
   * What a report has for who wants totals; `view` and `atRest` are of the queue. `isLate`: not all that was counted is in
   * its totals yet, so that it holds no longer than until the next.
   */
  report(view: QueueView, atRest: AtRest, reader: FiguresReader): ScrapeReport {
    const { meter } = this.#deps;
    // They are not kept: a kill may take some of them back.
    if (reader === "costs") return { totals: this.#totals.toStored(meter.counts()) };
    const totals = this.#shown();
    if (this.#isCounted) return { totals, isLate: true };
    const until = numbersHoldUntil(view, atRest);
    return { totals, ...(until !== undefined && { numbersHoldUntil: until }) };
  }

  /** Whether it is time to write them, after a commit at `now` (ms). At rest the object may be gone soon. */
  isDue(now: number, isAtRest: () => boolean): boolean {
    if (!this.#isCounted || !this.#isWatched(now)) return false;
    const waits = this.#waits(now);
    if (waits > 0) this.#writeIn(waits);
    return waits <= 0 && (now - this.#countedAt >= EVERY_MS || isAtRest());
  }

  // Even if nothing else happens by then.
  #writeIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#isCounted) this.#write();
    }, ms);
  }

  /** Somebody scrapes the queue at `now` (ms). */
  scraped(now: number): void {
    // One that has gone counts on no more: what it had is being taken over.
    const { sql, store } = this.#deps;
    if (!sql.exist || store.meta.get("left")) return;
    const isNew = this.#watchedUntilStored < now + RENEW_MS;
    if (isNew) this.#watchedUntil = now + WATCHED_MS;
    const used = this.#deps.meter.requests - this.#requestsWritten;
    const isMore = this.#isCounted || used >= MUCH_USED;
    if (isNew || (isMore && this.#waits(now) <= 0)) this.#write();
  }

  #write(): void {
    const now = this.#deps.now();
    try {
      this.#deps.commit.run(() => this.#store(now, this.toStored(now)));
    } catch (error) {
      this.notWritten();
      trouble("task queue: the history could not be written", error);
    }
  }

  #store(now: number, totals: StoredTotals): void {
    const { history, store } = this.#deps;
    history.store(now, store.counts.onQueue(), totals);
  }

  /** Inside a commit: what is to be on disk at `now` (ms) once it is through. */
  toStored(now: number): StoredTotals {
    const { meter } = this.#deps;
    this.#isCounted = false;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#requestsWritten = meter.requests;
    const watchedUntil = Math.max(this.#watchedUntil, this.#watchedUntilStored);
    return {
      ...this.#totals.toStored(meter.counts()),
      at: now,
      ...(watchedUntil > now && { watchedUntil }),
    };
  }

  /** That commit failed. */
  notWritten(): void {
    this.#isCounted = true;
  }

  /** What is on disk. */
  #shown(): QueueTotals {
    const { now, sql } = this.#deps;
    const { at: _, watchedUntil: __, ...totals } = this.#stored ?? this.#nothing(now());
    return sql.exist ? { ...totals, groups: countGroups(sql) } : { ...totals, groups: 0 };
  }

  /** Inside a commit: what other objects of the queue had counted counts here from now on. */
  takeOver(others: readonly QueueTotals[]): void {
    if (others.length === 0) return;
    const { commit, now } = this.#deps;
    const own = this.toStored(now());
    this.#store(now(), { ...own, ...sumOfTotals([own, ...others]) });
    commit.after(() => this.#readAgain());
  }

  #readAgain(): void {
    this.#deps.meter.reset();
    this.#read = undefined;
  }

  /** All that was counted is forgotten. */
  forget(): void {
    this.#readAgain();
    this.#isCounted = false;
    this.#watchedUntil = 0;
  }

  get #totals(): Totals {
    this.#read ??= new Totals(this.#stored, this.#deps.now());
    return this.#read;
  }

  #nothing(now: number): StoredTotals {
    return { ...new Totals(undefined, now).toStored(noMeter()), at: now };
  }

  get #stored(): StoredTotals | undefined {
    const { meta } = this.#deps.store;
    return meta.get("history")?.totals ?? meta.get("left")?.totals;
  }

  get #watchedUntilStored(): number {
    return this.#stored?.watchedUntil ?? 0;
  }

  #isWatched(now: number): boolean {
    return Math.max(this.#watchedUntil, this.#watchedUntilStored) > now;
  }

  /** How long they wait yet, in ms. A clock that stepped back holds nothing up for longer. */
  #waits(now: number): number {
    const at = this.#stored?.at ?? 0;
    return Math.min(EVERY_MS, at + EVERY_MS - now);
  }
}
