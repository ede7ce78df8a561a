import { expect, it } from "vitest";
import {
  errorOf,
  HTTP_STATUS,
  InvalidTaskError,
  TaskAlreadyExistsError,
  TaskQueueError,
  TombstonedTaskError,
  unwrap,
} from "../../src/core/errors.ts";

type Code = keyof typeof HTTP_STATUS;
const CODES = Object.keys(HTTP_STATUS) as Code[];

it("has a status and a class for every code, and no class twice", () => {
  const classes = CODES.map((code) => errorOf({ code, message: "m" }).constructor);
  expect(new Set(classes).size).toBe(CODES.length);
  for (const code of CODES) {
    const error = errorOf({ code, message: "m", details: [1] });
    expect(error).toBeInstanceOf(TaskQueueError);
    expect(error).toMatchObject({ code, message: "m", details: [1], status: HTTP_STATUS[code] });
    expect(error.name).toMatch(/^[A-Z]\w+Error$/);
  }
});

it("names the two name errors as App Engine does, both errors of the task", () => {
  const taken = errorOf({ code: "TASK_ALREADY_EXISTS", message: "" });
  const gone = errorOf({ code: "TOMBSTONED_TASK", message: "" });
  expect(taken).toBeInstanceOf(TaskAlreadyExistsError);
  expect(gone).toBeInstanceOf(TombstonedTaskError);
  for (const error of [taken, gone]) expect(error).toBeInstanceOf(InvalidTaskError);
});

it("unwraps an answer or throws its failure", () => {
  expect(unwrap({ ok: 7 })).toBe(7);
  expect(() => unwrap({ failure: { code: "UNKNOWN_TASK", message: "no" } })).toThrow("no");
});
