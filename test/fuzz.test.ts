// What the fuzzer goes by: its requests are the same for a seed, and its checks see the faults they are for.
import { describe, expect, it } from "vitest";
import { type Answer, readAnswer } from "../fuzz/answer.ts";
import { BODIES } from "../fuzz/bodies.ts";
import { faultsOfOutput } from "../fuzz/check-command.ts";
import { faultsOf, faultsOfAnswer } from "../fuzz/checks.ts";
import { READ_TOKEN, WRITE_TOKEN } from "../fuzz/credentials.ts";
import { Random } from "../fuzz/random.ts";
import { differences, mustLeaveNothing } from "../fuzz/refused.ts";
import { bytesOf, type FuzzRequest, requestAt } from "../fuzz/requests.ts";
import { ROUTES, respelt } from "../fuzz/routes.ts";
import { complaintsIn } from "../fuzz/server.ts";
import { smaller } from "../fuzz/shrink.ts";
import { growthIn } from "../fuzz/trial.ts";
import { faultsOfError, faultsOfReading } from "../fuzz/yaml-checks.ts";
import { yamlAt } from "../fuzz/yaml-files.ts";
import { QueueConfigError } from "../src/core/config/yaml-document.ts";

const API: FuzzRequest = {
  mark: "s/1",
  route: { door: "api", method: "GET", path: "/_ah/api/queues" },
  ...{ method: "GET", target: "/_ah/api/queues", door: "api" },
  ...{ headers: [["Host", "127.0.0.1"]], body: undefined, isChunked: false },
};
const GOOGLE: FuzzRequest = { ...API, door: "google", target: "/v2/projects/p/locations/l/queues" };
const CONSOLE: FuzzRequest = { ...API, door: "console", target: "/_ah/console" };

function answer(status: number, body: string | object, headers: [string, string][] = []): Answer {
  const isJson = typeof body === "object";
  return {
    ...{ status, end: 0, isLast: false },
    headers: isJson ? [["Content-Type", "application/json"], ...headers] : headers,
    body: Buffer.from(isJson ? JSON.stringify(body) : body),
  };
}

const refusal = (code: string, message = "name: found 1", more = {}) => ({
  error: { code, message, ...more },
});
const TEXT: [string, string] = ["Content-Type", "text/plain"];
const HTML: [string, string] = ["Content-Type", "text/html"];

describe("an answer that is wrong", () => {
  it.each<[fault: string, request: FuzzRequest, answer: Answer]>([
    ["status 500", API, answer(500, refusal("INTERNAL"))],
    ["status 503", GOOGLE, answer(503, "")],
    ["status 200 where 401 was due", { ...API, expected: 401 }, answer(200, {})],
    [
      "status 404 where 403 was due",
      { ...API, expected: 403 },
      answer(404, refusal("UNKNOWN_QUEUE")),
    ],
    ["a secret in an answer", API, answer(200, { token: WRITE_TOKEN })],
    ["a secret in an answer", API, answer(303, "", [["Location", `/x?key=${READ_TOKEN}`]])],
    ["a stack in a refusal", API, answer(400, refusal("INVALID_REQUEST", "x\n    at read (a:1)"))],
    ["a stack in a refusal", API, answer(400, refusal("INVALID_REQUEST", "x in router.ts:12"))],
    ["a path of a file in a refusal", API, answer(400, refusal("INVALID_REQUEST", "/tmp/x"))],
    [
      "words of the database in a refusal",
      API,
      answer(400, refusal("INVALID_REQUEST", "no such table: x")),
    ],
    [
      "an internal error in a refusal",
      API,
      answer(400, refusal("INVALID_REQUEST", "a.b is not a function")),
    ],
    ["code NOPE  with status 400", API, answer(400, refusal("NOPE"))],
    ["code UNKNOWN_TASK  with status 400", API, answer(400, refusal("UNKNOWN_TASK"))],
    ["a refusal without a message", API, answer(400, refusal("INVALID_REQUEST", ""))],
    ["a message without a bound", API, answer(400, refusal("INVALID_REQUEST", "x".repeat(3000)))],
    ["a refusal with stack", API, answer(400, refusal("INVALID_REQUEST", "x", { stack: 1 }))],
    ["a refusal without error", API, answer(400, { message: "x" })],
    ["a refusal that is not JSON", API, answer(400, "{", [["Content-Type", "application/json"]])],
    ["a refusal in no known form", API, answer(400, "no", [TEXT])],
    ["a refusal in no known form", API, answer(400, "Bad Request")],
    ["another door's form", GOOGLE, answer(400, refusal("INVALID_REQUEST"))],
    [
      "another door's form",
      API,
      answer(400, { error: { code: 400, message: "x", status: "INVALID_ARGUMENT" } }),
    ],
    [
      "code 400 NOT_FOUND with status 400",
      GOOGLE,
      answer(400, { error: { code: 400, message: "x", status: "NOT_FOUND" } }),
    ],
    [
      "code 404 NOT_FOUND with status 400",
      GOOGLE,
      answer(400, { error: { code: 404, message: "x", status: "NOT_FOUND" } }),
    ],
    [
      "header access-control-allow-origin",
      API,
      answer(200, {}, [["Access-Control-Allow-Origin", "*"]]),
    ],
    [
      "a cookie that scripts can read",
      CONSOLE,
      answer(303, "", [["Set-Cookie", "taskqueue_session=x"]]),
    ],
    ["a page without guards", CONSOLE, answer(200, "<p>", [HTML])],
  ])("is found: %s", (fault, request, given) => {
    expect(faultsOfAnswer(request, given)).toContain(fault);
  });

  it.each<[what: string, request: FuzzRequest, answer: Answer]>([
    ["a list", API, answer(200, { queues: [] })],
    ["a refusal", API, answer(404, refusal("UNKNOWN_QUEUE"))],
    ["one with details", API, answer(400, refusal("INVALID_REQUEST", "x", { details: [1] }))],
    ["Google's", GOOGLE, answer(404, { error: { code: 404, message: "x", status: "NOT_FOUND" } })],
    [
      "what Google's door can not do",
      GOOGLE,
      answer(501, { error: { code: 501, message: "x", status: "UNIMPLEMENTED" } }),
    ],
    ["the Worker's own page", { ...API, door: "own" }, answer(404, "own", [TEXT, ["X-Own", "1"]])],
    ["workerd's, to no HTTP", { ...API, target: "x" }, answer(500, "Internal Server Error")],
    ["a HEAD's", { ...API, method: "HEAD" }, answer(404, "")],
  ])("is no other: %s", (_, request, given) => {
    expect(faultsOfAnswer(request, given)).toEqual([]);
  });

  it("is none at all: a hang, or a connection that ends", () => {
    const none = { answers: [], ms: 1 };
    expect(faultsOf(API, { ...none, end: "hang" })).toEqual(["hang: no whole answer in time"]);
    expect(faultsOf(API, { ...none, end: "closed" })).toHaveLength(1);
    expect(faultsOf(API, { ...none, end: "left" })).toEqual([]);
  });
});

