import { describe, expect, it } from "vitest";
import {
  type ErrorCode,
  errorOf,
  formatValue,
  HTTP_STATUS,
  InvalidQueueError,
  InvalidTaskError,
  invalid,
  refuse,
  TaskQueueError,
  unwrap,
} from "../../src/core/errors.ts";

const TABLE: [ErrorCode, number, string][] = [
  ["INVALID_TASK_NAME", 400, "InvalidTaskNameError"],
  ["INVALID_QUEUE_NAME", 400, "InvalidQueueNameError"],
  ["INVALID_URL", 400, "InvalidUrlError"],
  ["INVALID_ETA", 400, "InvalidEtaError"],
  ["INVALID_REQUEST", 400, "InvalidTaskError"],
  ["TOO_MANY_TASKS", 400, "TooManyTasksError"],
  ["DUPLICATE_TASK_NAME", 400, "DuplicateTaskNameError"],
  ["INVALID_LEASE_TIME", 400, "InvalidLeaseTimeError"],
  ["WRONG_QUEUE_MODE", 400, "InvalidQueueModeError"],
  ["UNAUTHENTICATED", 401, "UnauthenticatedError"],
  ["PERMISSION_DENIED", 403, "PermissionDeniedError"],
  ["UNKNOWN_QUEUE", 404, "UnknownQueueError"],
  ["UNKNOWN_TASK", 404, "UnknownTaskError"],
  ["UNKNOWN_GROUP", 404, "UnknownGroupError"],
  ["UNKNOWN_CRON", 404, "UnknownCronError"],
  ["GROUP_ALREADY_EXISTS", 409, "GroupAlreadyExistsError"],
  ["GROUP_CLOSED", 409, "GroupClosedError"],
  ["TASK_ALREADY_EXISTS", 409, "TaskAlreadyExistsError"],
  ["TOMBSTONED_TASK", 409, "TombstonedTaskError"],
  ["TASK_LEASE_EXPIRED", 409, "TaskLeaseExpiredError"],
  ["QUEUE_PAUSED", 409, "QueuePausedError"],
  ["QUEUE_IN_FILE", 409, "QueueInFileError"],
  ["TASK_TOO_LARGE", 413, "TaskTooLargeError"],
  ["QUEUE_FULL", 429, "QueueFullError"],
];

const ABOUT_ONE_TASK: ErrorCode[] = [
  ...(["INVALID_TASK_NAME", "INVALID_URL", "INVALID_ETA", "INVALID_REQUEST"] as const),
  ...(["TASK_TOO_LARGE", "TASK_ALREADY_EXISTS", "TOMBSTONED_TASK"] as const),
];

describe("the codes", () => {
  it("are a closed set", () => {
    expect(Object.keys(HTTP_STATUS).sort()).toEqual(TABLE.map(([code]) => code).sort());
  });

  it.each(TABLE)("%s is answered with %d and thrown as %s", (code, status, name) => {
    const error = errorOf({ code, message: "why", details: { a: 1 } });
    expect(error).toBeInstanceOf(TaskQueueError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code, status, name, message: "why", details: { a: 1 } });
    expect(HTTP_STATUS[code]).toBe(status);
  });

  it("have a class each", () => {
    const classes = TABLE.map(([code]) => errorOf({ code, message: "" }).constructor);
    expect(new Set(classes).size).toBe(TABLE.length);
  });

  it.each(TABLE)("%s is an InvalidTaskError only if one task is at fault", (code) => {
    const isTask = errorOf({ code, message: "" }) instanceof InvalidTaskError;
    expect(isTask).toBe(ABOUT_ONE_TASK.includes(code));
  });

  it("a bad queue name is an InvalidQueueError", () => {
    const failure = { code: "INVALID_QUEUE_NAME", message: "" } as const;
    expect(errorOf(failure)).toBeInstanceOf(InvalidQueueError);
  });
});

describe("an answer unwrapped", () => {
  it.each([[0], [""], [false], [null], [undefined], [{ a: 1 }]])("is its value %j", (value) => {
    expect(unwrap({ ok: value })).toBe(value);
  });

  it("throws the class of its code when it was a refusal", () => {
    const refusal = refuse("TOMBSTONED_TASK", "ran already", { until: "tomorrow" });
    expect(() => unwrap(refusal)).toThrow(
      expect.objectContaining({
        name: "TombstonedTaskError",
        message: "ran already",
        details: { until: "tomorrow" },
      }),
    );
  });
});

describe("a refusal", () => {
  it("without details does not mention them", () => {
    expect(refuse("QUEUE_FULL", "full")).toEqual({
      failure: { code: "QUEUE_FULL", message: "full" },
    });
    expect(Object.keys(refuse("QUEUE_FULL", "full").failure)).not.toContain("details");
  });

  it("names field, value and what was expected", () => {
    expect(invalid("limit", "x", "a number").failure).toEqual({
      code: "INVALID_REQUEST",
      message: 'limit: found "x", expected a number',
    });
    expect(invalid("eta", 7, "an instant", "INVALID_ETA").failure.code).toBe("INVALID_ETA");
  });
});

describe("a value formatValue", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;

  it.each([
    ["text", "a b", '"a b"'],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["not a number", Number.NaN, "NaN"],
    ["an object", { a: [1] }, '{"a":[1]}'],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a bigint", 10n, "10n"],
    ["an object that is no JSON", circle, "an object that is not JSON"],
    ["a bigint within", { n: 10n }, "an object that is not JSON"],
    ["a text of 98 letters", "x".repeat(98), `"${"x".repeat(98)}"`],
    ["a longer one", "x".repeat(99), `"${"x".repeat(96)}...`],
  ])("%s", (_, value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});
