// What is checked of the tasks of one call together.
import { describe, expect, it } from "vitest";
import { type Answer, refuse } from "../../../src/core/errors.ts";
import { MAX_CALL_BYTES } from "../../../src/core/limits.ts";
import {
  checkBatchSize,
  checkNames,
  checkNamesOnce,
  partitionAnswers,
  refuseBatch,
} from "../../../src/core/task/batch.ts";

const answers: Answer<string>[] = [
  { ok: "a" },
  refuse("INVALID_URL", "url: bad"),
  { ok: "b" },
  refuse("INVALID_ETA", "eta: bad"),
];

it("separates what is accepted from failures, each with its place in the call", () => {
  const { accepted, bad } = partitionAnswers(answers);
  expect(accepted).toEqual(["a", "b"]);
  expect(bad.map(({ index, code }) => [index, code])).toEqual([
    [1, "INVALID_URL"],
    [3, "INVALID_ETA"],
  ]);
});

it("refuses a batch by its first failure, with all of them as details", () => {
  const { bad } = partitionAnswers(answers);
  expect(refuseBatch(bad).failure).toEqual({
    code: "INVALID_URL",
    message: "tasks[1]: url: bad (and 1 more); nothing was added",
    details: bad,
  });
  expect(refuseBatch(bad.slice(1), () => "then: ").failure.message).toBe(
    "then: eta: bad; nothing was added",
  );
});

it("takes tasks that just fit into one message", () => {
  expect(checkBatchSize(MAX_CALL_BYTES, "bytes")).toBeUndefined();
  expect(checkBatchSize(MAX_CALL_BYTES + 1, "bytes")?.failure.code).toBe("TASK_TOO_LARGE");
});

describe("the names of one call", () => {
  it.each([[[]], [["a"]], [["a", "A", "-", "_", "0"]]])("%j are names", (names) => {
    expect([checkNames(names), checkNamesOnce(names)]).toEqual([undefined, undefined]);
  });

  it.each([
    [["a", "b", "a"], undefined, "DUPLICATE_TASK_NAME"],
    [["a", "a", "a"], undefined, "DUPLICATE_TASK_NAME"],
    [["__proto__", "__proto__"], undefined, "DUPLICATE_TASK_NAME"],
    [["a", "a.b"], "INVALID_TASK_NAME", "INVALID_TASK_NAME"],
    [[""], "INVALID_TASK_NAME", "INVALID_TASK_NAME"],
    [["n".repeat(501)], "INVALID_TASK_NAME", "INVALID_TASK_NAME"],
    [["a", 1], "INVALID_REQUEST", "INVALID_REQUEST"],
    [["a", ["b"]], "INVALID_REQUEST", "INVALID_REQUEST"],
    ["a", "INVALID_REQUEST", "INVALID_REQUEST"],
    [undefined, "INVALID_REQUEST", "INVALID_REQUEST"],
    [{ length: 0 }, "INVALID_REQUEST", "INVALID_REQUEST"],
    [Array.from({ length: 1001 }, (_, i) => `n${i}`), "TOO_MANY_TASKS", "TOO_MANY_TASKS"],
  ])("%j: %s, and once each: %s", (names, code, once) => {
    expect(checkNames(names)?.failure.code).toBe(code);
    expect(checkNamesOnce(names)?.failure.code).toBe(once);
  });
});
