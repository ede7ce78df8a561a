import { describe, expect, it } from "vitest";
import {
  BOUNDS_S,
  Durations,
  nativeOf,
  sumOfDurations,
} from "../../../src/core/metrics/durations.ts";
import { spansOf } from "../../../src/core/metrics/native-buckets.ts";

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

describe("native buckets", () => {
  it.each([0, 1, 2, 7, 125, 250, 999, 1000, 1001, 60_000, 86_400_000])(
    "%d ms are in one that is 9 % wide",
    (ms) => {
      const durations = new Durations();
      durations.record(ms);
      const { native: [index = 0, count] = [] } = durations.toStored();
      expect(count).toBe(1);
      const seconds = Math.max(ms, 0.5) / 1000;
      expect(seconds).toBeLessThanOrEqual(2 ** (index / 8) * (1 + 1e-12));
      expect(seconds).toBeGreaterThan(2 ** ((index - 1) / 8) * (1 - 1e-12));
    },
  );

  it("are stored in their order, and are summed", () => {
    const durations = new Durations();
    for (const ms of [5000, 1, 1, 300]) durations.record(ms);
    const stored = durations.toStored();
    const indexes = (stored.native ?? []).filter((_, i) => i % 2 === 0);
    expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
    const sum = sumOfDurations([stored, stored]).native ?? [];
    expect(sum).toEqual((stored.native ?? []).map((n, i) => (i % 2 ? 2 * n : n)));
  });

  it("have as many as were counted before there were any, by the bounds that were kept", () => {
    const native = nativeOf({ counts: [2, 0, 3], sumMs: 70 });
    expect(native.filter((_, i) => i % 2)).toEqual([2, 3]);
    const upper = 2 ** ((native[2] ?? 0) / 8);
    expect(upper).toBeGreaterThanOrEqual(0.025);
    expect(upper).toBeLessThan(0.025 * 1.1);
    const goesOn = new Durations({ counts: [2, 0, 3], sumMs: 70 });
    goesOn.record(20);
    const { counts, native: all = [] } = goesOn.toStored();
    const total = (of: readonly number[]) => of.reduce((sum, n) => sum + n, 0);
    expect(total(all.filter((_, i) => i % 2))).toBe(total(counts));
  });

  it("are sent as runs, and by what each has more than the one before", () => {
    expect(spansOf([-3, 2, -2, 5, 0, 1])).toEqual({
      spans: [
        { offset: -3, length: 2 },
        { offset: 1, length: 1 },
      ],
      deltas: [2, 3, -4],
    });
    expect(spansOf([])).toEqual({ spans: [], deltas: [] });
  });
});
