// Counts and percentiles for each of the last time slots. Percentiles come from a histogram that is running
// until its slot closes. Slots without events are not stored.
import { type StoredTimes, Times } from "./histogram.ts";
import {
  GAIN,
  noTransitions,
  TRANSITION_KINDS,
  type TransitionCounts,
  type TransitionKind,
} from "./transitions.ts";

/** Seconds. */
export interface MedianAndP99 {
  p50: number;
  p99: number;
}

/** A slot; the current one has what was counted so far. */
export interface Slot {
  /** Slots since 1970. */
  index: number;
  counts: TransitionCounts;
  /** On the queue at its end, where that was written down. */
  tasks: number | null;
  lateness: MedianAndP99 | null;
  runTime: MedianAndP99 | null;
}

interface OpenSlot {
  index: number;
  counts: TransitionCounts;
  /** Counted along from what was written down. */
  tasks: number | null;
  lateness: Times;
  runTime: Times;
}

/**
 * A slot as numbers: index, the first six TRANSITION_KINDS, tasks, the percentiles of lateness and run time, and the
 * kinds that came later, which a version before leaves alone.
 */
type StoredSlot = readonly (number | null)[];

/** Slots in their order, and the times of the last, which may go on. */
export interface StoredRing {
  slots: readonly StoredSlot[];
  lateness: StoredTimes;
  runTime: StoredTimes;
}

export class HistoryRing {
  readonly slotMs: number;
  readonly #max: number;
  #closed: Slot[] = [];
  #open: OpenSlot | undefined;

  /** Remembers `most` slots of `slotMs` each, as they were `written`. */
  constructor(slotMs: number, max: number, stored?: StoredRing) {
    this.slotMs = slotMs;
    this.#max = max;
    const last = stored?.slots.at(-1);
    if (!stored || !last) return;
    this.#closed = stored.slots.slice(0, -1).map(slotOf);
    const { index, counts, tasks } = slotOf(last);
    const times = {
      lateness: Times.from(stored.lateness),
      runTime: Times.from(stored.runTime),
    };
    this.#open = { index, counts, tasks, ...times };
  }

  count(step: TransitionKind, n: number, now: number): void {
    const slot = this.#at(now);
    slot.counts[step] += n;
    if (slot.tasks !== null) slot.tasks += n * GAIN[step];
  }

  late(ms: number, now: number): void {
    this.#at(now).lateness.record(ms);
  }

  ran(ms: number, now: number): void {
    this.#at(now).runTime.record(ms);
  }

  /** Those that reach into the time remembered at `now`, in their order. */
  slots(now: number): Slot[] {
    const open = this.#open ? [closed(this.#open)] : [];
    const first = this.#indexOf(now) - this.#max + 1;
    return [...this.#closed, ...open].filter(({ index }) => index >= first);
  }

  /** `slots` are those `slots()` gave, with the numbers of tasks known since. */
  toStored(slots: readonly Slot[]): StoredRing {
    const { lateness = new Times(), runTime = new Times() } = this.#open ?? {};
    const times = { lateness: lateness.toStored(), runTime: runTime.toStored() };
    return { slots: slots.map(numbersOf), ...times };
  }

  #indexOf(now: number): number {
    return Math.floor(now / this.slotMs);
  }

  // A clock that steps back counts into the slot under way.
  #at(now: number): OpenSlot {
    const open = this.#open;
    const index = this.#indexOf(now);
    if (open && index <= open.index) return open;
    if (open) this.#closed = [...this.#closed, closed(open)].slice(-this.#max);
    const times = { lateness: new Times(), runTime: new Times() };
    this.#open = { index, counts: noTransitions(), tasks: null, ...times };
    return this.#open;
  }
}

function closed({ lateness, runTime, ...slot }: OpenSlot): Slot {
  return { ...slot, lateness: lateness.percentiles(), runTime: runTime.percentiles() };
}

const FIRST_KINDS = 6;
/** What lies between them and later kinds: tasks, and two percentiles of two times. */
const BEHIND = 5;

function numbersOf({ index, counts, tasks, lateness, runTime }: Slot): StoredSlot {
  const times = [lateness, runTime].flatMap((time) => (time ? [time.p50, time.p99] : [null, null]));
  const kinds = TRANSITION_KINDS.map((step) => counts[step]);
  return [index, ...kinds.slice(0, FIRST_KINDS), tasks, ...times, ...kinds.slice(FIRST_KINDS)];
}

function slotOf(stored: StoredSlot): Slot {
  const index = stored[0] as number;
  const kinds = [...stored.slice(1, 1 + FIRST_KINDS), ...stored.slice(1 + FIRST_KINDS + BEHIND)];
  const counts = noTransitions();
  for (const [i, step] of TRANSITION_KINDS.entries()) counts[step] = kinds[i] ?? 0;
  const [tasks = null, ...times] = stored.slice(1 + FIRST_KINDS);
  const [lateness, runTime] = [timesOf(times[0], times[1]), timesOf(times[2], times[3])];
  return { index, counts, tasks, lateness, runTime };
}

function timesOf(
  p50: number | null | undefined,
  p99: number | null | undefined,
): MedianAndP99 | null {
  return typeof p50 === "number" && typeof p99 === "number" ? { p50, p99 } : null;
}
