import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BucketShape } from "../../../src/core/dispatch/bucket.ts";
import { wholeTokens } from "../../../src/core/dispatch/bucket.ts";
import { fullAt, Levels, type StoredLevel } from "../../../src/core/dispatch/levels.ts";

const T = Date.UTC(2030, 0, 1);
const KEYS = ["a", "b", "c"];

const shape: fc.Arbitrary<BucketShape> = fc.record({
  capacity: fc.constantFrom(1, 3, 20),
  rate: fc.constantFrom(0.1, 0.9, 1, 7.5, 40),
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ key: fc.constantFrom(...KEYS), n: fc.constantFrom(1, 2, 9) }),
  },
  { weight: 4, arbitrary: fc.record({ ms: fc.constantFrom(1, 30, 900, 20_000) }) },
  { weight: 1, arbitrary: fc.constantFrom("restart" as const, "overloaded", "succeeded") },
  { weight: 1, arbitrary: fc.record({ undone: fc.constantFrom(...KEYS) }) },
);

describe("levels of keys", () => {
  it("let no more start in any interval than bucket + rate * t, over restarts and undone commits", () => {
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 150 }), (of, steps) => {
        let levels = new Levels();
        let now = T;
        const stored: StoredLevel[] = [];
        const spent: { key: string; at: number; n: number }[] = [];
        for (const given of steps) {
          levels.save();
          if (given === "restart") {
            levels = new Levels();
            levels.load(stored.filter((level) => fullAt(level) > now));
          } else if (given === "overloaded") levels.overloaded("a", of, now);
          else if (given === "succeeded") levels.succeeded("a", of, now);
          else if ("ms" in given) now += given.ms;
          else if ("undone" in given) {
            const before = levels.at(given.undone, of, now);
            levels.spend(given.undone, of, 1, now);
            levels.restore();
            expect(levels.at(given.undone, of, now)).toEqual(before);
          } else {
            const { key, n } = given;
            if (wholeTokens(levels.at(key, of, now).level) < n) continue;
            const level = levels.spend(key, of, n, now);
            if (level) stored.push(level);
            spent.push({ key, at: now, n });
          }
        }
        for (const key of KEYS) {
          const own = spent.filter((one) => one.key === key);
          for (const [i, { at: from }] of own.entries()) {
            let sum = 0;
            for (const { at: to, n } of own.slice(i)) {
              sum += n;
              expect(sum).toBeLessThanOrEqual(of.capacity + (of.rate * (to - from)) / 1000 + 1e-6);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("below one token a second are stored exactly, above a second's worth ahead and not each time", () => {
    const slow = { capacity: 3, rate: 0.5 };
    expect(new Levels().spend("a", slow, 1, T)).toEqual(["a", 2, T, 3, 0.5]);
    const levels = new Levels();
    const fast = { capacity: 20, rate: 10 };
    expect(levels.spend("a", fast, 1, T)).toEqual(["a", 9, T, 20, 10]);
    expect(levels.spend("a", fast, 5, T)).toBeUndefined();
    expect(levels.spend("a", fast, 6, T)).toEqual(["a", -2, T, 20, 10]);
  });

  it("keep what they hold when limits change, and say all of it", () => {
    const levels = new Levels();
    levels.spend("a", { capacity: 4, rate: 0.5 }, 3, T);
    levels.spend("b", { capacity: 4, rate: 0.5 }, 1, T);
    const of = (key: string) => (key === "a" ? { capacity: 9, rate: 0.1 } : undefined);
    expect(levels.reshape(of, T + 2000)).toEqual([["a", 2, T + 2000, 9, 0.1]]);
    expect(levels.reshape(of, T + 2000)).toBeUndefined();
  });

  it("of full buckets are forgotten", () => {
    const levels = new Levels();
    for (let i = 0; i < 5000; i++) levels.spend(`k${i}`, { capacity: 1, rate: 1 }, 1, T + i * 10);
    expect(levels.stored(T + 50_000).length).toBeLessThanOrEqual(200);
  });
});
