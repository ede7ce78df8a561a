// The check at the end of a chaos run sees faults that are planted.
import { describe, expect, it } from "vitest";
import { excess, mostOpen } from "../chaos/bound.ts";
import { planOf } from "../chaos/plan.ts";
import { type Added, type Execution, type Facts, sortAll, type Verdict } from "../chaos/sort.ts";

const one: Added = { id: "a", answer: "accepted", end: "done" };
const run: Execution = { id: "a", life: 0, startedAt: 10_000, endedAt: 10_100, ok: true };
const again: Execution = { ...run, life: 1, startedAt: 20_000, endedAt: 20_100 };
const fine: Facts = { added: [one], executions: [run], failed: new Set(), cuts: [] };

const plants: [what: string, facts: Partial<Facts>, found: Partial<Verdict>][] = [
  ["nothing", {}, { ok: ["a"] }],
  ["a task that never ran", { executions: [] }, { lost: ["a"] }],
  ["a task that only failed", { executions: [{ ...run, ok: false }] }, { lost: ["a"] }],
  [
    "an attempt that never ended",
    { executions: [{ id: "a", life: 0, startedAt: 1 }] },
    { lost: ["a"] },
  ],
  ["a failed task that is nowhere", { added: [{ ...one, end: "failed" }] }, { lost: ["a"] }],
  [
    "a failed task that is kept",
    {
      added: [{ ...one, end: "failed" }],
      executions: [{ ...run, ok: false }],
      failed: new Set("a"),
    },
    { ok: ["a"] },
  ],
  ["one in doubt that is not there", { added: [{ ...one, answer: "doubt" }], executions: [] }, {}],
  ["one in doubt that is there", { added: [{ ...one, answer: "doubt" }] }, {}],
  ["a ledger entry dropped", { added: [] }, { unexpected: ["a"] }],
  ["one refused that ran", { added: [{ ...one, answer: "refused" }] }, { unexpected: ["a"] }],
  [
    "one that starts after it was removed",
    { added: [{ ...one, end: "any", removedAt: 9999 }] },
    { ok: ["a"], unexpected: ["a"] },
  ],
  [
    "one that was running when it was removed",
    { added: [{ ...one, removedAt: 10_050 }] },
    { ok: ["a"] },
  ],
  [
    "an execution doubled",
    { executions: [run, again] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one beside the first",
    { executions: [run, { ...run, startedAt: 10_050 }] },
    { ok: ["a"], duplicated: ["a"] },
  ],
  [
    "a second one after a kill during the first",
    { executions: [run, again], cuts: [10_050] },
    { ok: ["a"], duplicatedWithReason: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after a kill just after the first",
    { executions: [run, again], cuts: [10_200] },
    { ok: ["a"], duplicatedWithReason: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after a kill long after the first",
    { executions: [run, again], cuts: [15_000] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  ["a retry", { executions: [{ ...run, ok: false }, again] }, { ok: ["a"], recovered: ["a"] }],
  [
    "a name accepted twice",
    {
      added: [
        { ...one, name: "n" },
        { ...one, id: "b", name: "n" },
      ],
      executions: [run, { ...run, id: "b" }],
    },
    { ok: ["a", "b"], namedTwice: ["n"] },
  ],
  [
    "a name whose first answer got lost",
    {
      added: [
        { ...one, name: "n" },
        { ...one, id: "b", name: "n", answer: "doubt" },
      ],
      executions: [run, { ...run, id: "b" }],
    },
    { ok: ["a"], namedTwice: ["n"] },
  ],
];

const NOTHING: Verdict = {
  ...{ ok: [], lost: [], unexpected: [], duplicatedWithReason: [], duplicated: [] },
  ...{ recovered: [], namedTwice: [] },
};

describe("sorting", () => {
  it.each(plants)("finds %s", (_, facts, found) => {
    expect(sortAll({ ...fine, ...facts })).toEqual({ ...NOTHING, ...found });
  });
});

const at = (...times: number[]) => times.map((time) => ({ turn: time, read: time }));
const shape = { rate: 10, capacity: 2 };

describe("the bucket's bound", () => {
  it.each<[string, { turn: number; read: number }[], number]>([
    ["nothing", [], 0],
    ["a full bucket at once", at(0, 0), 0],
    ["one more than the bucket", at(0, 0, 0), 1],
    ["the bucket, then its pace", at(0, 0, 100, 200, 300), 0],
    ["one ahead of its pace", at(0, 0, 100, 200, 201), 1],
    ["a hair ahead", at(0, 0, 99), 1],
    ["a second burst after a rest", at(0, 0, 1000, 1000), 0],
    ["a second burst too early", at(0, 0, 100, 100), 1],
    ["bursts out of order", at(100, 0, 100, 0), 1],
    ["a turn that may have lasted long enough", [...at(0, 0), { turn: 0, read: 100 }], 0],
    ["a restart that filled the bucket again", at(0, 0, 50, 50, 60, 60), 4],
  ])("%s", (_, starts, over) => {
    expect(excess(starts, shape)).toBe(over);
  });
});

describe("in flight", () => {
  it.each<[string, [number, number][], number]>([
    ["none", [], 0],
    [
      "one after another",
      [
        [0, 10],
        [10, 20],
      ],
      1,
    ],
    [
      "two",
      [
        [0, 10],
        [9, 20],
      ],
      2,
    ],
    [
      "three in one",
      [
        [0, 10],
        [1, 2],
        [1, 3],
      ],
      3,
    ],
  ])("%s", (_, spans, most) => {
    expect(mostOpen(spans.map(([from, to]) => ({ from, to })))).toBe(most);
  });
});

it("plans the same for the same seed", () => {
  expect(planOf(7, 40)).toEqual(planOf(7, 40));
  expect(planOf(7, 40)).not.toEqual(planOf(8, 40));
});
