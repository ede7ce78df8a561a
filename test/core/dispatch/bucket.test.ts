import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bucket,
  type BucketShape,
  fullBucket,
  readyAt,
  refilled,
  taken,
  wholeTokens,
} from "../../../src/core/dispatch/bucket.ts";
import { repeated, steps } from "../../support/simulation.ts";

const DAY = 86_400_000;

/** When each of `count` tokens comes out of a bucket that is full at 0, one at a time, as soon as it can. */
function drained(shape: BucketShape, count: number): number[] {
  let bucket = fullBucket(shape, 0);
  return Array.from({ length: count }, () => {
    const at = readyAt(bucket, shape, 1) ?? Number.NaN;
    bucket = taken(refilled(bucket, shape, at), 1);
    return at;
  });
}

describe("a bucket drained one token at a time", () => {
  it.each<[string, BucketShape, number[]]>([
    ["1/s holding 4", { rate: 1, capacity: 4 }, [0, 0, 0, 0, 1000]],
    ["5/s holding 10", { rate: 5, capacity: 10 }, [...repeated(10, 0), ...steps(10, 200, 200)]],
    ["5/m holding 5", { rate: 5 / 60, capacity: 5 }, [...repeated(5, 0), 12e3, 24e3, 36e3]],
    ["500/s holding 100", { rate: 500, capacity: 100 }, [...repeated(100, 0), ...steps(150, 2, 2)]],
    ["1/d holding 1", { rate: 1 / 86_400, capacity: 1 }, [0, DAY, 2 * DAY]],
    ["3/s holding 1, never a hair early", { rate: 3, capacity: 2 }, [0, 0, 334, 667, 1000, 1334]],
  ])("%s", (_, shape, times) => {
    expect(drained(shape, times.length)).toEqual(times);
  });

  it("is as exact after ten thousand tokens as after one", () => {
    const times = drained({ rate: 7, capacity: 2 }, 10_002).slice(2);
    expect(times).toEqual(times.map((_, index) => Math.ceil(((index + 1) * 1000) / 7)));
  });
});

describe("the level", () => {
  const shape = { capacity: 5, rate: 2 };

  it.each([
    ["gains its rate", 1, 500, 2],
    ["keeps fractions", 1, 250, 1.5],
    ["stops at the capacity", 1, 60_000, 5],
    ["climbs out of debt", -3, 1000, -1],
    ["is as it was when no time has passed", 1, 0, 1],
  ])("%s", (_, tokens, now, expected) => {
    expect(refilled({ tokens, at: 0 }, shape, now)).toEqual({ tokens: expected, at: now });
  });

  it("loses what is above a capacity that shrank", () => {
    expect(refilled({ tokens: 9, at: 0 }, shape, 0).tokens).toBe(5);
  });

  it("neither gains nor loses while the clock is behind, and gains only what is new after it", () => {
    const before: Bucket = { tokens: 1, at: 10_000 };
    const behind = refilled(before, shape, 4000);
    expect(behind).toEqual(before);
    expect(refilled(behind, shape, 10_500)).toEqual({ tokens: 2, at: 10_500 });
  });

  it("is full at first", () => {
    expect(fullBucket(shape, 77)).toEqual({ tokens: 5, at: 77 });
  });

  it.each([
    [2.999, 2],
    [0.999, 0],
    [0.9999999999, 1],
    [-0.5, 0],
    [-7, 0],
    [3, 3],
  ])("of %d has %d whole tokens", (tokens, whole) => {
    expect(wholeTokens({ tokens, at: 0 })).toBe(whole);
  });

  it("goes below zero when more is taken than there is", () => {
    expect(taken({ tokens: 1, at: 9 }, 3)).toEqual({ tokens: -2, at: 9 });
  });
});

describe("when n tokens are there", () => {
  it.each<[string, Bucket, BucketShape, number, number | undefined]>([
    ["at once, if they are", { tokens: 3, at: 50 }, { capacity: 5, rate: 1 }, 3, 50],
    ["after the missing part", { tokens: 0.5, at: 50 }, { capacity: 5, rate: 1 }, 2, 1550],
    ["after a debt is paid", { tokens: -2, at: 0 }, { capacity: 5, rate: 1 }, 1, 3000],
    ["never, if none come", { tokens: 0.9, at: 0 }, { capacity: 5, rate: 0 }, 1, undefined],
    ["never, if they do not fit", { tokens: 0.5, at: 0 }, { capacity: 0.5, rate: 9 }, 1, undefined],
    ["at once without a rate", { tokens: 1, at: 7 }, { capacity: 5, rate: 0 }, 1, 7],
  ])("%s", (_, bucket, shape, n, at) => {
    expect(readyAt(bucket, shape, n)).toBe(at);
  });

  it("is the first millisecond at which they can be taken", () => {
    const rate = fc.oneof(
      fc.constantFrom(1 / 86_400, 1 / 3600, 5 / 60, 1, 3, 7, 500, 1000, 1999, 2000, 1e5),
      fc.double({ min: 1e-5, max: 1e5, noNaN: true }),
    );
    const start = fc.constantFrom(0, Date.UTC(2030, 0, 1));
    const some = fc.record({ rate, capacity: fc.integer({ min: 1, max: 500 }), at: start });
    fc.assert(
      fc.property(
        some,
        fc.double({ min: -3, max: 1, noNaN: true }),
        fc.nat(499),
        (it, part, more) => {
          const n = 1 + (more % it.capacity);
          const bucket = { tokens: Math.min(it.capacity, part * n), at: it.at };
          const at = readyAt(bucket, it, n) ?? Number.NaN;
          expect(wholeTokens(refilled(bucket, it, at))).toBeGreaterThanOrEqual(n);
          if (at > it.at) expect(refilled(bucket, it, at - 1).tokens).toBeLessThanOrEqual(n);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
