// Are dispatches within the bucket, and attempts within their limit? Pure; times in ms.
import type { Shape } from "./config.ts";
import type { Execution } from "./sort.ts";

/** An attempt of a queue: its tokens were taken between two readings of the server's clock. */
export interface Start {
  turn: number;
  read: number;
}

/**
 * By how many the worst interval passes capacity + rate * t; 0 or less is within. An interval reaches from the
 * first reading of its first attempt to the last of its last, so what is above it is provably too much.
 */
export function excess(starts: readonly Start[], { rate, capacity }: Omit<Shape, "maxRunning">) {
  const sorted = [...starts].sort((a, b) => a.read - b.read);
  let least = Number.POSITIVE_INFINITY;
  let worst = Number.NEGATIVE_INFINITY;
  for (const [i, { turn, read }] of sorted.entries()) {
    least = Math.min(least, i - (rate * turn) / 1000);
    worst = Math.max(worst, i + 1 - (rate * read) / 1000 - least - capacity);
  }
  return Math.max(0, Math.ceil(worst - 1e-6));
}

/** The same as it was stamped, with the machine's time and the latest the server's clock had shown. */
export interface Stamped {
  life: number;
  /** By the machine's clock, which no jump concerns. */
  at: number;
  turn: number;
  latest: number;
}

/**
 * A clock that goes back fills no bucket, and the time that comes twice gives its tokens once. So what counts
 * is the latest the clock has shown: in order, no reading is before the one in front of it. `peaks`: the latest of
 * each life, which it may have shown without starting anything.
 */
export function onward(stamped: readonly Stamped[], peaks: readonly number[]): Start[] {
  let [turn, read] = [0, 0];
  let life = stamped[0]?.life ?? 0;
  return stamped
    .toSorted((a, b) => a.at - b.at || a.turn - b.turn)
    .map((one) => {
      for (; life < one.life; life++) read = Math.max(read, peaks[life] ?? 0);
      turn = Math.max(turn, one.turn);
      read = Math.max(read, one.latest);
      return { turn, read };
    });
}

type Span = { from: number; to: number };

/** How long each attempt had its slot at least: to its end, or until the server's clock had passed its deadline. */
export function spansOf(runs: readonly Execution[]): Span[] {
  return runs.map(({ startedAt, endedAt, cutAt, turn, deadlineMs }) => {
    const passed = runs.find(
      (later) =>
        deadlineMs !== undefined &&
        later.startedAt > startedAt &&
        (later.latest ?? 0) >= (turn ?? Number.POSITIVE_INFINITY) + deadlineMs,
    );
    const ends = [endedAt, cutAt, passed?.startedAt].filter((at) => at !== undefined);
    return { from: startedAt, to: ends.length > 0 ? Math.min(...ends) : startedAt };
  });
}

/** The most that were open at once; one that ends when another begins is over. */
export function mostOpen(spans: readonly Span[]): number {
  const edges = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: Math.max(from, to), by: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  let most = 0;
  for (const { by } of edges) {
    open += by;
    most = Math.max(most, open);
  }
  return most;
}
