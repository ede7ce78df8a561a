// How long things took, as a histogram that only grows: counts up to bounds that people ask for, and their sum. What
// was recorded is whole milliseconds, so each count is exact.

/** Upper bounds of the buckets, in seconds; what took longer counts among all alone. */
export const BOUNDS_S = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  ...[10, 30, 60, 300, 900, 3600],
] as const;

const BOUNDS_MS = BOUNDS_S.map((s) => s * 1000);

/** Counts of each bucket by itself, the one without a bound last, and the sum in ms. */
export interface StoredDurations {
  counts: readonly number[];
  sumMs: number;
}

export const NO_DURATIONS: StoredDurations = { counts: [], sumMs: 0 };

export class Durations {
  readonly #counts: number[];
  #sumMs: number;

  constructor({ counts, sumMs }: StoredDurations = NO_DURATIONS) {
    this.#counts = BOUNDS_MS.map((_, i) => counts[i] ?? 0);
    this.#counts.push(counts[BOUNDS_MS.length] ?? 0);
    this.#sumMs = sumMs;
  }

  /** Something took `ms`. What began before its time, by a clock that stepped back, took no time. */
  record(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sumMs += Math.max(0, ms);
  }

  toStored(): StoredDurations {
    return { counts: [...this.#counts], sumMs: this.#sumMs };
  }
}

export function sumOfDurations(all: readonly StoredDurations[]): StoredDurations {
  const sum = (of: (it: StoredDurations) => number | undefined) =>
    all.reduce((n, it) => n + (of(it) ?? 0), 0);
  const counts = Array.from({ length: BOUNDS_MS.length + 1 }, (_, i) => sum((it) => it.counts[i]));
  return { counts, sumMs: sum((it) => it.sumMs) };
}
