// Percentiles of recent durations: counts in buckets 5 % wide, in a ring of time slots. Recording is one
// increment, and memory is constant.

/** Seconds, to 5 %; null when nothing was recorded. */
export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p99: number | null;
  count: number;
}

const WIDTH = Math.log(1.05);
const LONGEST_MS = 24 * 3600 * 1000;
/** The first is for less than a millisecond; what takes longer than a day counts as a day. */
const BUCKETS = 1 + Math.ceil(Math.log(LONGEST_MS) / WIDTH);

function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms) / WIDTH));
}

// The middle, in whole milliseconds as what was recorded.
function secondsOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(Math.exp((bucket - 0.5) * WIDTH)) / 1000;
}

/** Of things that took some time, as many as there were: one set of buckets, without a window. */
export class Times {
  // Made when something is first recorded.
  #counts: Uint32Array | undefined;
  #count = 0;

  /** What `written` gave. */
  static from(stored: StoredTimes): Times {
    const times = new Times();
    for (let i = 0; i + 1 < stored.length; i += 2) {
      times.#add(stored[i] as number, stored[i + 1] as number);
    }
    return times;
  }

  /** Something took `ms`. */
  record(ms: number): void {
    this.#add(bucketOf(ms), 1);
  }

  /** Seconds, to 5 %; null when nothing was recorded. */
  percentiles(): { p50: number; p99: number } | null {
    const counts = this.#counts;
    if (!counts) return null;
    const at = (share: number) => secondsOf(ranked(counts, share * this.#count));
    return { p50: at(0.5), p99: at(0.99) };
  }

  toStored(): StoredTimes {
    return storedOf(this.#counts);
  }

  #add(bucket: number, count: number): void {
    this.#counts ??= new Uint32Array(BUCKETS);
    this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.#count += count;
  }
}

/** Buckets and their counts by turns. */
export type StoredTimes = readonly number[];

/** Of the last `slots` × `slotMs`, the slot under way among them. */
export class Histogram {
  readonly #slots: number;
  readonly #slotMs: number;
  // Made when something is first recorded: most queues of a Worker are at rest.
  #counts: Uint32Array | undefined;
  #slot = 0;

  constructor(slots: number, slotMs: number) {
    this.#slots = slots;
    this.#slotMs = slotMs;
  }

  /** Something took `ms`; `now` in ms since 1970. */
  record(ms: number, now: number): void {
    this.#counts ??= new Uint32Array(this.#slots * BUCKETS);
    this.#forgetUntil(now, this.#counts);
    const index = (this.#slot % this.#slots) * BUCKETS + bucketOf(ms);
    this.#counts[index] = (this.#counts[index] as number) + 1;
  }

  percentiles(now: number): Percentiles {
    return percentilesOf(this.#sums(now));
  }

  /** What the percentiles are of. */
  counts(now: number): StoredTimes {
    return storedOf(this.#sums(now));
  }

  #sums(now: number): Uint32Array {
    const sums = new Uint32Array(BUCKETS);
    const counts = this.#counts;
    if (!counts) return sums;
    this.#forgetUntil(now, counts);
    for (let slot = 0; slot < counts.length; slot += BUCKETS) {
      for (let i = 0; i < BUCKETS; i++) {
        sums[i] = (sums[i] as number) + (counts[slot + i] as number);
      }
    }
    return sums;
  }

  // A clock that steps back records into the slot under way.
  #forgetUntil(now: number, counts: Uint32Array): void {
    const slot = Math.floor(now / this.#slotMs);
    for (let i = Math.max(this.#slot, slot - this.#slots) + 1; i <= slot; i++) {
      const from = (i % this.#slots) * BUCKETS;
      counts.fill(0, from, from + BUCKETS);
    }
    this.#slot = Math.max(slot, this.#slot);
  }
}

function storedOf(counts: Uint32Array | undefined): StoredTimes {
  const stored: number[] = [];
  for (const [bucket, count] of (counts ?? []).entries()) {
    if (count > 0) stored.push(bucket, count);
  }
  return stored;
}

function percentilesOf(sums: Uint32Array): Percentiles {
  const count = sums.reduce((sum, n) => sum + n, 0);
  const at = (share: number) => (count === 0 ? null : secondsOf(ranked(sums, share * count)));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), count };
}

/** Percentiles of all that several have counted. */
function percentilesOfAll(all: readonly StoredTimes[]): Percentiles {
  const sums = new Uint32Array(BUCKETS);
  for (const counts of all) {
    for (let i = 0; i + 1 < counts.length; i += 2) {
      const bucket = counts[i] as number;
      sums[bucket] = (sums[bucket] as number) + (counts[i + 1] as number);
    }
  }
  return percentilesOf(sums);
}

/** The bucket in which the `rank`-th of all lies, counted from 1. */
function ranked(sums: Uint32Array, rank: number): number {
  let seen = 0;
  return sums.findIndex((n) => {
    seen += n;
    return n > 0 && seen >= rank;
  });
}

const MINUTE = { slots: 60, slotMs: 1000 };
const HOUR = { slots: 60, slotMs: 60_000 };

/** The same over the last minute and the last hour. */
export interface RecentPercentiles {
  lastMinute: Percentiles;
  lastHour: Percentiles;
}

export class RecentTimes {
  readonly #minute = new Histogram(MINUTE.slots, MINUTE.slotMs);
  readonly #hour = new Histogram(HOUR.slots, HOUR.slotMs);

  /** Something took `ms`; `now` in ms since 1970. */
  record(ms: number, now: number): void {
    this.#minute.record(ms, now);
    this.#hour.record(ms, now);
  }

  percentiles(now: number): RecentPercentiles {
    return { lastMinute: this.#minute.percentiles(now), lastHour: this.#hour.percentiles(now) };
  }

  /** What the percentiles are of. */
  counts(now: number): RecentTimesCounts {
    return { lastMinute: this.#minute.counts(now), lastHour: this.#hour.counts(now) };
  }
}

export type RecentTimesCounts = Record<keyof RecentPercentiles, StoredTimes>;

export function mergedTimes(all: readonly RecentTimesCounts[]): RecentPercentiles {
  return {
    lastMinute: percentilesOfAll(all.map(({ lastMinute }) => lastMinute)),
    lastHour: percentilesOfAll(all.map(({ lastHour }) => lastHour)),
  };
}
