import { describe, expect, it } from "vitest";
import {
  backlogWords,
  changesNothing,
  faultsIn,
  placeIn,
  restWords,
} from "../../src/console/plan/words.ts";
import { planOf } from "../../src/core/config/plan.ts";
import { fromYaml } from "../../src/core/config/yaml-files.ts";

const planFrom = (before: string, after: string, tasks = 0) => {
  const { queues: file } = fromYaml(before);
  const queues = [...file.queues.values()].map((config) => ({
    ...{ config, origin: "file" as const, isPaused: false },
    backlog: { tasks, due: tasks, runTime: null },
  }));
  return planOf({ file, queues, cron: [], now: 0 }, fromYaml(after));
};

const A = "queue: [{name: a, rate: 5/s}, {name: b, rate: 5/s}]";

describe("a plan in words", () => {
  it("says what is on a queue, and how long that takes before and after", () => {
    const plan = planFrom(A, "queue: [{name: a, rate: 10/s}]", 100);
    expect(plan.queues.map(backlogWords)).toEqual([
      "100 tasks on it, 100 due: done in 20 s now, in 10 s then",
      "100 tasks on it, 100 due: done in 20 s now, never then",
    ]);
    const pull = planFrom("queue: [{name: a, mode: pull}]", "queue: []", 2);
    expect(pull.queues.map(backlogWords)).toEqual(["2 tasks on it, 2 due"]);
    expect(backlogWords({})).toBe("");
  });

  it("says when nothing changes", () => {
    expect(changesNothing(planFrom(A, A))).toBe(true);
    expect(restWords(planFrom(A, A))).toBe("3 queues of the file unchanged");
    expect(changesNothing(planFrom(A, "queue: []"))).toBe(false);
  });
});

describe("a fault in a file", () => {
  it("is one of a refusal's details that has a line", () => {
    const fault = { file: "queue.yaml", line: 3, column: 9, message: "rate: ..." };
    expect(faultsIn([fault, { file: "queue.yaml", message: "no line" }])).toEqual([fault]);
    expect(faultsIn(undefined)).toEqual([]);
  });

  it.each([
    [1, 1, 0],
    [2, 3, 7],
    [9, 9, 12],
  ])("at line %i, column %i, is at character %i", (line, column, at) => {
    expect(placeIn("abcd\nefgh\nij", { line, column })).toBe(at);
  });
});
