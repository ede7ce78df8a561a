// Are dispatches within the bucket, and attempts within their limit? Pure; times in ms.
import type { Shape } from "./config.ts";

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

/** The most that were open at once; one that ends when another begins is over. */
export function mostOpen(spans: readonly { from: number; to: number }[]): number {
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
