// Merges percentiles of several queues. Each reports three ranks; between them the distribution is interpolated
// linearly on a logarithmic scale, and the distributions are added, weighted by their counts.
import type { Percentiles } from "../../core/metrics/histogram.ts";

/** Seconds; null when nothing was recorded anywhere. `share` of 0.99 is p99. */
export function mergedPercentile(of: readonly Percentiles[], share: number): number | null {
  const curves = of.flatMap((percentiles) => curveOf(percentiles) ?? []);
  const total = curves.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return null;
  const below = (x: number) =>
    curves.reduce((sum, { weight, points }) => sum + weight * shareBelow(points, x), 0) / total;
  return Math.exp(whereReached(below, share)) - MIN_S;
}

type Point = readonly [x: number, share: number];

// Offset: zero has no logarithm, and values below a millisecond are not distinguished.
const MIN_S = 0.0005;
const LOWEST = Math.log(MIN_S);
const HIGHEST = Math.log(2 * 86_400);

function curveOf({ p50, p90, p99, count }: Percentiles) {
  if (count === 0 || p50 === null || p90 === null || p99 === null) return undefined;
  const at = (seconds: number) => Math.log(seconds + MIN_S);
  const points: Point[] = [
    [LOWEST, 0],
    [at(p50), 0.5],
    [at(p90), 0.9],
    [at(p99), 0.99],
    [at(p99 * 1.5), 1],
  ];
  return { weight: count, points };
}

function shareBelow(points: readonly Point[], x: number): number {
  const next = points.findIndex(([at]) => at > x);
  if (next === -1) return 1;
  if (next === 0) return 0;
  const [[x0, s0], [x1, s1]] = [points[next - 1] as Point, points[next] as Point];
  return s0 + ((s1 - s0) * (x - x0)) / (x1 - x0);
}

function whereReached(below: (x: number) => number, share: number): number {
  let [low, high] = [LOWEST, HIGHEST];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (below(middle) < share) low = middle;
    else high = middle;
  }
  return high;
}
