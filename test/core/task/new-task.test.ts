import { describe, expect, it } from "vitest";
import { type Admission, acceptNewTime, acceptTask } from "../../../src/core/task/new-task.ts";

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
    ["a payload on PATCH", { method: "PATCH", url: "/x?a=1", payload: "z" }],
    ["OPTIONS", { method: "OPTIONS" }],
    ["a query on POST in a dialect", { url: "/x?a=1", dialect: "cloudtasks-appengine" }],
    ["a dialect's size limit", { dialect: "cloudtasks", payload: "x".repeat(1_048_565) }],
    ["an identity token", { oidcToken: { serviceAccountEmail: "me@example.com" } }],
    [
      "an identity token for somebody",
      { oidcToken: { serviceAccountEmail: "a@b", audience: "https://example.com" } },
    ],
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
    ["a header value of printable Latin-1", { headers: { "X-A": "\t ~é\u00ff" } }],
    ["a header of every token character", { headers: { "!#$%&'*+-.^_`|~0aZ": "1" } }],
    ["a list of header values", { headers: { "X-A": ["1", "2"] } }],
    ["a Host header without a target", { headers: { Host: "x" } }],
    ["numbers and booleans as params", { params: { a: 1, b: true } }],
    ["a target without version", { target: "mod" }],
    ["a service of 63 characters", { target: "m".repeat(63) }],
    ["a path whose query makes it longer than 2083", { method: "GET", url: `${path(2083)}?a=1` }],
    ["a lone minimum above the default maximum", { retry: { minBackoff: 5000 } }],
  ])("is taken with %s", (_, task) => {
    expect(acceptTask(task, push).failure).toBeUndefined();
  });

  it.each<[object, string, string]>([
    [{ name: "a.b" }, "INVALID_TASK_NAME", '"a.b"'],
    [{ name: "n".repeat(501) }, "INVALID_TASK_NAME", "500"],
    [{ name: "a\n" }, "INVALID_TASK_NAME", "name"],
    [{ name: 7 }, "INVALID_TASK_NAME", "7"],
    [{ method: "TRACE" }, "INVALID_REQUEST", "TRACE"],
    [{ method: "OPTIONS", payload: "x" }, "INVALID_REQUEST", "OPTIONS"],
    [{ dialect: "morse" }, "INVALID_REQUEST", "cloudtasks or cloudtasks-appengine"],
    [{ oidcToken: "me@example.com" }, "INVALID_REQUEST", "oidcToken"],
    [
      { url: "https://example.com/", oidcToken: { serviceAccountEmail: "me@example.com" } },
      "INVALID_REQUEST",
      "TASKQUEUE_OIDC_KEY and TASKQUEUE_OIDC_ISSUER",
    ],
    [{ oidcToken: {} }, "INVALID_REQUEST", "oidcToken.serviceAccountEmail"],
    [{ oidcToken: { serviceAccountEmail: "me" } }, "INVALID_REQUEST", "e-mail address"],
    [
      { oidcToken: { serviceAccountEmail: "me@example.com", audience: 7 } },
      "INVALID_REQUEST",
      "oidcToken.audience",
    ],
    [
      { oidcToken: { serviceAccountEmail: "me@example.com", scope: "x" } },
      "INVALID_REQUEST",
      "only serviceAccountEmail and audience",
    ],
    [{ dialect: "cloudtasks", payload: "x".repeat(1_048_566) }, "TASK_TOO_LARGE", "1048569"],
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
    [{ name: "é" }, "INVALID_TASK_NAME", "é"],
    [{ name: "", method: "" }, "INVALID_REQUEST", "method"],
    [{ url: "//one.invalid/x" }, "INVALID_URL", "//one.invalid/x"],
    [{ url: "//own.invalid/x" }, "INVALID_URL", "//own.invalid/x"],
    [{ url: "/\t/evil.com/x" }, "INVALID_URL", "path"],
    [{ url: "\\\\evil.com/x" }, "INVALID_URL", "path"],
    [{ url: "?a=1", method: "GET" }, "INVALID_URL", "path"],
    [{ url: "ftp://example.com/x" }, "INVALID_URL", "ftp"],
    [{ url: "https://user:pw@example.com/" }, "INVALID_URL", "password"],
    [{ url: "https://" }, "INVALID_URL", "http(s) url"],
    [{ url: `https://example.com${path(2083)}` }, "INVALID_URL", "2083"],
    [{ method: "PUT", url: "/x?a=1", params: { b: "2" } }, "INVALID_REQUEST", "params"],
    [{ method: "GET", payload: "x" }, "INVALID_REQUEST", "GET"],
    [{ method: "GET", payload: { a: 1 }, params: { a: "1" } }, "INVALID_REQUEST", "GET"],
    [{ params: { a: null } }, "INVALID_REQUEST", "params.a"],
    [{ params: { a: [["1"]] } }, "INVALID_REQUEST", "params.a"],
    [{ params: "a=1" }, "INVALID_REQUEST", "params"],
    [{ payloadBase64: "A" }, "INVALID_REQUEST", "base64"],
    [{ payloadBase64: "QQ===" }, "INVALID_REQUEST", "base64"],
    [{ payloadBase64: 7 }, "INVALID_REQUEST", "base64"],
    [{ eta: "2030-01-02" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2030-01-02T00:00:00" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-02-30T00:00:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-13-01T00:00:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-01-00T00:00:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-12-31T24:00:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-12-31T24:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-12-31 24:00:00.000+01:00" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-12-31T25:00:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-12-31T23:60:00Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "2029-12-31T23:59:60Z" }, "INVALID_ETA", "RFC 3339"],
    [{ eta: "" }, "INVALID_ETA", "eta"],
    [{ eta: NOW / 1000 }, "INVALID_ETA", "eta"],
    [{ eta: new Date(Number.NaN) }, "INVALID_ETA", "eta"],
    [{ countdown: "" }, "INVALID_REQUEST", "countdown"],
    [{ countdown: "2592001" }, "INVALID_ETA", "2592001"],
    [{ countdown: null }, "INVALID_REQUEST", "countdown"],
    [{ countdown: Number.NaN }, "INVALID_REQUEST", "countdown"],
    [{ dispatchDeadline: 0 }, "INVALID_REQUEST", "0"],
    [{ dispatchDeadline: Number.NaN }, "INVALID_REQUEST", "dispatchDeadline"],
    [{ target: "-mod" }, "INVALID_REQUEST", "-mod"],
    [{ target: "m".repeat(64) }, "INVALID_REQUEST", "target"],
    [{ target: "mod", headers: { hOST: "x" } }, "INVALID_REQUEST", "Host"],
    [{ tag: "t" }, "INVALID_REQUEST", "tag"],
    [{ headers: { a: "x\ny" } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: { a: ["fine", "x\r"] } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: { a: "\0" } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: { a: "€" } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: { "a\r\nEvil": "x" } }, "INVALID_REQUEST", "headers.a"],
    [{ headers: { "": "x" } }, "INVALID_REQUEST", "headers."],
    [{ headers: [["a", "b"]] }, "INVALID_REQUEST", "headers"],
    [{ retry: { limit: "3" } }, "INVALID_REQUEST", "retry.limit"],
    [{ retry: { maxDoublings: 0.5 } }, "INVALID_REQUEST", "retry.maxDoublings"],
    [{ retry: { maxBackoff: Number.POSITIVE_INFINITY } }, "INVALID_REQUEST", "retry.maxBackoff"],
    [{ retry: { maxBackoff: 2_592_001 } }, "INVALID_REQUEST", "at most 2592000"],
    [{ retry: { minBackoff: 1e300 } }, "INVALID_REQUEST", "at most 2592000"],
    [{ retry: { ageLimit: 3_153_600_001 } }, "INVALID_REQUEST", "at most 3153600000"],
    [{ retry: { ageLimit: Number.POSITIVE_INFINITY } }, "INVALID_REQUEST", "at most 3153600000"],
    [{ retry: { limit: 2 ** 31 } }, "INVALID_REQUEST", "at most 2147483647"],
    [{ retry: { maxDoublings: 1e21 } }, "INVALID_REQUEST", "at most 2147483647"],
    [{ retry: { minBackoff: {} } }, "INVALID_REQUEST", "retry.minBackoff"],
    [{ retry: { minBackoff: [1], maxBackoff: 0 } }, "INVALID_REQUEST", "retry.minBackoff"],
    [{ retry: 3 }, "INVALID_REQUEST", "retry"],
    [{ retry: { minBackoff: Number.NaN } }, "INVALID_REQUEST", "retry.minBackoff"],
  ])("%j is refused as %s, naming %s", (task, code, fragment) => {
    const { failure } = acceptTask(task, push);
    expect(failure?.code).toBe(code);
    expect(failure?.message).toContain(fragment);
  });

  // They cannot come by JSON but can come from TypeScript, and one bad task must not throw on the others.
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[string, object, string]>([
    ["a bigint", { payload: 10n }, "payload: found 10n"],
    ["a bigint deep in it", { payload: { n: [10n] } }, "payload: found an object that is not JSON"],
    ["a circle", { payload: circle }, "payload: found an object that is not JSON"],
    ["a function", { payload: () => 1 }, "payload: found () => 1"],
    ["a symbol as countdown", { countdown: Symbol("s") }, "countdown: found Symbol(s)"],
    ["a bigint as countdown", { countdown: 10n }, "countdown: found 10n"],
  ])("%s is refused in words", (_, task, message) => {
    const { failure } = acceptTask(task, push);
    expect(failure?.code).toBe("INVALID_REQUEST");
    expect(failure?.message).toContain(message);
  });

  it.each([null, undefined, 7, "x", [{}]])("%j is no task", (task) => {
    expect(acceptTask(task, push).failure?.code).toBe("INVALID_REQUEST");
  });

  it.each<[object, number]>([
    [{}, NOW],
    [{ countdown: 1.5 }, NOW + 1500],
    [{ countdown: -5 }, NOW],
    [{ eta: "2029-12-31T23:00:00Z" }, NOW],
    [{ eta: "2030-01-01T05:00:00.250+02:00" }, NOW + 3 * 3600_000 + 250],
    [{ eta: "2030-01-01 00:00:01z" }, NOW + 1000],
    [{ eta: "2030-01-01t00:01Z" }, NOW + 60_000],
    [{ eta: "2030-01-31T00:00:00Z" }, NOW + 2_592_000_000],
    [{ eta: new Date(NOW + 1234) }, NOW + 1234],
    [{ eta: new Date(NOW - 1234) }, NOW],
    [{ countdown: "1.5" }, NOW + 1500],
    [{ countdown: " 2 " }, NOW + 2000],
    [{ countdown: "1e3" }, NOW + 1_000_000],
    [{ countdown: 0.0004 }, NOW],
    [{ countdown: 2_592_000 }, NOW + 2_592_000_000],
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

it("a pull task that came with a content type is taken without it", () => {
  const pull: Admission = { ...push, queue: { name: "q", mode: "pull" } };
  const taken = acceptTask({ payload: "x", headers: { "Content-Type": "text/plain" } }, pull);
  expect(taken.ok?.spec).toEqual({});
  expect(acceptTask({ payload: "x", headers: { "X-A": "1" } }, pull).failure?.code).toBe(
    "INVALID_REQUEST",
  );
});

describe("the size", () => {
  // Method, url, each header with 4 for its punctuation, and body.
  it.each<[string, (payload: string) => object, number]>([
    ["method", (payload) => ({ payload }), 4],
    ["a longer method's", (payload) => ({ method: "PUT", payload }), 3],
    ["url", (payload) => ({ url: path(20), payload }), 4 + 20],
    [
      "headers",
      (payload) => ({ headers: { "X-A": "12", "X-B": ["3", ""] }, payload }),
      4 + 9 + 8 + 7,
    ],
    ["query", (payload) => ({ method: "PUT", url: "/p", params: { a: "1" }, payload }), 3 + 2 + 4],
    ["params", (payload) => ({ params: { a: payload } }), 4 + 2],
  ])("counts the %s", (_, task, rest) => {
    const most = "x".repeat(102_400 - rest);
    expect(acceptTask(task(most), push).failure).toBeUndefined();
    expect(acceptTask(task(`${most}x`), push).failure).toEqual({
      code: "TASK_TOO_LARGE",
      message:
        "task: found 102401 bytes of url, headers and body, expected at most 102400 on a push queue",
    });
  });

  it("of bytes is theirs, not their base64's", () => {
    const bytes = new Uint8Array(102_400 - 4);
    expect(acceptTask({ payload: bytes }, push).failure).toBeUndefined();
    const payloadBase64 = Buffer.from(bytes).toString("base64");
    expect(acceptTask({ payloadBase64 }, push).ok?.body).toEqual(bytes);
  });
});

describe("what a task carries", () => {
  const bytes = new Uint8Array([251, 255]);

  it.each<[string, object, { kind?: string; query?: string; body?: unknown }]>([
    ["nothing", {}, {}],
    [
      "params of a POST in its body",
      { params: { a: [1, 2], b: "x y", ä: "&" } },
      { kind: "params", body: "a=1&a=2&b=x+y&%C3%A4=%26" },
    ],
    ["params of a GET in its query", { method: "GET", params: { a: "x y" } }, { query: "a=x+y" }],
    ["params of a PUT too", { method: "PUT", params: { a: "1" } }, { query: "a=1" }],
    [
      "both on a PUT",
      { method: "PUT", url: "/p", params: { a: "1" }, payload: "z" },
      { query: "a=1", body: "z" },
    ],
    ["text", { payload: "héllo" }, { body: "héllo" }],
    ["empty text", { payload: "" }, { body: "" }],
    ["bytes", { payload: bytes }, { body: bytes }],
    ["a buffer", { payload: bytes.buffer }, { body: bytes }],
    ["base64", { payloadBase64: "+/8=" }, { body: bytes }],
    ["base64 unpadded", { payloadBase64: "+/8" }, { body: bytes }],
    ["base64 of the url's alphabet", { payloadBase64: "-_8" }, { body: bytes }],
    ["JSON", { payload: { a: [1, null] } }, { kind: "json", body: '{"a":[1,null]}' }],
    ["a JSON null", { payload: null }, { kind: "json", body: "null" }],
    [
      "params over an empty payload",
      { payload: "", params: { a: "1" } },
      { kind: "params", body: "a=1" },
    ],
  ])("%s", (_, task, { body, kind, query }) => {
    const { ok } = acceptTask(task, push);
    expect(ok?.body).toEqual(body);
    expect([ok?.spec.kind, ok?.spec.query]).toEqual([kind, query]);
  });

  it("is only what was said", () => {
    const said = { name: "", url: "", method: "post", headers: {}, target: "" };
    expect(acceptTask(said, push).ok).toEqual({
      name: undefined,
      due: NOW,
      spec: {},
      body: undefined,
    });
  });
});

describe("a time", () => {
  it.each<[object, string]>([
    [{ eta: "1969-12-31T23:59:59.999Z" }, "1970 or later"],
    [{ eta: "1970-01-01T00:00:00+00:01" }, "1970 or later"],
    [{ eta: "1900-01-01T00:00:00Z" }, "1970 or later"],
    [{ eta: "0001-01-01T00:00:00Z" }, "1970 or later"],
    [{ eta: "0000-01-01T00:00:00Z" }, "1970 or later"],
    [{ eta: new Date(-1) }, "1970 or later"],
    [{ eta: new Date(-8.64e15) }, "1970 or later"],
    [{ countdown: -NOW / 1000 - 1 }, "1970 or later"],
    [{ countdown: -1e300 }, "1970 or later"],
    [{ countdown: "-1e400" }, 'found "-1e400"'],
    [{ countdown: Number.NEGATIVE_INFINITY }, "found -Infinity"],
    [{ countdown: Number.POSITIVE_INFINITY }, "found Infinity, expected at most 30 days"],
    [{ countdown: "1e400" }, "at most 30 days"],
    [{ eta: "9999-12-31T23:59:59Z" }, "at most 30 days"],
    [{ eta: new Date(8.64e15) }, "at most 30 days"],
    [{ eta: "+10000-01-01T00:00:00Z" }, "RFC 3339"],
    [{ eta: "-000001-01-01T00:00:00Z" }, "RFC 3339"],
    [{ eta: "10000-01-01T00:00:00Z" }, "RFC 3339"],
    [{ eta: "2030-01-01T00:00:60Z" }, "RFC 3339"],
    [{ eta: new Date(Number.NaN) }, "found Invalid Date"],
  ])("%j is refused as INVALID_ETA", (time, words) => {
    for (const answer of [acceptTask(time, push), acceptNewTime(time, NOW)]) {
      expect(answer.failure?.code).toBe("INVALID_ETA");
      expect(answer.failure?.message).toContain(words);
    }
  });

  it.each([
    ["1970-01-01T00:00:00Z", NOW],
    ["1970-01-01T01:00:00+01:00", NOW],
  ])("%s means now, as every past instant", (eta, due) => {
    expect(acceptTask({ eta }, push).ok?.due).toBe(due);
  });

  it.each([
    "",
    " ",
    "x",
    "0x10",
    "Infinity",
    "NaN",
    "5s",
    "1_000",
    null,
    true,
    [5],
    {},
    Number.NaN,
  ])("a countdown of %j is no number of seconds", (countdown) => {
    expect(acceptTask({ countdown }, push).failure).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("expected a number of seconds"),
    });
  });

  it.each([
    ["5", 5],
    ["+5", 5],
    [" 1.5 ", 1.5],
    ["1e2", 100],
    [".5", 0.5],
    ["-5", 0],
  ])("a countdown of %j is taken as App Engine takes numeric text", (countdown, seconds) => {
    expect(acceptTask({ countdown }, push).ok?.due).toBe(NOW + seconds * 1000);
  });
});

