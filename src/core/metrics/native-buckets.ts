// Buckets as Prometheus' native histograms have them: each is wider than the one before by the same factor, and there
// are as many as were needed. The form is that of client_model's metrics.proto.

/** Eight buckets for each doubling, so that one is 9 % wide; what native histograms call their schema. */
export const SCHEMA = 3;
const PER_DOUBLING = 2 ** SCHEMA;
/** What took less counts as that: durations are whole milliseconds, and none of them is nothing. */
const LEAST_S = 0.0005;

/** Indexes of buckets and their counts by turns, in the order of indexes. */
export type NativeCounts = readonly number[];

export class NativeBuckets {
  readonly #counts = new Map<number, number>();

  constructor(counts: NativeCounts = []) {
    this.#addAll(counts);
  }

  /** `n` things took `ms`. */
  record(ms: number, n = 1): void {
    this.#add(indexOf(ms / 1000), n);
  }

  toStored(): NativeCounts {
    return [...this.#counts].sort(([a], [b]) => a - b).flat();
  }

  static sumOf(all: readonly NativeCounts[]): NativeCounts {
    const sum = new NativeBuckets();
    for (const counts of all) sum.#addAll(counts);
    return sum.toStored();
  }

  #addAll(counts: NativeCounts): void {
    for (let i = 0; i + 1 < counts.length; i += 2) {
      this.#add(counts[i] as number, counts[i + 1] as number);
    }
  }

  #add(index: number, n: number): void {
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + n);
  }
}

/** The bucket with the bounds 2^((index - 1) / 8) and 2^(index / 8), in seconds, the upper one within it. */
function indexOf(seconds: number): number {
  return Math.ceil(Math.log2(Math.max(LEAST_S, seconds)) * PER_DOUBLING);
}

/** A run of buckets that follow each other: `offset` from the end of the run before, or from 0. */
export interface Span {
  offset: number;
  length: number;
}

/** The same as they are sent: runs, and of each bucket's count what it has more than the one before. */
export function spansOf(counts: NativeCounts): { spans: Span[]; deltas: number[] } {
  const spans: Span[] = [];
  const deltas: number[] = [];
  let [end, before] = [0, 0];
  for (let i = 0; i + 1 < counts.length; i += 2) {
    const [index = 0, count = 0] = [counts[i], counts[i + 1]];
    const last = spans.at(-1);
    if (last && index === end) last.length++;
    else spans.push({ offset: index - end, length: 1 });
    deltas.push(count - before);
    [end, before] = [index + 1, count];
  }
  return { spans, deltas };
}
