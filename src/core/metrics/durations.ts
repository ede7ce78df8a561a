// How long things took, as a histogram that only grows: counts up to bounds that people ask for, the finer ones of a
// native histogram, and their sum. What was recorded is whole milliseconds, so each count is exact.
import { NativeBuckets, type NativeCounts } from "./native-buckets.ts";

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
  /** The same durations by finer bounds. A version before this one did not count them. */
  native?: NativeCounts;
}

export const NO_DURATIONS: StoredDurations = { counts: [], sumMs: 0 };

export class Durations {
  readonly #counts: number[];
  readonly #native: NativeBuckets;
  #sumMs: number;

  constructor(stored: StoredDurations = NO_DURATIONS) {
    const { counts, sumMs } = stored;
    this.#native = new NativeBuckets(nativeOf(stored));
    this.#counts = BOUNDS_MS.map((_, i) => counts[i] ?? 0);
    this.#counts.push(counts[BOUNDS_MS.length] ?? 0);
    this.#sumMs = sumMs;
  }

  /** Something took `ms`. What began before its time, by a clock that stepped back, took no time. */
  record(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#native.record(ms);
    this.#sumMs += Math.max(0, ms);
  }

  toStored(): StoredDurations {
    return { counts: [...this.#counts], sumMs: this.#sumMs, native: this.#native.toStored() };
  }
}

export function sumOfDurations(all: readonly StoredDurations[]): StoredDurations {
  const sum = (of: (it: StoredDurations) => number | undefined) =>
    all.reduce((n, it) => n + (of(it) ?? 0), 0);
  const counts = Array.from({ length: BOUNDS_MS.length + 1 }, (_, i) => sum((it) => it.counts[i]));
  const native = NativeBuckets.sumOf(all.map(nativeOf));
  return { counts, sumMs: sum((it) => it.sumMs), native };
}

/** The finer counts; of those that were not kept, what is known: that none took longer than its bucket's bound. */
export function nativeOf({ counts, native }: StoredDurations): NativeCounts {
  if (native) return native;
  const buckets = new NativeBuckets();
  const longest = 2 * (BOUNDS_MS.at(-1) as number);
  for (const [i, n] of counts.entries()) if (n > 0) buckets.record(BOUNDS_MS[i] ?? longest, n);
  return buckets.toStored();
}
