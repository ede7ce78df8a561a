import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  backoffSeconds,
  completeRetry,
  DEFAULT_RETRY,
  nextAttemptAt,
  type RetryParameters,
} from "../../../src/core/task/backoff.ts";

const DOUBLING = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

function times(count: number, seconds: number): number[] {
  return new Array<number>(count).fill(seconds);
}

// Given minimum, maximum and doublings (undefined: not said), and the first ten back-offs in seconds.
type Vector = [number | undefined, number | undefined, number | undefined, number[]];
const VECTORS: Vector[] = [
  [undefined, undefined, undefined, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2]],
  [10, 300, 3, [10, 20, 40, 80, 160, 240, 300, 300, 300, 300]],
  [10, 200, 0, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]],
  [10, 200, 3, [10, 20, 40, 80, 160, ...times(5, 200)]],
  [1, 1800, 20, DOUBLING],
  [2, 60, 1, [2, 4, 8, 12, 16, 20, 24, 28, 32, 36]],
  [0.5, 900, 10, DOUBLING.map((seconds) => seconds / 2)],
  [0, 3600, 16, times(10, 0)],
  [5, 5, 4, times(10, 5)],
  [30, 7200, 2, [30, 60, 120, 240, 360, 480, 600, 720, 840, 960]],
  [1, 3, 5, [1, 2, ...times(8, 3)]],
  [undefined, 2, 16, [0.1, 0.2, 0.4, 0.8, 1.6, ...times(5, 2)]],
  [0.1, 3600, 3, [0.1, 0.2, 0.4, 0.8, 1.6, 2.4, 3.2, 4, 4.8, 5.6]],
  [7200, undefined, 16, times(10, 7200)],
  [undefined, 0.05, 16, times(10, 0.05)],
  [1.5, 100, 2, [1.5, 3, 6, 12, 18, 24, 30, 36, 42, 48]],
  [60, 3600, 0, [60, 120, 180, 240, 300, 360, 420, 480, 540, 600]],
  [0.001, 3600, 16, DOUBLING.map((seconds) => seconds / 1000)],
];

