import { describe, expect, it } from "vitest";
import { type Admission, acceptTask } from "../../src/core/new-task.ts";
import { NO_PROGRESS } from "../../src/core/task.ts";
import { taskView } from "../../src/core/task-view.ts";

const NOW = Date.UTC(2030, 0, 1);
const push: Admission = {
  queue: { name: "mail", mode: "push" },
  now: NOW,
  hosts: { allow: [], refuse: [] },
};
const pull: Admission = { ...push, queue: { name: "work", mode: "pull" } };

const path = (length: number) => `/${"p".repeat(length - 1)}`;

describe("a push task", () => {
  it.each<[string, object]>([
    ["nothing said", {}],
    ["a name of 500", { name: "n".repeat(500) }],
    ["a name of every kind of character", { name: "-0_aZ9" }],
    ["an empty name, as none", { name: "" }],
    ["GET with a query", { method: "GET", url: "/x?a=1" }],
    ["a lower-case method", { method: "put" }],
    ["an absolute url with a query", { url: "https://example.com/x?a=1" }],
    ["a path of 2083", { url: path(2083) }],
    ["an empty payload beside params", { payload: "", params: { a: "1" } }],
    ["an empty payload on GET", { method: "GET", payload: "" }],
    [
      "params on PUT beside a payload",
      { method: "PUT", url: "/p", params: { a: "1" }, payload: "z" },
    ],
    ["30 days", { countdown: 2_592_000 }],
    ["a countdown as text", { countdown: "1.5" }],
    ["a negative countdown", { countdown: -5 }],
    ["an eta with an offset", { eta: "2030-01-01T05:00:00.250+02:00" }],
    ["an eta as a Date", { eta: new Date(NOW + 1000) }],
    ["a deadline of 15 s", { dispatchDeadline: 15 }],
    ["a deadline of a day", { dispatchDeadline: 86_400 }],
    ["a target with version and instance", { target: "1.v1.mod" }],
    [
      "retry options",
      { retry: { limit: 0, ageLimit: 0.5, minBackoff: 0, maxBackoff: 0, maxDoublings: 0 } },
    ],
    ["exactly the size limit", { payload: "x".repeat(102_400 - "POST".length) }],
    ["base64 with the url's alphabet, unpadded", { payloadBase64: "-_8" }],
  ])("is taken with %s", (_, task) => {
    expect(acceptTask(task, push).failure).toBeUndefined();
  });

  it.each<[object, string, string]>([
    [{ name: "a.b" }, "INVALID_TASK_NAME", '"a.b"'],
    [{ name: "n".repeat(501) }, "INVALID_TASK_NAME", "500"],
    [{ name: "a\n" }, "INVALID_TASK_NAME", "name"],
    [{ name: 7 }, "INVALID_TASK_NAME", "7"],
    [{ method: "PATCH" }, "INVALID_REQUEST", "PATCH"],
    [{ method: 7 }, "INVALID_REQUEST", "method"],
    [{ method: "PULL", payload: "" }, "WRONG_QUEUE_MODE", "mail"],
    [{ url: "/x?a=1" }, "INVALID_REQUEST", "params"],
    [{ method: "GET", url: "/x?a=1", params: { b: "2" } }, "INVALID_REQUEST", "params"],
    [{ method: "DELETE", payload: "x" }, "INVALID_REQUEST", "DELETE"],
    [{ method: "HEAD", payload: "x" }, "INVALID_REQUEST", "HEAD"],
    [{ payload: "x", params: { a: "1" } }, "INVALID_REQUEST", "either"],
    [{ payload: "x", payloadBase64: "eA==" }, "INVALID_REQUEST", "payloadBase64"],
    [{ payloadBase64: "%%" }, "INVALID_REQUEST", "base64"],
    [{ params: { a: { b: 1 } } }, "INVALID_REQUEST", "params.a"],
    [{ params: [] }, "INVALID_REQUEST", "params"],
    [{ url: path(2084) }, "INVALID_URL", "2083"],
    [{ url: "x" }, "INVALID_URL", '"x"'],
    [{ url: "//h/x" }, "INVALID_URL", "//h/x"],
    [{ url: "/\\evil.com/x" }, "INVALID_URL", "path"],
    [{ url: "/x#f" }, "INVALID_URL", "fragment"],
    [{ url: "http://localhost/x" }, "INVALID_URL", "localhost"],
    [{ url: "javascript:alert(1)" }, "INVALID_URL", "javascript"],
    [{ url: 5 }, "INVALID_URL", "5"],
    [{ countdown: 2_592_001 }, "INVALID_ETA", "30 days"],
    [{ eta: new Date(NOW + 2_592_000_001).toISOString() }, "INVALID_ETA", "30 days"],
    [{ eta: "tomorrow" }, "INVALID_ETA", "tomorrow"],
    [{ eta: "2030-02-30" }, "INVALID_ETA", "RFC 3339"],
    [{ countdown: "soon" }, "INVALID_REQUEST", "countdown"],
    [{ countdown: Number.POSITIVE_INFINITY }, "INVALID_ETA", "countdown"],
    [{ countdown: 1, eta: "2030-01-02T00:00:00Z" }, "INVALID_REQUEST", "not both"],
    [{ dispatchDeadline: 14.9 }, "INVALID_REQUEST", "15"],
    [{ dispatchDeadline: 86_401 }, "INVALID_REQUEST", "86400"],
    [{ dispatchDeadline: "60" }, "INVALID_REQUEST", "dispatchDeadline"],
    [{ target: "Mod" }, "INVALID_REQUEST", "Mod"],
    [{ target: "a.b.c.d" }, "INVALID_REQUEST", "target"],
    [{ target: "mod", headers: { Host: "x" } }, "INVALID_REQUEST", "Host"],
    [{ target: "mod", url: "https://example.com/" }, "INVALID_REQUEST", "target"],
    [{ tag: "" }, "INVALID_REQUEST", "tag"],
    [{ headers: { "bad name": "x" } }, "INVALID_REQUEST", "bad name"],
    [{ headers: { a: "x\r\nEvil: 1" } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: { a: 1 } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: "a" }, "INVALID_REQUEST", "headers"],
    [{ retry: { limit: -1 } }, "INVALID_REQUEST", "retry.limit"],
    [{ retry: { limit: 1.5 } }, "INVALID_REQUEST", "whole number"],
    [{ retry: { ageLimit: 0 } }, "INVALID_REQUEST", "ageLimit"],
    [{ retry: { minBackoff: 20, maxBackoff: 10 } }, "INVALID_REQUEST", "10"],
    [{ retry: { attempts: 3 } }, "INVALID_REQUEST", "attempts"],
    [{ payload: "x".repeat(102_401 - "POST".length) }, "TASK_TOO_LARGE", "102401"],
    [{ payload: "é".repeat(51_199) }, "TASK_TOO_LARGE", "102402"],
    [{ colour: "red" }, "INVALID_REQUEST", "colour"],
  ])("%j is refused as %s, naming %s", (task, code, fragment) => {
    const { failure } = acceptTask(task, push);
    expect(failure?.code).toBe(code);
    expect(failure?.message).toContain(fragment);
  });

  it.each([null, 7, "x", [{}]])("%j is no task", (task) => {
    expect(acceptTask(task, push).failure?.code).toBe("INVALID_REQUEST");
  });

  it.each<[object, number]>([
    [{}, NOW],
    [{ countdown: 1.5 }, NOW + 1500],
    [{ countdown: -5 }, NOW],
    [{ eta: "2029-12-31T23:00:00Z" }, NOW],
    [{ eta: "2030-01-01T05:00:00.250+02:00" }, NOW + 3 * 3600_000 + 250],
  ])("%j is due when it says, and never in the past", (task, due) => {
    expect(acceptTask(task, push).ok?.due).toBe(due);
  });
});

