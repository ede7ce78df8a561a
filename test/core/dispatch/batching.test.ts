import { describe, expect, it } from "vitest";
import { type Batchable, planBatches } from "../../../src/core/dispatch/batching.ts";

interface Task extends Batchable {
  name: string;
}

/** "a1 a2 b1@30": places by their letter, `@` when they are due, `x` goes alone, `:9` long. */
function tasksOf(text: string): Task[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word) => {
      const [name = "", due = "0"] = word.split("@");
      const [, length = "1"] = word.split(":");
      const [letter] = name;
      return {
        name: name.split(":")[0] as string,
        due: Number.parseInt(due, 10),
        length: Number.parseInt(length, 10),
        place: letter === "x" ? undefined : letter,
      };
    });
}

function planned(text: string, batching: { size: number; waitMs?: number }, now = 0) {
  const all = { waitMs: 0, length: 10, ...batching };
  const { calls, waiting, dueAt, missing } = planBatches(tasksOf(text), (task) => task, all, now);
  const names = (tasks: Task[]) => tasks.map(({ name }) => name).join(" ");
  return { calls: calls.map(names).join(" | "), waiting: names(waiting), dueAt, missing };
}

describe("tasks that are due", () => {
  it.each<[text: string, size: number, calls: string]>([
    ["", 3, ""],
    ["a1", 3, "a1"],
    ["a1 a2 a3", 3, "a1 a2 a3"],
    ["a1 a2 a3 a4", 3, "a1 a2 a3 | a4"],
    ["a1 a2 a3", 1, "a1 | a2 | a3"],
    ["a1 b1 a2 b2", 3, "a1 a2 | b1 b2"],
    ["b1 a1 b2 a2 b3 b4", 3, "b1 b2 b3 | a1 a2 | b4"],
    ["x1 x2", 3, "x1 | x2"],
    ["a1 x1 a2", 3, "a1 a2 | x1"],
    // The bodies of one call are ten long at most.
    ["a1:6 a2:4 a3:1", 9, "a1 a2 | a3"],
    ["a1:6 a2:5 a3:5", 9, "a1 | a2 a3"],
    ["a1:99 a2:99", 9, "a1 | a2"],
    ["a1:0 a2:0 a3:0", 9, "a1 a2 a3"],
  ])("%j, up to %i together, are called as %j", (text, size, calls) => {
    expect(planned(text, { size })).toMatchObject({ calls, waiting: "" });
  });
});

describe("a call that is not full", () => {
  it.each<[text: string, now: number, found: object]>([
    ["a1@0", 0, { calls: "", waiting: "a1", dueAt: 100, missing: 2 }],
    ["a1@0 a2@40", 60, { calls: "", waiting: "a1 a2", dueAt: 100, missing: 1 }],
    ["a1@0 a2@40", 100, { calls: "a1 a2", waiting: "" }],
    ["a1@0 a2@40 a3@40", 60, { calls: "a1 a2 a3", waiting: "" }],
    ["a1@0 a2@0 a3@0 a4@0", 0, { calls: "a1 a2 a3", waiting: "a4", dueAt: 100, missing: 2 }],
    ["a1@0 b1@40", 100, { calls: "a1", waiting: "b1", dueAt: 140, missing: 2 }],
    ["b1@0 a1@10 a2@10", 60, { waiting: "b1 a1 a2", dueAt: 100, missing: 1 }],
    ["x1@0 a1@0", 0, { calls: "x1", waiting: "a1" }],
    // Full of bytes.
    ["a1@0:9 a2@0:9", 0, { calls: "a1", waiting: "a2" }],
  ])("%j waits 100 ms at %i", (text, now, found) => {
    expect(planned(text, { size: 3, waitMs: 100 }, now)).toMatchObject(found);
  });
});
