// The pace of a redrive, by random histories of alarms that come late.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acceptRedrive,
  allowance,
  firstBucket,
  nextBatchAt,
  reshaped,
  type StoredRedrive,
  spent,
} from "../../../src/core/failures/redrive.ts";

const NOW = Date.UTC(2026, 0, 1);
const PER_SECOND: Record<string, number> = {
  ...{ "5/s": 5, "1/s": 1, "0.5/s": 0.5, "1000/s": 1000 },
  ...{ "100/m": 100 / 60, "20/m": 1 / 3 },
};

function redrive(rate: string): StoredRedrive {
  return {
    ...{ id: "a", rate, who: "anna", beganAt: NOW, bucket: firstBucket(NOW), shard: 0 },
    place: { table: "failed", after: -1 },
    ...{ version: 0, batch: 1, redriven: 0, scanned: 0 },
  };
}

/** When how many went back, until `end` (ms), each alarm late by one of these. */
function run(start: StoredRedrive, end: number, late: readonly number[]) {
  const batches: { at: number; n: number }[] = [];
  let current = start;
  for (let i = 0; ; i++) {
    const at = nextBatchAt(current) + (late[i % late.length] ?? 0);
    if (at > end) return batches;
    const n = allowance(current, at);
    batches.push({ at, n });
    current = { ...current, bucket: spent(current, n, at) };
  }
}

describe("the rate", () => {
  it("is held in every interval, and made use of, however late alarms come", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(PER_SECOND)),
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 20 }),
        (rate, late) => {
          const perSecond = PER_SECOND[rate] as number;
          const batches = run(redrive(rate), NOW + 60_000, late);
          for (const [i, first] of batches.entries()) {
            let sum = 0;
            for (const { at, n } of batches.slice(i)) {
              sum += n;
              const most = 2 * Math.max(1, perSecond) + (perSecond * (at - first.at)) / 1000;
              expect(sum).toBeLessThanOrEqual(most + 1e-6);
            }
          }
          const all = batches.reduce((sum, { n }) => sum + n, 0);
          expect(all).toBeGreaterThanOrEqual(perSecond * 57 - 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("begins with one task, a moment after it was asked for, and goes on once a second", () => {
    const batches = run(redrive("5/s"), NOW + 3500, [0]);
    expect(batches).toEqual([
      { at: NOW + 1, n: 1 },
      ...[1000, 2000, 3000].map((ms) => ({ at: NOW + ms, n: 5 })),
    ]);
  });

  it("can be changed: what may go back by then is no more than the new one allows", () => {
    const idle = { ...redrive("100/s"), bucket: { tokens: 200, at: NOW } };
    expect(allowance(reshaped(idle, "2/s", NOW), NOW)).toBe(4);
    expect(allowance(reshaped(idle, "none", NOW), NOW)).toBeGreaterThan(1e9);
    expect(allowance(reshaped({ ...idle, rate: "none" }, "2/s", NOW), NOW)).toBe(1);
  });
});

describe("what is asked for", () => {
  it.each([
    [{}, { rate: "none" }],
    [{ rate: "5/s" }, { rate: "5/s" }],
    [{ rate: "none" }, { rate: "none" }],
    [{ fingerprint: "0123456789abcdef" }, { rate: "none", fingerprint: "0123456789abcdef" }],
  ])("%j is taken", (given, expected) => {
    expect(acceptRedrive(given)).toEqual({ ok: expected });
  });

  it.each([
    [{ rate: "0" }, 'rate: found "0", expected a rate above 0'],
    [{ rate: "0/s" }, 'rate: found "0/s"'],
    [{ rate: "5" }, 'rate: found "5"'],
    [{ rate: 5 }, "rate: found 5"],
    [{ rate: `${"9".repeat(400)}/s` }, "rate: found"],
    [{ fingerprint: "x" }, 'fingerprint: found "x", expected 16 hexadecimal digits'],
    [{ fingerprint: 1 }, "fingerprint: found 1"],
  ])("%j is refused", (given, words) => {
    expect(acceptRedrive(given as object).failure?.message).toContain(words);
  });
});
