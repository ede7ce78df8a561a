import { describe, expect, it } from "vitest";
import { afterAlarm, MOST_LATE_MS, USUAL_LATE_MS } from "../../../src/core/dispatch/lateness.ts";
import { PACE_MS } from "../../../src/core/dispatch/plan.ts";
import { overspending, simulate } from "../../support/simulation.ts";

const SECONDS = 4;

// What was measured: a quiet machine, one whose cores are shared, and one that has more to do than cores.
const QUIET = { most: 2, tail: 3, outlier: 4 };
const SHARED = { most: 3, tail: 6, outlier: 9 };
const BUSY = { most: 4, tail: 8, outlier: 30 };

/** Lateness in whole ms: one alarm in ten has that of the tail, one in two hundred is an outlier. */
function lateAlarms({ most, tail, outlier }: typeof QUIET, seed: number): number[] {
  let state = seed;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return Array.from({ length: 1999 }, () => {
    const kind = random();
    const up = kind < 0.005 ? outlier : kind < 0.1 ? tail : most;
    return Math.round(random() * up);
  });
}

/** How much of the rate was used, the alarms a second, and whether more started than may, in any interval. */
function paced(rate: number, capacity: number, lateness: typeof QUIET) {
  const jobs = Array.from({ length: rate * SECONDS }, (_, i) => ({ name: `${i}`, arrives: 0 }));
  const bucket = { rate, capacity };
  const late = lateAlarms(lateness, rate * 1000 + capacity);
  const { dispatches } = simulate({ bucket, tokens: 0, jobs, late });
  const seconds = (dispatches.at(-1)?.at ?? 0) / 1000;
  return {
    use: dispatches.length / seconds / rate,
    alarms: new Set(dispatches.map(({ at }) => at)).size / seconds,
    excess: overspending(dispatches, bucket),
  };
}

describe("a rate is used though alarms come late", () => {
  it.each([
    // rate, bucket, lateness, of the rate at least, alarms a second at most
    [500, 5, "quiet", QUIET, 0.99, 170],
    [500, 5, "shared", SHARED, 0.99, 300],
    [500, 5, "busy", BUSY, 0.95, 500],
    [500, 10, "quiet", QUIET, 0.99, 70],
    [500, 10, "busy", BUSY, 0.97, 200],
    [500, 50, "quiet", QUIET, 0.99, 21],
    [500, 50, "busy", BUSY, 0.99, 40],
    [500, 100, "busy", BUSY, 0.99, 20],
    [200, 5, "quiet", QUIET, 0.99, 55],
    [200, 5, "busy", BUSY, 0.97, 170],
    [100, 5, "quiet", QUIET, 0.99, 26],
    [100, 5, "busy", BUSY, 0.98, 50],
    [100, 3, "quiet", QUIET, 0.99, 55],
    [40, 5, "busy", BUSY, 0.99, 20],
    [20, 5, "busy", BUSY, 0.99, 20],
    [20, 2, "busy", BUSY, 0.98, 20],
    [2000, 20, "quiet", QUIET, 0.98, 160],
    [2000, 200, "busy", BUSY, 0.98, 40],
  ] as const)(
    "%d/s with a bucket of %d on a %s machine",
    (rate, bucket, _, lateness, use, alarms) => {
      const outcome = paced(rate, bucket, lateness);
      expect(outcome.excess).toBeUndefined();
      expect(outcome.use).toBeGreaterThanOrEqual(use);
      expect(outcome.use).toBeLessThanOrEqual(1.001);
      expect(outcome.alarms).toBeLessThanOrEqual(alarms);
    },
  );

  it("with 20 alarms a second whatever the lateness, where the bucket holds two quanta and a task has no rate", () => {
    for (const lateness of [QUIET, SHARED, BUSY]) {
      expect(paced(500, 2 * 25 + 1, lateness).alarms).toBeLessThanOrEqual(1000 / PACE_MS);
    }
  });
});

describe("the estimate", () => {
  it.each([
    ["is no lower than what any alarm may be late", USUAL_LATE_MS, [0, 0, -7], USUAL_LATE_MS],
    ["rises at once to what is later", USUAL_LATE_MS, [0, 6], 6],
    ["stays where alarms stay as late", 6, [6, 6, 6], 6],
    ["counts an outage as no more than it makes up for", USUAL_LATE_MS, [3_600_000], MOST_LATE_MS],
    ["forgets by and by", 6, [2], 5.875],
  ])("%s", (_, from, late, estimate) => {
    expect(late.reduce(afterAlarm, from)).toBe(estimate);
  });

  it("has forgotten the worst after some two hundred alarms that were as usual", () => {
    const usual = new Array<number>(200).fill(0);
    expect(usual.reduce(afterAlarm, MOST_LATE_MS)).toBeLessThan(USUAL_LATE_MS + 0.1);
  });
});
