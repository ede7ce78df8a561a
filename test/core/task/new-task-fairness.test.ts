import { describe, expect, it } from "vitest";
import { deadLetterTask } from "../../../src/core/task/dead-letter.ts";
import { type Admission, acceptTask } from "../../../src/core/task/new-task.ts";
import { NO_PROGRESS, NO_SPEC } from "../../../src/core/task/task.ts";
import { taskView } from "../../../src/core/task/task-view.ts";

const around = { now: 0, hosts: { allow: [], refuse: [] } };
const push: Admission = { queue: { name: "q", mode: "push" }, ...around };
const pull: Admission = { queue: { name: "q", mode: "pull" }, ...around };
const sharded: Admission = { queue: { name: "q", mode: "push", shards: 4 }, ...around };

const given = (admission: Admission, task: object) =>
  acceptTask(admission === pull ? { payload: "", ...task } : task, admission);

const KEYS = [
  ...["a", "acme", "shop.example.com:8080", "a/b?c#d", " ", "0", "__proto__", "*", "free-*"],
  ...["ü".repeat(200), "😀".repeat(200), "\u0000", "é\u0301", "x".repeat(200), ".", "~pause"],
];

describe.each([
  ["push", push],
  ["pull", pull],
])("a %s task", (_, admission) => {
  it.each(KEYS)("is taken with the key %j", (key) => {
    expect(given(admission, { key }).ok?.spec).toEqual({ key });
  });

  it.each([0, 1, 3, 5, 9])("is taken with priority %i", (priority) => {
    expect(given(admission, { priority }).ok?.spec).toEqual({ priority });
  });

  it.each([{}, { priority: 4 }, { key: undefined }, { priority: undefined }])(
    "with %j has nothing more to store",
    (task) => {
      expect(given(admission, task).ok?.spec).toBe(NO_SPEC);
    },
  );

  it.each<[object, string]>([
    [{ key: "" }, 'key: found "", expected 1 to 200 characters'],
    [{ key: "x".repeat(201) }, "expected 1 to 200 characters"],
    [{ key: "😀".repeat(201) }, "expected 1 to 200 characters"],
    [{ key: 7 }, "key: found 7"],
    [{ key: null }, "key: found null"],
    [{ key: ["a"] }, "key: found "],
    [{ key: {} }, "key: found "],
    [{ key: true }, "key: found true"],
    [{ key: Symbol("s") }, "key: found Symbol(s)"],
    [{ key: "\ud800" }, "key: found half of a surrogate pair at character 0"],
    [{ key: "ab\udc00" }, "key: found half of a surrogate pair at character 2"],
    [{ priority: -1 }, "priority: found -1, expected a whole number from 0 (first) to 9"],
    [{ priority: 10 }, "priority: found 10"],
    [{ priority: 1.5 }, "priority: found 1.5"],
    [{ priority: "1" }, 'priority: found "1"'],
    [{ priority: null }, "priority: found null"],
    [{ priority: Number.NaN }, "priority: found NaN"],
    [{ priority: 1n }, "priority: found 1n"],
    [{ priority: [1] }, "priority: found "],
  ])("of another kind is refused (%#)", (task, message) => {
    const { failure } = given(admission, task);
    expect(failure?.code).toBe("INVALID_REQUEST");
    expect(failure?.message).toContain(message);
  });
});

describe("on a queue of several shards", () => {
  it("a priority holds, and a key is refused with the reason", () => {
    expect(acceptTask({ priority: 0 }, sharded).ok?.spec).toEqual({ priority: 0 });
    expect(acceptTask({ key: "acme" }, sharded).failure?.message).toBe(
      'key: found "acme", expected none on "q", whose 4 shards do not take turns with one another',
    );
    expect(acceptTask({ key: "" }, sharded).failure?.message).toContain("1 to 200 characters");
  });
});

describe("a stored task", () => {
  const spec = { key: "acme", priority: 0 };
  const stored = { name: "t", named: true, due: 0, createdAt: 0, spec, progress: NO_PROGRESS };

  it("is shown with both", () => {
    expect(taskView("q", "due", { ...stored, body: undefined })).toMatchObject(spec);
  });

  it("takes both to the dead-letter queue", () => {
    expect(deadLetterTask("q", { ...stored, body: undefined }, 1)).toMatchObject(spec);
    const plain = deadLetterTask("q", { ...stored, spec: {}, body: undefined }, 1);
    expect(plain).not.toHaveProperty("key");
    expect(plain).not.toHaveProperty("priority");
  });
});
