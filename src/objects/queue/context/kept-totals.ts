// Totals that outlive their object, and never go back: what is shown of them is what is on disk, and that is written
// beside the history, in its row. A queue that nobody scrapes writes it as seldom as before. One that is scraped
// remembers that for a day, so that an object that starts in between keeps what it counts: on disk within ten
// seconds, as a row for at most every ten of them.
import { type Meter, noMeter } from "../../../core/metrics/meter.ts";
import { type QueueTotals, sumOfTotals, Totals } from "../../../core/metrics/totals.ts";
import { TRANSITION_KINDS, type TransitionCounts } from "../../../core/metrics/transitions.ts";
import type { QueueMeta, StoredTotals } from "../../../store/queue/queue-meta.ts";

export interface TotalsDeps {
  meta: QueueMeta;
  meter: Meter;
  /** Whether the object keeps anything. */
  exists: () => boolean;
  /** Groups that have tasks on the queue. */
  groups: () => number;
  /** Writes the history with the totals in it, in a commit of its own. */
  write: () => void;
  /** ms since 1970 */
  now: () => number;
}

export type NewTotals = new (deps: TotalsDeps) => KeptTotals;

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

  constructor(deps: TotalsDeps) {
    this.#deps = deps;
  }

  took(steps: TransitionCounts): void {
    for (const step of TRANSITION_KINDS) if (steps[step] > 0) this.#count(step, steps[step]);
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

  /** Whether all that was counted is on disk. */
  get isCurrent(): boolean {
    return !this.#isCounted;
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
      if (this.#isCounted) this.#deps.write();
    }, ms);
  }

  /** Somebody scrapes the queue at `now` (ms). */
  scraped(now: number): void {
    // One that has gone counts on no more: what it had is being taken over.
    if (!this.#deps.exists() || this.#deps.meta.get("left")) return;
    const isNew = this.#watchedUntilStored < now + RENEW_MS;
    if (isNew) this.#watchedUntil = now + WATCHED_MS;
    const used = this.#deps.meter.requests - this.#requestsWritten;
    const isMore = this.#isCounted || used >= MUCH_USED;
    if (isNew || (isMore && this.#waits(now) <= 0)) this.#deps.write();
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
  shown(): QueueTotals {
    const { now, groups, exists } = this.#deps;
    const { at: _, watchedUntil: __, ...totals } = this.#stored ?? this.#nothing(now());
    return exists() ? { ...totals, groups: groups() } : totals;
  }

  /** What is to be on disk once these count here, which others had counted. */
  with(others: readonly QueueTotals[], now: number): StoredTotals {
    const own = this.toStored(now);
    return { ...own, ...sumOfTotals([own, ...others]) };
  }

  /** It counts on from what is on disk. */
  readAgain(): void {
    this.#deps.meter.reset();
    this.#read = undefined;
  }

  /** All that was counted is forgotten. */
  forget(): void {
    this.#deps.meter.reset();
    this.#read = undefined;
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
    const { meta } = this.#deps;
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
