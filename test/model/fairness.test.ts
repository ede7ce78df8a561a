// How fair turns are, in figures: what each key gets of what is started, and how late others' tasks are beside a key
// with very many.
import { describe, expect, it } from "vitest";
import type { TaskRow } from "../../src/store/queue/tasks.ts";
import { LineStage } from "../support/line-stage.ts";

/** Jain's index: 1 where all are equal. */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0);
  return sum ** 2 / (shares.length * shares.reduce((a, b) => a + b * b, 0));
}

/** What each is due of `total` when all get the same, and none more than it has (max-min fair). */
function fairShares(loads: readonly number[], total: number): number[] {
  const shares = loads.map(() => 0);
  for (let left = total; left > 1e-6; ) {
    const hungry = loads.flatMap((load, i) => (load > (shares[i] as number) ? [i] : []));
    if (hungry.length === 0) break;
    const room = Math.min(...hungry.map((i) => (loads[i] as number) - (shares[i] as number)));
    const each = Math.min(left / hungry.length, room);
    for (const i of hungry) shares[i] = (shares[i] as number) + each;
    left -= each * hungry.length;
  }
  return shares;
}

/** Starts and ends up to `n` tasks; what was started. */
function work(stage: LineStage, n: number): TaskRow[] {
  const tasks = stage.turn(n);
  for (const task of tasks) stage.end(task);
  return tasks;
}

describe("a hundred keys with 1 to 1,000 tasks", () => {
  const loads = Array.from({ length: 100 }, (_, i) => Math.ceil(1000 ** (i / 99)));

  it.each([500, 2000, 6000])("get fair shares of the first %i starts: Jain >= 0.98", (total) => {
    const stage = new LineStage();
    for (const [i, n] of [...loads.entries()].reverse())
      stage.add(...Array.from({ length: n }, () => ({ key: `k${i}` })));
    stage.now += 1000;
    const got = loads.map(() => 0);
    for (let left = total; left > 0; ) {
      const tasks = work(stage, Math.min(left, 77));
      for (const { spec } of tasks) {
        const i = Number(spec.key?.slice(1));
        got[i] = (got[i] as number) + 1;
      }
      left -= tasks.length;
    }
    const fair = fairShares(loads, total);
    expect(jain(got.map((n, i) => n / (fair[i] as number)))).toBeGreaterThanOrEqual(0.98);
  });
});

describe("a key with 100,000 tasks that wait", () => {
  /** p99 of how late (ms) the tasks of another key start that come one a turn. */
  function lateness(waiting: number): number {
    const stage = new LineStage();
    for (let i = 0; i < waiting; i += 5000)
      stage.add(...Array.from({ length: 5000 }, () => ({ key: "many" })));
    const late: number[] = [];
    for (let turn = 0; turn < 300; turn++) {
      stage.add({ key: "other" });
      stage.now += 50;
      for (const { spec, due } of work(stage, 20))
        if (spec.key === "other") late.push(stage.now - due);
    }
    expect(late.length).toBeGreaterThanOrEqual(299);
    return late.sort((a, b) => a - b)[Math.floor(late.length * 0.99)] as number;
  }

  it("makes others' less than twice as late", () => {
    expect(lateness(100_000)).toBeLessThan(2 * lateness(0));
  }, 60_000);
});

describe("more keys than are remembered", () => {
  it("have a turn each before any has its second, and none is left over", () => {
    const keys = 400;
    const stage = new LineStage({}, 50);
    for (let i = 0; i < 3; i++)
      stage.add(...Array.from({ length: keys }, (_, k) => ({ key: `k${k}` })));
    stage.now += 1000;
    const first: TaskRow[] = [];
    while (first.length < keys) first.push(...work(stage, 20));
    const counts = new Map<string, number>();
    for (const { spec } of first)
      counts.set(spec.key as string, (counts.get(spec.key as string) ?? 0) + 1);
    expect(counts.size).toBeGreaterThanOrEqual(keys * 0.85);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
    let started = first.length;
    for (let vain = 0; started < 3 * keys && vain < 10; ) {
      const n = work(stage, 20).length;
      started += n;
      vain = n > 0 ? 0 : vain + 1;
    }
    expect(started).toBe(3 * keys);
  });
});
