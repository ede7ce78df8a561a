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
    expect(series.addedPerSecond.slice(-4)).toEqual([2, 0, 0, 0]);
    expect(series.donePerSecond.slice(-4)).toEqual([0, 0, 0.5, 0]);
    expect(series.failed.slice(-2)).toEqual([1, 0]);
    expect(series.latenessP99.slice(-4)).toEqual([2, null, null, null]);
  });

  it("carries the number of tasks on, from before the span too", () => {
    expect(series.tasks[0]).toBe(9);
    expect(series.tasks.slice(-4)).toEqual([29, 29, 24, 24]);
  });
});
