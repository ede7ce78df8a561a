import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { START } from "../../support/clock.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const ORIGIN = "http://127.0.0.1:8787";
const own = (exports as unknown as { default: Fetcher }).default;

function call(path: string, init?: RequestInit): Promise<Response> {
  return own.fetch(`${ORIGIN}/_ah/api${path}`, init);
}

function post(path: string, body: unknown): Promise<Response> {
  const init = { method: "POST", headers: { "Content-Type": "application/json" } };
  return call(path, { ...init, body: JSON.stringify(body) });
}

async function codeOf(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

describe("adding over HTTP", () => {
  it("takes one task as JSON and answers 201 with it", async () => {
    const response = await post("/queues/push/tasks", {
      name: "n1",
      payload: { a: 1 },
      countdown: 5,
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      queue: "push",
      name: "n1",
      state: "scheduled",
      eta: new Date(START + 5000).toISOString(),
      createdAt: new Date(START).toISOString(),
      retryCount: 0,
    });
  });

  it("takes a form: the fields are the params, the options stand in the query", async () => {
    const body = "from=1&to=10&tag=a&tag=b";
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const path = "/queues/push/tasks?name=count-1-10&countdown=5&retry.limit=3&header.X-Team=blue";
    const response = await call(path, { method: "POST", headers, body });
    expect(response.status).toBe(201);
    expect(await (await call("/queues/push/tasks/count-1-10")).json()).toMatchObject({
      params: { from: "1", to: "10", tag: ["a", "b"] },
      retry: { limit: 3 },
      headers: { "X-Team": "blue" },
      eta: new Date(START + 5000).toISOString(),
    });
    await pass("push", 5);
    expect(received[0]?.body).toBe(body);
  });

  it("takes an identity token and a dialect from the query, too", async () => {
    const token = "oidcToken.serviceAccountEmail=me@example.com&oidcToken.audience=you";
    const path = `/queues/push/tasks?name=n1&method=PATCH&dialect=cloudtasks&${token}`;
    expect((await call(path, { method: "POST" })).status).toBe(201);
    expect(await (await call("/queues/push/tasks/n1")).json()).toMatchObject({
      method: "PATCH",
      dialect: "cloudtasks",
      oidcToken: { serviceAccountEmail: "me@example.com", audience: "you" },
    });
  });

  it.each([
    ["text/csv", "a;b", { payload: "a;b" }],
    ["application/xml", "<a/>", { payloadBase64: btoa("<a/>") }],
  ])("takes a %s body as the payload it is", async (type, body, shown) => {
    const init = { method: "POST", headers: { "Content-Type": type }, body };
    expect((await call("/queues/push/tasks?name=raw", init)).status).toBe(201);
    expect(await (await call("/queues/push/tasks/raw")).json()).toMatchObject(shown);
    await pass("push", 0);
    expect(received[0]?.body).toBe(body);
    expect(received[0]?.headers.get("Content-Type")).toBe(type);
  });

  it("takes a batch and answers for each in the order given", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    const response = await post("/queues/push/tasks", {
      tasks: [{ name: "n0" }, { name: "n1" }, {}],
    });
    expect(response.status).toBe(200);
    const { results } = (await response.json()) as { results: { error?: { code: string } }[] };
    expect(results.map(({ error }) => error?.code)).toEqual([
      undefined,
      "TASK_ALREADY_EXISTS",
      undefined,
    ]);
  });

  it("takes an atomic batch whole or not at all", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    const tasks = [{ name: "n0" }, { name: "n1" }];
    expect(await codeOf(await post("/queues/push/tasks", { tasks, atomic: true }))).toEqual([
      409,
      "TASK_ALREADY_EXISTS",
    ]);
    expect((await call("/queues/push/tasks/n0")).status).toBe(404);
  });

  it("refuses a bad batch with every bad task by its index, and stores nothing", async () => {
    const tasks = [{ name: "ok" }, { name: "no good" }, { url: "nowhere" }];
    const response = await post("/queues/push/tasks", { tasks });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { details: object[]; message: string } };
    expect(error.details).toMatchObject([
      { index: 1, code: "INVALID_TASK_NAME" },
      { index: 2, code: "INVALID_URL" },
    ]);
    expect(error.message).toContain('"no good"');
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it.each([
    [{ name: "a.b" }, 400, "INVALID_TASK_NAME"],
    [{ url: "http://127.0.0.1/x" }, 400, "INVALID_URL"],
    [{ url: "http://169.254.169.254/" }, 400, "INVALID_URL"],
    [{ url: "http://2130706433/" }, 400, "INVALID_URL"],
    [{ url: "http://0x7f.1/" }, 400, "INVALID_URL"],
    [{ url: "http://[::ffff:7f00:1]/" }, 400, "INVALID_URL"],
    [{ url: "http://metadata.google.internal./" }, 400, "INVALID_URL"],
    [{ url: "http://example.com@127.0.0.1/" }, 400, "INVALID_URL"],
    [{ url: "https://me@example.com/" }, 400, "INVALID_URL"],
    [{ url: "ftp://example.com/" }, 400, "INVALID_URL"],
    [{ method: "TRACE" }, 400, "INVALID_REQUEST"],
    [{ dialect: "morse" }, 400, "INVALID_REQUEST"],
    [{ oidcToken: {} }, 400, "INVALID_REQUEST"],
    [{ eta: "tomorrow" }, 400, "INVALID_ETA"],
    [{ countdown: 2_592_001 }, 400, "INVALID_ETA"],
    [{ countdown: 1, eta: "2050-01-01T00:00:00Z" }, 400, "INVALID_REQUEST"],
    [{ colour: "red" }, 400, "INVALID_REQUEST"],
    [{ tag: "t" }, 400, "INVALID_REQUEST"],
    [{ method: "PULL", payload: "" }, 400, "WRONG_QUEUE_MODE"],
    [{ payload: "x".repeat(102_401) }, 413, "TASK_TOO_LARGE"],
    [[1], 400, "INVALID_REQUEST"],
  ])("refuses %j with %i %s", async (task, status, code) => {
    expect(await codeOf(await post("/queues/push/tasks", task))).toEqual([status, code]);
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it("refuses to grow past the storage limit with 429 QUEUE_FULL, and takes tasks again after a purge", async () => {
    const tasks = Array.from({ length: 10 }, () => ({
      payload: "x".repeat(100_000),
      countdown: 60,
    }));
    expect((await post("/queues/push/tasks", { tasks })).status).toBe(200);
    // So many that each of several shards is full too.
    for (let i = 0; i < 6; i++) await post("/queues/push/tasks", { tasks });
    expect(await codeOf(await post("/queues/push/tasks", {}))).toEqual([429, "QUEUE_FULL"]);
    await call("/queues/push:purge", { method: "POST" });
    expect((await post("/queues/push/tasks", {})).status).toBe(201);
  });

  it("refuses what is no JSON, and says what was wrong with it", async () => {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{oops" };
    expect(await codeOf(await call("/queues/push/tasks", init))).toEqual([400, "INVALID_REQUEST"]);
  });

  it("answers the two name errors, the second saying when and until when", async () => {
    await post("/queues/push/tasks", { name: "n1", countdown: 5 });
    expect(await codeOf(await post("/queues/push/tasks", { name: "n1" }))).toEqual([
      409,
      "TASK_ALREADY_EXISTS",
    ]);
    await pass("push", 5);
    const response = await post("/queues/push/tasks", { name: "n1" });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      error: {
        code: "TOMBSTONED_TASK",
        details: { state: "done", endedAt: new Date(START + 5000).toISOString() },
      },
    });
  });

  it("stores pull tasks with their tags, under the pull rules", async () => {
    expect((await post("/queues/pull/tasks", { name: "p1", payload: "x", tag: "t" })).status).toBe(
      201,
    );
    expect(await codeOf(await post("/queues/pull/tasks", { name: "p2" }))).toEqual([
      400,
      "INVALID_REQUEST",
    ]);
    expect(await codeOf(await post("/queues/pull/tasks", { payload: "", url: "/x" }))).toEqual([
      400,
      "INVALID_REQUEST",
    ]);
    expect(await (await call("/queues/pull/tasks/p1")).json()).toMatchObject({
      tag: "t",
      payload: "x",
    });
  });
});

describe("looking and acting over HTTP", () => {
  it("shows a task with its attempts, and 404 for one that is not there", async () => {
    handlers.set("/_ah/queue/push", () => new Response("no cheese", { status: 500 }));
    await queue("push").add({ name: "n1", url: "/_ah/queue/push", params: { a: "1" } });
    await pass("push", 0.05);
    expect(await (await call("/queues/push/tasks/n1")).json()).toMatchObject({
      state: "scheduled",
      url: "/_ah/queue/push",
      params: { a: "1" },
      retryCount: 1,
      executionCount: 1,
      lastAttempt: { status: 500, error: "no cheese" },
      nextAttemptAt: new Date(START + 100).toISOString(),
    });
    expect(await codeOf(await call("/queues/push/tasks/nobody"))).toEqual([404, "UNKNOWN_TASK"]);
  });

  it("lists tasks with a cursor, and refuses options it does not have", async () => {
    await queue("stopped").add([{ name: "a" }, { name: "b" }, { name: "c" }]);
    const first = (await (await call("/queues/stopped/tasks?limit=2")).json()) as {
      cursor: string;
    };
    expect(first).toMatchObject({ tasks: [{ name: "a" }, { name: "b" }] });
    const rest = await (await call(`/queues/stopped/tasks?limit=2&cursor=${first.cursor}`)).json();
    expect(rest).toEqual({ tasks: [expect.objectContaining({ name: "c" })] });
    const bad = ["limit=0", "limit=1001", "state=odd", "colour=red", "cursor=%21"];
    const search = ["text=", `text=${"x".repeat(1001)}`, "text=a&text=b", "header=X-A", "header="];
    for (const query of [...bad, ...search, "tag=a&tag=b", "prefix=a&prefix=b"]) {
      const response = await call(`/queues/stopped/tasks?${query}`);
      expect([query, ...(await codeOf(response))]).toEqual([query, 400, "INVALID_REQUEST"]);
    }
  });

  it("searches by text and by header, and says how many it looked at", async () => {
    await queue("stopped").add([
      { name: "a", payload: { to: "Ann" }, headers: { "X-Customer": "acme" } },
      { name: "b", payload: "for bo" },
    ]);
    const found = async (query: string) => (await call(`/queues/stopped/tasks?${query}`)).json();
    const a = expect.objectContaining({ name: "a" });
    expect(await found("text=ann")).toEqual({ tasks: [a], scanned: 2 });
    expect(await found("header=x-customer:%20acme")).toEqual({ tasks: [a], scanned: 2 });
    expect(await found("text=bo&header=X-Customer:acme")).toEqual({ tasks: [], scanned: 2 });
  });

  it("lists by tag, and says of each task that waits why", async () => {
    const tasks = [
      { name: "a", payload: "", tag: "red" },
      { name: "b", payload: "", tag: "blue" },
      { name: "c", payload: "", tag: "red", countdown: 5 },
    ];
    await queue("pull").add(tasks);
    const eta = new Date(START + 5000).toISOString();
    expect(await (await call("/queues/pull/tasks?tag=red")).json()).toMatchObject({
      tasks: [
        { name: "a", why: "waiting to be leased" },
        { name: "c", why: `waiting for its ETA, ${eta}` },
      ],
    });
    expect(await (await call("/queues/pull/tasks/b")).json()).toMatchObject({
      why: "waiting to be leased",
    });
  });

  it("shows a queue's statistics as JSON, percentiles among them", async () => {
    await queue("push").add([{}, { countdown: 60 }]);
    await pass("push", 1);
    const zero = { p50: 0, p90: 0, p99: 0, count: 1 };
    expect(await (await call("/queues/push")).json()).toMatchObject({
      statistics: {
        ...{ tasks: 1, failed: 0, executedLastMinute: 1, inFlight: 0, tokens: 500 },
        states: { scheduled: 1, due: 0, running: 0, failed: 0 },
        lateness: { lastMinute: zero, lastHour: zero },
        runTime: { lastMinute: zero, lastHour: zero },
      },
    });
  });

  it("deletes one and many, and says for each whether it was there", async () => {
    await queue("stopped").add([{ name: "a" }, { name: "b" }]);
    const one = await call("/queues/stopped/tasks/a", { method: "DELETE" });
    expect(await one.json()).toEqual({ name: "a", deleted: true });
    expect(
      await (await post("/queues/stopped/tasks:delete", { names: ["a", "b"] })).json(),
    ).toEqual({
      results: [
        { name: "a", deleted: false },
        { name: "b", deleted: true },
      ],
    });
    expect(await codeOf(await post("/queues/stopped/tasks:delete", { names: "a" }))).toEqual([
      400,
      "INVALID_REQUEST",
    ]);
  });

  it("pauses, resumes and purges", async () => {
    await queue("push").add({ countdown: 60 });
    expect(await (await post("/queues/push:pause", {})).json()).toMatchObject({ state: "paused" });
    expect(await (await call("/queues/push:resume", { method: "POST" })).json()).toMatchObject({
      state: "running",
    });
    expect(await (await call("/queues/push:purge", { method: "POST" })).json()).toMatchObject({
      statistics: { tasks: 0 },
    });
  });

  it("lists every queue of the file with configuration, state and statistics", async () => {
    const { queues } = (await (await call("/queues")).json()) as { queues: { name: string }[] };
    expect(queues.map(({ name }) => name)).toContain("default");
    expect(queues.find(({ name }) => name === "slow-retry")).toMatchObject({
      mode: "push",
      state: "running",
      rate: "500/s",
      bucketSize: 100,
      retryParameters: { taskRetryLimit: 5, minBackoffSeconds: 10, maxDoublings: 3 },
      statistics: { tasks: 0, oldestEta: null, inFlight: 0, enforcedRate: 500, tokens: 100 },
    });
  });

  it.each([
    ["GET", "/queues/nowhere"],
    ["POST", "/queues/nowhere/tasks"],
    ["POST", "/queues/nowhere:pause"],
    ["DELETE", "/queues/no%2Fwhere/tasks/x"],
  ])("%s %s is 404 UNKNOWN_QUEUE", async (method, path) => {
    const init = method === "GET" ? {} : { method, body: method === "POST" ? "x" : null };
    expect(await codeOf(await call(path, init))).toEqual([404, "UNKNOWN_QUEUE"]);
  });

  it("answers a path it does not have with the closed error form", async () => {
    const response = await call("/queues/push:explode", { method: "POST" });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        code: "INVALID_REQUEST",
        message: "path: the API has no POST /_ah/api/queues/push:explode",
      },
    });
  });
});
