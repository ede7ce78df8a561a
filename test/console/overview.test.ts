import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergedPercentile } from "../../src/console/queues/merge-percentiles.ts";
import { overviewOf } from "../../src/console/queues/overview.ts";
import { queueWith } from "./queues.ts";

const NOTHING = { p50: null, p90: null, p99: null, count: 0 };

describe("percentiles of several queues together", () => {
  it("are null where nothing was measured", () => {
    expect(mergedPercentile([NOTHING, NOTHING], 0.5)).toBeNull();
  });

  it("of one queue are its own", () => {
    const one = { p50: 0.02, p90: 0.5, p99: 3, count: 17 };
    expect(mergedPercentile([one, NOTHING], 0.5)).toBeCloseTo(0.02, 6);
    expect(mergedPercentile([one], 0.99)).toBeCloseTo(3, 6);
  });

  it("go by how many each queue ran", () => {
    const fast = { p50: 0.01, p90: 0.02, p99: 0.03, count: 9900 };
    const slow = { p50: 60, p90: 61, p99: 62, count: 100 };
    expect(mergedPercentile([fast, slow], 0.5)).toBeLessThan(0.02);
    expect(mergedPercentile([{ ...fast, count: 10 }, slow], 0.99)).toBeGreaterThan(60);
  });

  it("lie between the queues' own", () => {
    const seconds = fc.double({ min: 0, max: 80_000, noNaN: true });
    const percentiles = fc
      .tuple(seconds, seconds, seconds, fc.integer({ min: 1, max: 10_000 }))
      .map(([a, b, c, count]) => {
        const [p50, p90, p99] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
        return { p50, p90, p99, count };
      });
    fc.assert(
      fc.property(fc.array(percentiles, { minLength: 1, maxLength: 6 }), (all) => {
        const p50 = mergedPercentile(all, 0.5) as number;
        expect(p50).toBeGreaterThanOrEqual(Math.min(...all.map((it) => it.p50)) - 1e-3);
        expect(p50).toBeLessThanOrEqual(Math.max(...all.map((it) => it.p50)) + 1e-3);
        expect(mergedPercentile(all, 0.99)).toBeGreaterThanOrEqual(p50);
      }),
    );
  });
});

describe("the figures above the list", () => {
  it("are of the last minute, a second", () => {
    const busy = queueWith({
      statistics: {
        addedLastMinute: 120,
        doneLastMinute: 90,
        retriedLastMinute: 9,
        failedLastMinute: 1,
        tasks: 7,
        failed: 2,
      },
    });
    const idle = queueWith({ name: "idle" });
    expect(overviewOf([busy, idle])).toMatchObject({
      ...{ added: 2, done: 1.5, success: 0.9, tasks: 7, failed: 2 },
      lateness: { p50: null, p99: null },
    });
    expect(overviewOf([idle]).success).toBeNull();
  });
});
