import { describe, expect, it } from "vitest";
import {
  BUSY_LATE_MS,
  carriedShare,
  carryingCapacity,
} from "../../../src/core/dispatch/carried.ts";
import { simulate } from "../../support/simulation.ts";

describe("what a bucket carries of its rate", () => {
  it.each([
    // rate, bucket, share, what carries all of it
    [1 / 60, 1, 1, 2],
    [5, 1, 0.975, 2],
    [5, 5, 1, 2],
    [20, 1, 0.909, 2],
    [100, 1, 0.666, 2],
    [100, 2, 1, 2],
    [200, 2, 1, 2],
    [500, 1, 0.285, 4],
    [500, 3, 0.857, 4],
    [500, 4, 1, 4],
    [500, 5, 1, 4],
    [1000, 5, 0.833, 6],
    [2000, 5, 0.416, 12],
    [2000, 12, 1, 12],
    [50_000, 100, 0.333, 300],
  ])("%d/s with a bucket of %d", (rate, capacity, share, carrying) => {
    expect(carriedShare({ rate, capacity })).toBeCloseTo(share, 2);
    expect(carryingCapacity(rate)).toBe(carrying);
  });

  it.each([0, Number.POSITIVE_INFINITY])("rate %d has nothing to carry", (rate) => {
    expect(carriedShare({ rate, capacity: 1 })).toBe(1);
  });

  it.each([
    [100, 1],
    [500, 2],
    [500, 3],
    [500, 4],
    [1000, 3],
    [1000, 6],
  ])(
    "is what a queue of %d/s with a bucket of %d uses where every alarm is so late",
    (rate, capacity) => {
      const jobs = Array.from({ length: rate }, (_, i) => ({ name: `${i}`, arrives: 0 }));
      const bucket = { rate, capacity };
      const { dispatches } = simulate({ bucket, tokens: 0, jobs, late: [BUSY_LATE_MS] });
      const used = dispatches.length / ((dispatches.at(-1)?.at ?? 0) / 1000) / rate;
      expect(used).toBeGreaterThanOrEqual(carriedShare(bucket) - 0.01);
      expect(used).toBeLessThanOrEqual(carriedShare(bucket) + 0.05);
    },
  );
});
