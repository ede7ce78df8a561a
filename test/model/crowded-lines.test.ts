// More keys with tasks that are due than are remembered, and what comes when they have become fewer.
import { describe, expect, it } from "vitest";
import { type Given, LineStage } from "../support/line-stage.ts";

const REMEMBERED = 100;
const LIMIT = 50;

function many(n: number, task: (i: number) => Given): Given[] {
  return Array.from({ length: n }, (_, i) => task(i));
}

/** How many tasks each turn starts, until none starts any; each ends at once. */
function turns(stage: LineStage): number[] {
  for (const counts: number[] = []; ; ) {
    const tasks = stage.turn(LIMIT);
    if (tasks.length === 0) return counts;
    for (const task of tasks) stage.end(task);
    counts.push(tasks.length);
  }
}

describe("more keys than are remembered", () => {
  it("make no turn smaller, as long as there is enough to start", () => {
    const stage = new LineStage(undefined, REMEMBERED);
    stage.add(...many(1000, (i) => ({ key: `k${i}` })));
    stage.now += 1000;
    expect(turns(stage)).toEqual(many(20, () => ({})).map(() => LIMIT));
  });

  it("make none smaller either when few are left that have many tasks", () => {
    const stage = new LineStage(undefined, REMEMBERED);
    stage.add(...many(500, (i) => ({ key: `k${i}` })));
    stage.add(...many(1500, (i) => ({ key: `long${i % 3}` })));
    stage.now += 1000;
    const counts = turns(stage);
    expect(counts.reduce((sum, n) => sum + n)).toBe(2000);
    expect(counts.filter((n) => n < LIMIT).length).toBeLessThanOrEqual(3);
  });

  it("keep no task without a key waiting, wherever it is", () => {
    const stage = new LineStage(undefined, REMEMBERED);
    stage.add(...many(2000, (i) => ({ key: `k${i}` })));
    stage.add(...many(5, () => ({})), { priority: 2 });
    stage.now += 1000;
    const started = [];
    for (let turn = 0; turn < 15; turn++) {
      const tasks = stage.turn(LIMIT);
      started.push(...tasks);
      for (const task of tasks) stage.end(task);
    }
    expect(started.filter(({ spec }) => spec.key === undefined)).toHaveLength(6);
  });

  it("start each task that was added meanwhile, before or behind what is looked at", () => {
    const stage = new LineStage(undefined, REMEMBERED);
    stage.add(...many(600, (i) => ({ key: `k${i}` })));
    stage.now += 1000;
    let started = 0;
    for (let turn = 0; turn < 20; turn++) {
      const tasks = stage.turn(LIMIT);
      for (const task of tasks) stage.end(task);
      started += tasks.length;
      stage.add({ key: `k${turn}`, in: -0.5 }, { key: `z${turn}` }, { key: "k599" });
    }
    started += turns(stage).reduce((sum, n) => sum + n, 0);
    expect(started).toBe(660);
  });
});