it("every route with a body has one to send", () => {
  const known = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`));
  expect(Object.keys(BODIES).filter((route) => !known.has(route))).toEqual([]);
  const WITHOUT = /~(pause|resume|purge|run|close|cancel|test)$|^(GET|DELETE) /;
  const asked = ROUTES.filter(({ door }) => door === "api" || door === "google")
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !(route in BODIES) && !WITHOUT.test(route));
  expect(asked).toEqual([]);
});

it("a request is the same whenever it is made, and others are others", () => {
  for (let i = 0; i < 300; i++)
    expect(bytesOf(requestAt("a", i))).toEqual(bytesOf(requestAt("a", i)));
  const all = Array.from({ length: 1000 }, (_, i) => bytesOf(requestAt("a", i)).toString("latin1"));
  expect(new Set(all).size).toBeGreaterThan(990);
  expect(requestAt("b", 1)).not.toEqual(requestAt("a", 1));
});

it("ten thousand requests go to every route", () => {
  const asked = Array.from({ length: 10_000 }, (_, i) => requestAt("routes", i).route);
  expect(new Set(asked)).toEqual(new Set(ROUTES));
  expect(respelt("/_ah/api/queues", new Random("x"))).not.toBe("");
});

it("a request is made smaller by one thing at a time", () => {
  const body = Buffer.from('{"a":1,"b":{"c":2}}');
  const given: FuzzRequest = {
    ...API,
    target: "/x?y",
    body,
    headers: [
      ["Host", "h"],
      ["A", "b"],
    ],
  };
  const said = [...smaller(given)].map((it) => `${it.target} ${it.headers.length} ${it.body}`);
  expect(said).toEqual([
    '/x 2 {"a":1,"b":{"c":2}}',
    "/x?y 2 undefined",
    '/x?y 1 {"a":1,"b":{"c":2}}',
    '/x?y 2 {"b":{"c":2}}',
    '/x?y 2 {"a":1}',
    '/x?y 2 {"a":1,"b":{}}',
  ]);
});

describe("an answer on the wire", () => {
  it.each<[bytes: string, method: string, isClosed: boolean, expected: string]>([
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP", "GET", false, "200 hi 40 false"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "GET", false, "200 hi undefined false"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", false, "200  38 false"],
    ["HTTP/1.1 204 No Content\r\n\r\n", "GET", false, "204  27 false"],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
      "GET",
      false,
      "200 hi 59 false",
    ],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
      "GET",
      false,
      "200 hi undefined false",
    ],
    ["HTTP/1.1 500 X\r\nConnection: close\r\n\r\nhi", "GET", true, "500 hi 39 true"],
    ["HTTP/1.1 500 X\r\nConnection: close\r\n\r\nhi", "GET", false, "500 hi undefined true"],
    ["HTTP/1.1 100 Continue\r\n\r\n", "POST", false, "100  25 false"],
    ["HTTP/1.1 20", "GET", false, "nothing yet"],
  ])("%j to %s", (bytes, method, isClosed, expected) => {
    const read = readAnswer(Buffer.from(bytes), method, isClosed);
    const said = read && `${read.status} ${read.body} ${read.end} ${read.isLast}`;
    expect(said ?? "nothing yet").toBe(expected);
  });

  it("is none where the bytes are not HTTP", () => {
    expect(() => readAnswer(Buffer.from("nonsense\r\n\r\n"), "GET", false)).toThrow(
      "not an answer",
    );
  });
});

describe("what is left behind", () => {
  it("shows as a new file, a changed one, one that is gone", () => {
    const before = new Map([
      ["a", "1 1"],
      ["b", "1 1"],
      ["c", "1 1"],
      ["d-shm", "1 1"],
    ]);
    const after = new Map([
      ["a", "1 1"],
      ["b", "2 1"],
      ["d-shm", "2 1"],
      ["e", "1 1"],
    ]);
    expect(differences(before, after)).toEqual(["b", "c", "e"]);
  });

  it("has to be nothing of what is refused, and of a look", () => {
    const of = (method: string, ...statuses: number[]) =>
      mustLeaveNothing(
        { ...API, method },
        { answers: statuses.map((it) => answer(it, "")), end: "answered", ms: 1 },
      );
    expect([of("POST", 400), of("GET", 200), of("HEAD", 200)]).toEqual([true, true, true]);
    expect([of("POST", 200), of("DELETE", 200), of("POST", 400, 201)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("is memory or files where they grow", () => {
    const grown = (before: [number, number], after: [number, number]) => {
      // One that stands out says nothing.
      const spike: [number, number] = [900, 900];
      const sizes = [before, before, spike, spike, spike, spike, after, after, spike];
      const each = sizes.map(([memoryMiB, openFiles]) => ({ memoryMiB, openFiles }));
      return growthIn(each).faults.length;
    };
    expect([growthIn([]).faults, grown([100, 100], [109, 150])]).toEqual([[], 0]);
    expect([grown([100, 100], [111, 100]), grown([100, 100], [100, 200])]).toEqual([1, 1]);
  });

  it("is a line of the log", () => {
    const lines = [
      "task queue API: TypeError: x is not a function",
      "Cloud Tasks API: Error: boom",
      "workerd/server/server.c++:1: error: Uncaught exception: jsg.Error: boom",
      "SQLITE_FULL: database or disk is full",
      "[wrangler:info] GET / 200 OK (1ms)",
      "workerd/server/server.c++:1: error: Uncaught exception: kj/compat/url.c++:165: failed: invalid URL",
      "kj/async-io-unix.c++:1: error: DNS lookup failed.; params.host = x.invalid",
    ];
    expect(complaintsIn(lines)).toEqual(lines.slice(0, 4));
  });
});

describe("how a file is read", () => {
  const of = (...problems: [number, number, string][]) =>
    new QueueConfigError(
      "f",
      problems.map(([line, column, message]) => ({ line, column, message })),
    );
  it.each<[fault: string, error: unknown]>([
    ["threw TypeError: boom", new TypeError("boom")],
    ["threw out", "out"],
    ["an error without a fault", of()],
    ["no such place: 0:1", of([0, 1, "x"])],
    ["no such place: 1:0", of([1, 0, "x"])],
    ["no such place: 9:1", of([9, 1, "x"])],
    ["no such place: 1:99", of([1, 99, "x"])],
    ["no such place: NaN:1", of([Number.NaN, 1, "x"])],
    ["a fault without words", of([1, 1, " "])],
    ["a fault of many words", of([1, 1, "x".repeat(5000)])],
    ["odd words: found undefined", of([1, 1, "found undefined"])],
  ])("is wrong: %s", (fault, error) => {
    expect(faultsOfError(error, "a: 1\nb: 2\n")).toEqual([fault]);
  });

  it("is right with a place for each fault, and the same each time", () => {
    expect(faultsOfError(of([1, 1, 'found "undefined"']), "a: 1\n")).toEqual([]);
    for (let i = 0; i < 300; i++) {
      expect(yamlAt("a", i)).toEqual(yamlAt("a", i));
      expect(faultsOfReading(yamlAt("a", i))).toEqual([]);
    }
  });

  it("shows in what the command prints", () => {
    expect(faultsOfOutput(0, "")).toEqual([]);
    expect(faultsOfOutput(1, "/x/queue.yaml:1:2: found")).toEqual([]);
    expect(faultsOfOutput(1, "TypeError: x\n    at read (/a.ts:1:2)")).toEqual(["a stack"]);
    expect(faultsOfOutput(1, "queue.yaml: bad")).toHaveLength(1);
    expect(faultsOfOutput(2, "")).toEqual(["ended with 2"]);
    expect(faultsOfOutput(0, "warning")).toHaveLength(1);
  });
});
