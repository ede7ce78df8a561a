import { describe, expect, it } from "vitest";
import { seriesOf } from "../../src/console/charts/series.ts";
import { at, NOW, pointWith } from "./queues.ts";

describe("a history as columns", () => {
  const points = [
    pointWith({ at: at(-3600), tasks: 9 }),
    pointWith({ at: at(-30), added: 20, tasks: 29, lateness: { p50: 0.5, p99: 2 } }),
    pointWith({ at: at(-10), done: 5, failed: 1, tasks: 24 }),
  ];
  const series = seriesOf({ slotSeconds: 10, points, marks: [] }, "15m", NOW);

  it("has a place for each slot, the one under way last", () => {
    expect(series.at).toHaveLength(90);
    expect(series.at.at(-1)).toBe(NOW / 1000);
    expect(series.at[0]).toBe(NOW / 1000 - 890);
  });

  it("is zero where nothing happened, and empty where nothing was measured", () => {
    expect(series.added.slice(-4)).toEqual([2, 0, 0, null]);
    expect(series.done.slice(-4)).toEqual([0, 0, 0.5, null]);
    expect(series.failed.at(-2)).toBe(0.1);
    expect(series.latenessP99.slice(-4)).toEqual([2, null, null, null]);
  });

  it("tells the rate of the slot under way by what has passed of it", () => {
    const under = { slotSeconds: 10, points: [pointWith({ at: at(0), added: 8 })], marks: [] };
    expect(seriesOf(under, "15m", NOW + 2000).added.at(-1)).toBeNull();
    expect(seriesOf(under, "15m", NOW + 4000).added.at(-1)).toBe(2);
  });

  it("carries the number of tasks on, from before the span too", () => {
    expect(series.tasks[0]).toBe(9);
    expect(series.tasks.slice(-4)).toEqual([29, 29, 24, 24]);
  });
});