describe("a pull task", () => {
  it("is taken with a payload and a tag of 500 bytes, up to a mebibyte", () => {
    const task = { payload: "x".repeat(1_048_576 - "PULL".length), tag: "t".repeat(500) };
    expect(acceptTask(task, pull).failure).toBeUndefined();
    expect(acceptTask({ payload: "" }, pull).failure).toBeUndefined();
  });

  it("takes params as a form-encoded payload", () => {
    expect(acceptTask({ params: { a: ["1", "2"] } }, pull).ok?.body).toBe("a=1&a=2");
  });

  it.each<[object, string]>([
    [{}, "INVALID_REQUEST"],
    [{ payload: "x", url: "/x" }, "INVALID_REQUEST"],
    [{ payload: "x", headers: {} }, "INVALID_REQUEST"],
    [{ payload: "x", target: "mod" }, "INVALID_REQUEST"],
    [{ payload: "x", dispatchDeadline: 60 }, "INVALID_REQUEST"],
    [{ payload: "x", params: { a: "1" } }, "INVALID_REQUEST"],
    [{ payload: "x", tag: "t".repeat(501) }, "INVALID_REQUEST"],
    [{ payload: "x", tag: "é".repeat(251) }, "INVALID_REQUEST"],
    [{ payload: "x", method: "POST" }, "WRONG_QUEUE_MODE"],
    [{ payload: "x", retry: { minBackoff: 1 } }, "INVALID_REQUEST"],
    [{ payload: "x".repeat(1_048_576) }, "TASK_TOO_LARGE"],
  ])("%j is refused as %s", (task, code) => {
    expect(acceptTask(task, pull).failure?.code).toBe(code);
  });
});

describe("what was asked for", () => {
  it.each<[object]>([
    [{ params: { a: ["1", "2"], b: "x y" } }],
    [{ method: "GET", params: { a: "1" } }],
    [{ payload: "text" }],
    [{ payload: { deep: [1, null, "é"] } }],
    [{ payload: null }],
    [{ payloadBase64: "AAH/" }],
    [{ url: "https://example.com/x?y=1", headers: { "X-A": ["1", "2"], "X-B": "3" } }],
    [{ target: "v1.mod", dispatchDeadline: 60, retry: { limit: 3 } }],
  ])("is shown again as it was: %j", (task) => {
    const { ok } = acceptTask(task, push);
    if (!ok) throw new Error("refused");
    const { spec, body, due } = ok;
    const stored = {
      name: "n",
      named: true,
      due,
      createdAt: NOW,
      spec,
      body,
      progress: NO_PROGRESS,
    };
    expect(taskView("mail", "due", stored)).toMatchObject(task);
  });
});
