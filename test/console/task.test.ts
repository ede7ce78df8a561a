import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AddForm, formOf, taskOf } from "../../src/console/queue/add-form.ts";
import { reasonOf } from "../../src/console/queue/reason.ts";
import { availableActions } from "../../src/console/task/available-actions.ts";
import { curlOf, quoted } from "../../src/console/task/curl.ts";
import { newTaskFrom } from "../../src/console/task/new-task-from.ts";
import { retryOf } from "../../src/console/task/retry-of.ts";
import { upcomingAttempts } from "../../src/console/task/upcoming-attempts.ts";
import { completeRetry } from "../../src/core/task/backoff.ts";
import type { AttemptView, Task } from "../../src/core/task/task.ts";
import { at, NOW, queueWith } from "./queues.ts";

const TASK: Task = {
  ...{ queue: "mail", name: "welcome-1", state: "scheduled", createdAt: at(-60), eta: at(10) },
  ...{ retryCount: 0, executionCount: 0, nextAttemptAt: at(10) },
};

describe("what the list says of a task", () => {
  it.each<[string, Partial<Task>, string]>([
    ["one that waits", { why: "waits" }, "waits"],
    [
      "one that failed",
      { state: "failed", lastAttempt: { status: 500, error: "no" } as AttemptView },
      "last: 500 no",
    ],
    [
      "one that is tried again",
      { why: "in back-off", lastAttempt: { status: 503 } as AttemptView },
      "in back-off · last: 503",
    ],
    [
      "one that has expired",
      { state: "expired", expires: 20, endedAt: at(-39) },
      `not started by ${at(-40)}`,
    ],
    ["much", { why: "x".repeat(200) }, `${"x".repeat(160)}…`],
  ])("%s", (_, more, says) => {
    expect(reasonOf({ ...TASK, ...more })).toBe(says);
  });
});

const seconds = (ms: number) => (ms - NOW) / 1000;

describe("the coming attempts", () => {
  const retry = completeRetry({ limit: 3, minBackoff: 10, maxBackoff: 300 });
  const shown = (task: Task, by = retry) => {
    const { attempts, isAll } = upcomingAttempts(task, by, NOW);
    return { isAll, attempts: attempts.map(({ number, at }) => [number, seconds(at)]) };
  };

  it("of a new task are all it may have", () => {
    expect(shown(TASK)).toEqual({
      isAll: true,
      attempts: [
        [1, 10],
        [2, 20],
        [3, 40],
        [4, 80],
      ],
    });
  });

  it("of one in back-off are those that are left", () => {
    const attempts = [{ startedAt: at(-30), endedAt: at(-29), dueAt: at(-30), status: 500 }];
    expect(shown({ ...TASK, retryCount: 2, attempts })).toEqual({
      isAll: true,
      attempts: [
        [3, 10],
        [4, 50],
      ],
    });
  });

  it("of one that is due begin now", () => {
    expect(shown({ ...TASK, state: "due", nextAttemptAt: at(-900) }).attempts[0]).toEqual([1, 0]);
  });

  it("of one that is running follow if it fails now", () => {
    expect(shown({ ...TASK, state: "running", retryCount: 2 }).attempts).toEqual([[4, 40]]);
    expect(shown({ ...TASK, state: "running", retryCount: 3 })).toEqual({
      isAll: true,
      attempts: [],
    });
  });

  it("without a limit go on", () => {
    expect(shown(TASK, completeRetry({}))).toMatchObject({ isAll: false, attempts: { length: 8 } });
  });

  it("go by the task's own knobs, which replace the queue's as a whole", () => {
    const queue = queueWith({
      retryParameters: {
        taskRetryLimit: 1,
        minBackoffSeconds: 7,
        maxBackoffSeconds: 70,
        maxDoublings: 2,
      },
    });
    expect(retryOf(TASK, queue)).toEqual({
      limit: 1,
      minBackoff: 7,
      maxBackoff: 70,
      maxDoublings: 2,
    });
    expect(retryOf({ retry: { limit: 9 } }, queue)).toEqual({
      limit: 9,
      minBackoff: 0.1,
      maxBackoff: 3600,
      maxDoublings: 16,
    });
  });
});