describe("what App Engine takes as nothing", () => {
  it.each<[object, string | undefined]>([
    [{ url: "/x#" }, "/x"],
    [{ url: "/x?" }, "/x"],
    [{ url: "/x?#" }, "/x"],
    [{ url: "/?#" }, "/"],
    [{ url: "/x?", params: { a: "1" } }, "/x"],
    [{ url: "/x?#", method: "GET", params: { a: "1" } }, "/x"],
    [{ url: "/x?a=1#", method: "GET" }, "/x?a=1"],
    [{ url: "/x??", method: "GET" }, "/x?"],
    [{ url: "https://example.com/x#" }, "https://example.com/x"],
    [{ url: "https://example.com/x?" }, "https://example.com/x"],
    [{ url: "https://example.com/x?", dialect: "cloudtasks" }, "https://example.com/x?"],
    [{ url: "" }, undefined],
  ])("of the url of %j, %s is left", (task, url) => {
    const { ok, failure } = acceptTask(task, push);
    expect([ok?.spec.url, failure]).toEqual([url, undefined]);
  });

  it.each([{ url: "/x#y" }, { url: "/x?#y" }, { url: "/x##" }, { url: "#" }, { url: "?" }])(
    "the rest of %j is refused",
    (task) => {
      expect(acceptTask(task, push).failure?.code).toBe("INVALID_URL");
    },
  );

  it.each<[object, { body: unknown; kind?: string }]>([
    [{ params: {} }, { body: undefined }],
    [{ params: {}, payload: "x" }, { body: "x" }],
    [
      { params: {}, payload: { a: 1 } },
      { body: '{"a":1}', kind: "json" },
    ],
    [{ params: {}, payloadBase64: "eA==" }, { body: new Uint8Array([120]) }],
    [{ params: {}, payload: "" }, { body: "" }],
    [{ params: {}, method: "GET" }, { body: undefined }],
    [{ params: {}, method: "GET", url: "/x?a=1" }, { body: undefined }],
    [{ params: {}, method: "PUT", payload: "x" }, { body: "x" }],
    [
      { params: { a: [] }, payload: "" },
      { body: "", kind: "params" },
    ],
  ])("%j: params without a field are none", (task, { body, kind }) => {
    const { ok, failure } = acceptTask(task, push);
    expect([ok?.body, ok?.spec.kind, ok?.spec.query, failure]).toEqual([
      ...[body, kind, undefined, undefined],
    ]);
  });

  it.each([
    [{ params: {} }, "payload: found undefined, expected a payload"],
    [{ params: { a: [] }, payload: "x" }, "either params or a payload"],
  ])("%j on a pull queue is refused", (task, words) => {
    expect(acceptTask(task, pull).failure?.message).toContain(words);
  });

  it.each([
    { url: "" },
    { headers: {} },
    { target: "" },
    { params: {} },
    { tag: "" },
    { name: "" },
  ])("%j beside a payload on a pull queue", (task) => {
    expect(acceptTask({ payload: "x", ...task }, pull).ok?.spec).toEqual({});
  });

  it.each(["name", "url", "method", "params", "payloadBase64", "headers", "countdown", "eta"])(
    "null is not nothing: %s of null is refused by its name",
    (field) => {
      expect(acceptTask({ [field]: null }, push).failure?.message).toContain(
        `${field}: found null`,
      );
    },
  );

  it.each(["target", "tag", "dispatchDeadline", "retry", "oidcToken", "dialect"])(
    "nor is %s of null",
    (field) => {
      expect(acceptTask({ [field]: null }, push).failure?.message).toContain(
        `${field}: found null`,
      );
    },
  );

  it("a payload of null is the JSON value", () => {
    expect(acceptTask({ payload: null }, push).ok).toMatchObject({ body: "null" });
  });
});
