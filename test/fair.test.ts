// What the benchmark and chaos make of keys: pure, so that "held" and "0 faults" can be believed.
import { describe, expect, it } from "vitest";
import { jain, levelOf } from "../bench/parts/fair.ts";
import { KEYED, keyFaults } from "../chaos/keyed.ts";
import type { Cut, Execution } from "../chaos/sort.ts";

describe("a fair part", () => {
  it.each([
    [6, [10, 10, 10], 2],
    [6, [1, 10, 10], 2.5],
    [3, [1, 1, 1], 1],
    [0, [1, 2], 0],
    [10, [1, 2, 100], 7],
  ])("of %i among loads %j is up to %f", (n, loads, level) => {
    expect(levelOf(n, loads)).toBeCloseTo(level);
  });

  it.each([
    [[1, 1, 1, 1], 1],
    [[1, 0, 0, 0], 0.25],
    [[2, 1], 0.9],
  ])("of %j has Jain's index %f", (values, index) => {
    expect(jain(values)).toBeCloseTo(index);
  });
});

describe("faults of keys in a run", () => {
  const run = (id: string, startedAt: number, more: Partial<Execution> = {}): Execution => ({
    ...{ id, life: 0, queue: KEYED, startedAt, endedAt: startedAt + 10, ok: true },
    ...{ at: startedAt, turn: startedAt, latest: startedAt, ...more },
  });
  const judged = (key: string, runs: readonly Execution[], cuts: readonly Cut[] = []) =>
    keyFaults({
      noted: runs,
      keyOf: new Map(runs.map(({ id }) => [id, key])),
      peaks: [0, 0],
      cuts,
    });
  const NONE = { "bound of a key": [], "in flight of a key": [], "order of a key": [] };

  it("are none where each key keeps its limits", () => {
    const runs = [0, 100, 200, 300, 400].map((at) => run(`t${at}`, at));
    expect(judged("one", runs)).toEqual(NONE);
    expect(judged("other", [run("a", 0), run("b", 0)])).toEqual(NONE);
  });

  it("are starts beyond its bucket, over lives too", () => {
    const runs = Array.from({ length: 6 }, (_, i) => run(`t${i}`, i * 11, { life: i % 2 }));
    expect(judged("one", runs)["bound of a key"]).toEqual([expect.stringMatching(/^one:\+\d/)]);
  });

  it("are more attempts at once than it has slots", () => {
    const runs = [run("a", 0), run("b", 5), run("c", 400)];
    expect(judged("one", runs)).toEqual({ ...NONE, "in flight of a key": ["one@0:2"] });
    expect(judged("a/1", runs)).toEqual(NONE);
  });

  it("are tasks of a key in order that begin between two attempts of another", () => {
    const runs = [run("a", 0, { ok: false }), run("b", 200), run("a", 400)];
    expect(judged("one", runs)).toEqual({ ...NONE, "order of a key": ["a@0"] });
    expect(judged("wide", runs)).toEqual(NONE);
    const apart = [run("a", 0), run("b", 200, { life: 1 }), run("a", 400, { life: 1 })];
    expect(judged("one", apart)).toEqual(NONE);
  });

  it.each<[string, Cut, isOver: boolean]>([
    ["its object ended after the first", { from: 500, to: 505, queue: KEYED }, true],
    ["its object ended just before the second", { from: 990, to: 995, queue: KEYED }, true],
    ["its object ended before both", { from: 50, to: 55, queue: KEYED }, false],
    ["its object ended after both", { from: 2500, to: 2505, queue: KEYED }, false],
    ["another object ended", { from: 500, to: 505, queue: "left" }, false],
  ])("are none of attempts of which the former was cut off: %s", (_, cut, isOver) => {
    const first = run("a", 300, { endedAt: 1200 });
    const order = judged("one", [run("a", 300), run("b", 1000), run("a", 2000)], [cut]);
    const atOnce = judged("one", [first, run("b", 1000)], [cut]);
    expect(order["order of a key"]).toEqual(isOver ? [] : ["a@0"]);
    expect(atOnce["in flight of a key"]).toEqual(isOver ? [] : ["one@0:2"]);
  });
});