describe("what can be done to a task", () => {
  it.each<[Task["state"], "push" | "pull", string]>([
    ["scheduled", "push", "again time delete run"],
    ["due", "pull", "again time delete"],
    ["running", "push", "again delete"],
    ["leased", "pull", "again delete"],
    ["waiting", "push", "again delete"],
    ["failed", "push", "again delete redrive"],
    ["done", "push", "release"],
    ["deleted", "pull", "release"],
  ])("%s, on a %s queue: %s", (state, mode, offers) => {
    expect(availableActions({ state }, mode).join(" ")).toBe(offers);
  });
});

describe("a line for the shell", () => {
  it("says all of a task that was asked for, and nothing of what became of it", () => {
    const task: Task = {
      ...TASK,
      url: "/x",
      headers: { "X-A": ["1", "2"] },
      payload: { a: "it's" },
      retry: { limit: 2 },
    };
    const body = newTaskFrom(task);
    expect(body).toEqual({
      url: "/x",
      headers: { "X-A": ["1", "2"] },
      payload: { a: "it's" },
      retry: { limit: 2 },
    });
    expect(curlOf({ url: "http://a/b", body: { payload: "it's" }, hasToken: true })).toBe(
      [
        "curl 'http://a/b'",
        "-H 'Content-Type: application/json'",
        '-H "Authorization: Bearer $TASKQUEUE_TOKEN"',
        `--data-raw '{"payload":"it'\\''s"}'`,
      ].join(" \\\n  "),
    );
  });

  it("is one word for sh, whatever is in it", () => {
    const texts = ["$(id) `id` \\ \" ' \n !x", "'", "''", "-x", "a'b'c\\'", "#", "*", "~", ""];
    const words = texts.map((text) => quoted(text)).join(" ");
    const script = `for word in ${words}; do printf '%s\\0' "$word"; done`;
    expect(
      execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1),
    ).toEqual(texts);
  });

  it("is so for any text", () => {
    const text = fc.string({ unit: "grapheme" }).filter((it) => !it.includes("\0"));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const script = `printf '%s\\0' end ${texts.map(quoted).join(" ")}`;
        const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0");
        expect(words.slice(1, -1)).toEqual(texts);
      }),
      { numRuns: 20 },
    );
  });
});

describe("the form a task is added by", () => {
  it.each<Partial<Task>>([
    {},
    { url: "/x", method: "PUT", payload: { a: [1, null] } },
    { payload: "text <b>" },
    { payloadBase64: "AAEC" },
    { params: { a: "1", b: ["2", "x=y"] }, headers: { "X-A": ["1", "2"], "X-B": "c: d" } },
    { retry: { limit: 2 }, dispatchDeadline: 20, tag: "a4" },
    { key: " a/b ", priority: 0 },
  ])("asks for the same again: %j", (fields) => {
    const again = newTaskFrom({ ...TASK, ...fields });
    expect(taskOf(formOf(again))).toEqual({ task: again });
  });

  it.each<[Partial<AddForm>, string]>([
    [{ bodyKind: "json", body: "{" }, "JSON: "],
    [{ bodyKind: "params", body: "a" }, 'Form fields: expected "name=value", found "a"'],
    [{ priority: "high" }, 'Priority: found "high", expected 0 to 9'],
    [{ headers: "X-A" }, 'Headers: expected "name:value", found "X-A"'],
  ])("says what is wrong: %j", (change, message) => {
    expect(taskOf({ ...formOf(), ...change })).toEqual({ wrong: expect.stringContaining(message) });
  });

  it("leaves out what was not said", () => {
    expect(taskOf({ ...formOf(), name: " a ", countdown: "5" })).toEqual({
      task: { name: "a", countdown: "5" },
    });
  });
});
