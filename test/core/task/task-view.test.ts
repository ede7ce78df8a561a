import { describe, expect, it } from "vitest";
import { acceptTask } from "../../../src/core/task/new-task.ts";
import {
  NO_PROGRESS,
  type Progress,
  type StoredTask,
  type TaskState,
} from "../../../src/core/task/task.ts";
import { taskHead, taskView, tombstoneView } from "../../../src/core/task/task-view.ts";

const NOW = Date.UTC(2030, 0, 1);
const TEN = "2030-01-01T00:00:10.000Z";

function stored(given: object, mode: "push" | "pull" = "push", progress = NO_PROGRESS): StoredTask {
  const queue = { name: "mail", mode };
  const { ok } = acceptTask(given, { queue, now: NOW, hosts: { allow: [], refuse: [] } });
  if (!ok) throw new Error("refused");
  const { spec, body, due } = ok;
  return { name: "n", named: true, due, createdAt: NOW, spec, body, progress };
}

const TRIED: Progress = {
  retryCount: 2,
  executionCount: 1,
  firstStartedAt: NOW,
  previousResponse: 500,
  attempts: [
    { startedAt: NOW, endedAt: NOW + 5, status: 500 },
    { dueAt: NOW + 900, startedAt: NOW + 1000, endedAt: NOW + 1250, error: "connection lost" },
  ],
};

describe("what was asked for", () => {
  it.each<[object]>([
    [{ params: { a: ["1", "2"], b: "x y", ä: "&=+" } }],
    [{ params: { constructor: "1", __proto__x: "2", length: ["3", "4"] } }],
    [{ method: "GET", params: { a: "1" } }],
    [{ method: "PUT", params: { a: "1" }, payload: { b: 2 } }],
    [{ payload: "text" }],
    [{ payload: "" }],
    [{ payload: "5" }],
    [{ payload: 5 }],
    [{ payload: false }],
    [{ payload: null }],
    [{ payload: { deep: [1, null, "é"] } }],
    [{ payloadBase64: "AAH/" }],
    [{ payloadBase64: "" }],
    [{ url: "https://example.com/x?y=1", method: "DELETE" }],
    [{ headers: { "X-A": ["1", "2", "3"], "X-B": "3", "x-b": "4" } }],
    [{ headers: { constructor: "1", toString: ["2", "3"], valueOf: "4" } }],
    [{ target: "v1.mod", dispatchDeadline: 60, retry: { limit: 3, maxDoublings: 0 } }],
  ])("is shown again as it was: %j", (given) => {
    const shown = taskView("mail", "due", stored(given));
    expect(Object.fromEntries(Object.keys(given).map((key) => [key, shown[key as "url"]]))).toEqual(
      given,
    );
  });

  it.each<[object, object]>([
    [{ payloadBase64: "-_8" }, { payloadBase64: "+/8=" }],
    [{ payload: new Uint8Array([0, 1]) }, { payloadBase64: "AAE=" }],
    [{ params: { a: 1, b: [true] } }, { params: { a: "1", b: "true" } }],
    [
      { method: "put", payload: "" },
      { method: "PUT", payload: "" },
    ],
  ])("is shown in its plain form: %j", (given, plain) => {
    expect(taskView("mail", "due", stored(given))).toMatchObject(plain);
  });

  it("shows a pull task's tag and payload", () => {
    const view = taskView("work", "due", stored({ payload: "p", tag: "t" }, "pull"));
    expect(view).toMatchObject({ queue: "work", payload: "p", tag: "t" });
  });
});

describe("a task as it is shown", () => {
  it("says what was not said by leaving it out", () => {
    expect(taskView("mail", "due", stored({ countdown: 10 }))).toEqual({
      queue: "mail",
      name: "n",
      state: "due",
      createdAt: "2030-01-01T00:00:00.000Z",
      eta: TEN,
      nextAttemptAt: TEN,
      retryCount: 0,
      executionCount: 0,
    });
  });

  it.each<[TaskState, string | undefined]>([
    ["scheduled", TEN],
    ["due", TEN],
    ["running", undefined],
    ["leased", undefined],
    ["waiting", undefined],
    ["failed", undefined],
  ])("that is %s has its next attempt at %s", (state, at) => {
    const view = taskView("mail", state, stored({ countdown: 10 }));
    expect(view).toMatchObject({ state, eta: TEN });
    expect(view.nextAttemptAt).toBe(at);
  });

  it("shows every attempt, and the last one by itself", () => {
    const attempts = [
      { startedAt: "2030-01-01T00:00:00.000Z", endedAt: "2030-01-01T00:00:00.005Z", status: 500 },
      {
        dueAt: "2030-01-01T00:00:00.900Z",
        startedAt: "2030-01-01T00:00:01.000Z",
        endedAt: "2030-01-01T00:00:01.250Z",
        error: "connection lost",
      },
    ];
    const view = taskView("mail", "due", stored({}, "push", TRIED));
    expect(view).toMatchObject({ retryCount: 2, executionCount: 1, attempts });
    expect(view.lastAttempt).toEqual(attempts[1]);
    // Recorded by an earlier version, or of a lease.
    expect(view.attempts?.[0]).not.toHaveProperty("dueAt");
  });

  it("leaves the body out of its head, and keeps the rest", () => {
    const task = stored({ payload: "long", url: "/x", headers: { "X-A": "1" } });
    const { payload, ...rest } = taskView("mail", "due", task);
    expect(payload).toBe("long");
    expect(taskHead("mail", "due", task)).toEqual(rest);
    const form = stored({ method: "GET", params: { a: "1" } });
    expect(taskHead("mail", "due", form)).not.toHaveProperty("params");
  });
});

describe("a tombstone as it is shown", () => {
  it("is the task's name with its times and counts", () => {
    const ended = { createdAt: NOW, endedAt: NOW + 1, expires: NOW + 10_000, progress: TRIED };
    const view = tombstoneView("mail", "n", "done", ended);
    expect(view).toMatchObject({
      ...{ queue: "mail", name: "n", state: "done", retryCount: 2, executionCount: 1 },
      createdAt: "2030-01-01T00:00:00.000Z",
      endedAt: "2030-01-01T00:00:00.001Z",
      expiresAt: TEN,
    });
    expect(view.attempts).toHaveLength(2);
    expect(view).not.toHaveProperty("eta");
  });
});
