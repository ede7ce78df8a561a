// What is checked of the tasks of one call together.
import { expect, it } from "vitest";
import { type Answer, refuse } from "../../../src/core/errors.ts";
import { MAX_CALL_BYTES } from "../../../src/core/limits.ts";
import { checkBatchSize, partitionAnswers, refuseBatch } from "../../../src/core/task/batch.ts";

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