describe("the back-off curve", () => {
  it.each(VECTORS)(
    "of min %d, max %d, doublings %d",
    (minBackoff, maxBackoff, maxDoublings, waits) => {
      const retry = completeRetry({ minBackoff, maxBackoff, maxDoublings });
      const ended = (retries: number) => ({ retries, firstStartedAt: 0, endedAt: 0 });
      expect(waits.map((_, retries) => nextAttemptAt(ended(retries), retry))).toEqual(
        waits.map((seconds) => Math.round(seconds * 1000)),
      );
      for (const [index, seconds] of waits.entries()) {
        expect(backoffSeconds(index + 1, retry)).toBeCloseTo(seconds, 9);
      }
    },
  );

  // The curve as a walk instead of a formula: double, then add, and look at the cap only at the end.
  function walked(
    retry: number,
    { minBackoff, maxBackoff, maxDoublings }: RetryParameters,
  ): number {
    let wait = minBackoff;
    let step = minBackoff;
    for (let n = 2; n <= retry; n++) {
      if (n <= maxDoublings + 1) {
        wait *= 2;
        step = wait;
      } else {
        wait += step;
      }
    }
    return Math.min(wait, maxBackoff);
  }

  const parameters = fc
    .record({
      minBackoff: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 5000, noNaN: true })),
      above: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
      maxDoublings: fc.oneof(fc.nat(20), fc.nat(1100)),
    })
    .map(({ above, ...rest }) => ({ ...rest, maxBackoff: rest.minBackoff + above }));

  it("is the same walked step by step", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), parameters, (retry, given) => {
        const expected = walked(retry, given);
        expect(Math.abs(backoffSeconds(retry, given) - expected)).toBeLessThanOrEqual(
          expected * 1e-9,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("never falls and stays between minimum and maximum", () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(50), fc.nat(3000)), parameters, (before, given) => {
        const [one, next] = [backoffSeconds(before + 1, given), backoffSeconds(before + 2, given)];
        expect(next).toBeGreaterThanOrEqual(one);
        expect(one).toBeGreaterThanOrEqual(given.minBackoff);
        expect(next).toBeLessThanOrEqual(given.maxBackoff);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what was left unsaid", () => {
  const { minBackoff: min, maxBackoff: max } = DEFAULT_RETRY;

  it.each([
    ["nothing said: the defaults", {}, { minBackoff: 0.1, maxBackoff: 3600 }],
    [
      "a lone minimum above the maximum raises it",
      { minBackoff: 5000 },
      { minBackoff: 5000, maxBackoff: 5000 },
    ],
    [
      "a lone maximum below the minimum lowers it",
      { maxBackoff: 0.05 },
      { minBackoff: 0.05, maxBackoff: 0.05 },
    ],
    ["a lone maximum of 0", { maxBackoff: 0 }, { minBackoff: 0, maxBackoff: 0 }],
    ["a lone minimum under the maximum", { minBackoff: 7 }, { minBackoff: 7, maxBackoff: max }],
    ["a lone maximum over the minimum", { maxBackoff: 7 }, { minBackoff: min, maxBackoff: 7 }],
    ["a minimum of 0 is honoured", { minBackoff: 0 }, { minBackoff: 0, maxBackoff: max }],
    ["both as given", { minBackoff: 2, maxBackoff: 9 }, { minBackoff: 2, maxBackoff: 9 }],
  ])("%s", (_, given, expected) => {
    expect(completeRetry(given)).toEqual({ ...expected, maxDoublings: 16 });
  });

  it("keeps limits and doublings, zeros too", () => {
    expect(completeRetry({ limit: 0, ageLimit: 0, maxDoublings: 0 })).toEqual({
      ...DEFAULT_RETRY,
      limit: 0,
      ageLimit: 0,
      maxDoublings: 0,
    });
  });
});

describe("limits", () => {
  /** When the attempts of a task that always fails start, and when it fails for good; all in seconds. */
  function life(given: Partial<RetryParameters>, runs: number): { starts: number[]; dies: number } {
    const retry = completeRetry(given);
    const starts = [0];
    for (let retries = 0; ; retries++) {
      const endedAt = (starts[retries] ?? Number.NaN) * 1000 + runs * 1000;
      const next = nextAttemptAt({ retries, firstStartedAt: 0, endedAt }, retry);
      if (next === undefined) return { starts, dies: endedAt / 1000 };
      starts.push(next / 1000);
    }
  }

  const to100 = { minBackoff: 1, maxBackoff: 100 };

  it.each([
    ["L=0", { limit: 0 }, 0, [0], 0],
    ["L=1", { limit: 1 }, 0, [0, 0.1], 0.1],
    ["L=3", { limit: 3, minBackoff: 1, maxBackoff: 10 }, 0, [0, 1, 3, 7], 7],
    ["A=10", { ageLimit: 10, ...to100 }, 0, [0, 1, 3, 7, 15], 15],
    ["A=7, an age of 7", { ageLimit: 7, ...to100 }, 0, [0, 1, 3, 7, 15], 15],
    ["A=1", { ageLimit: 1, minBackoff: 30, maxBackoff: 30 }, 0, [0, 30], 30],
    ["L=3, A=10", { limit: 3, ageLimit: 10, ...to100 }, 0, [0, 1, 3, 7, 15], 15],
    [
      "L=2, A=60",
      { limit: 2, ageLimit: 60, minBackoff: 10, maxBackoff: 10 },
      0,
      [0, 10, 20, 30, 40, 50, 60, 70],
      70,
    ],
    ["L=5, A=4", { limit: 5, ageLimit: 4, minBackoff: 1, maxBackoff: 1 }, 0, [0, 1, 2, 3, 4, 5], 5],
    ["A=10", { ageLimit: 10, ...to100 }, 5, [0, 6], 11],
    ["A=10", { ageLimit: 10, ...to100 }, 20, [0], 20],
    ["L=1, A=10", { limit: 1, ageLimit: 10, ...to100 }, 20, [0, 21], 41],
  ])("%s of %j with runs of %d s: attempts at %j", (_, given, runs, starts, dies) => {
    expect(life(given, runs)).toEqual({ starts, dies });
  });

  it.each([
    ["exactly the age limit is tried again", 10_000, 10_100],
    ["one millisecond more fails for good", 10_001, undefined],
  ])("%s", (_, age, next) => {
    const failed = { retries: 0, firstStartedAt: 5000, endedAt: 5000 + age };
    const expected = next === undefined ? undefined : 5000 + next;
    expect(nextAttemptAt(failed, completeRetry({ ageLimit: 10 }))).toBe(expected);
  });

  it("without limits a task is tried for ever, at the maximum in the end", () => {
    const failed = { retries: 1_000_000, firstStartedAt: 0, endedAt: 1e13 };
    expect(nextAttemptAt(failed, DEFAULT_RETRY)).toBe(1e13 + 3_600_000);
  });
});
