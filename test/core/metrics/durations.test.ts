import { expect, it } from "vitest";
import { BOUNDS_S, Durations, sumOfDurations } from "../../../src/core/metrics/durations.ts";

it.each(
  BOUNDS_S.flatMap((bound, i) => [
    [bound * 1000 - 1, i],
    [bound * 1000, i],
    [bound * 1000 + 1, i + 1],
  ]).filter(([ms = 0], n) => n === 0 || ms > (BOUNDS_S[Math.floor(n / 3) - 1] ?? 0) * 1000),
)("%d ms are in bucket %d", (ms = 0, bucket = 0) => {
  const durations = new Durations();
  durations.record(ms);
  const { counts, sumMs } = durations.toStored();
  expect(counts.indexOf(1)).toBe(bucket);
  expect(sumMs).toBe(ms);
});

it("goes on from what was stored, by whatever bounds there are more", () => {
  const durations = new Durations({ counts: [2], sumMs: 6 });
  durations.record(1);
  durations.record(-5);
  expect(durations.toStored().counts[0]).toBe(4);
  expect(durations.toStored().sumMs).toBe(7);
});

it("is summed bucket by bucket", () => {
  const sum = sumOfDurations([
    { counts: [1, 2], sumMs: 10 },
    { counts: [1, 0, 5], sumMs: 20 },
  ]);
  expect(sum.counts.slice(0, 4)).toEqual([2, 2, 5, 0]);
  expect(sum.sumMs).toBe(30);
});
