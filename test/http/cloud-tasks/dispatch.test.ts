// What tasks made by Google's API do on the queue: headers, retries, runs, pull queues. Those of HTTP go to the
// Worker's own route here (as firebase-admin sends them), so that time can be moved.
import { beforeEach, describe, expect, it } from "vitest";
import { toBase64 } from "../../../src/core/bytes.ts";
import { clock, START } from "../../support/clock.ts";
import {
  cloud,
  createQueue,
  createTask,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { elapsed, fire, freshStart, pass, queue, until } from "../../support/time.ts";
import { backendReceived, handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

/** Answers of the queue's handler, one for each call; then 200. And when the calls came. */
function answering(id: string, ...statuses: number[]): number[] {
  const at: number[] = [];
  handlers.set(`/_ah/queue/${id}`, () => {
    // Fast queues start in quanta of some ms.
    at.push(Math.floor(elapsed() * 10) / 10);
    return new Response(null, { status: statuses[at.length - 1] ?? 200 });
  });
  return at;
}

async function enqueue(id: string, name: string, more: object = {}): Promise<object> {
  const task = { name: `${queueName(id)}/tasks/${name}`, httpRequest: { url: "" }, ...more };
  return ok("POST", `/${queueName(id)}/tasks`, { task });
}

const headerOf = (prefix: string, name: string) =>
  received.map(({ headers }) => headers.get(`X-${prefix}-Task${name}`));

describe("an HTTP task", () => {
  it("learns of answers as from Google", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "1s", maxBackoff: "1s" } });
    answering("q1", 503, 404, 429, 500, 302, 200);
    await enqueue("q1", "t");
    await pass("q1", 10);
    expect(headerOf("CloudTasks", "RetryCount")).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(headerOf("CloudTasks", "ExecutionCount")).toEqual(["0", "0", "1", "2", "2", "3"]);
    expect(headerOf("CloudTasks", "PreviousResponse")).toEqual([
      null,
      "503",
      "404",
      "429",
      "500",
      "302",
    ]);
    expect(headerOf("CloudTasks", "RetryReason")).toEqual([null, "", "", "", "", ""]);
    expect(received.map(({ headers }) => headers.get("User-Agent"))).toContain(
      "Google-Cloud-Tasks",
    );
    expect(received[0]?.headers.get("X-CloudTasks-QueueName")).toBe("q1");
  });

  it("shows its attempts while it waits for the next", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "60s" } });
    answering("q1", 503, 404);
    await enqueue("q1", "t");
    await pass("q1", 100);
    expect(await ok("GET", `/v2/${queueName("q1")}/tasks/t`)).toMatchObject({
      dispatchCount: 2,
      responseCount: 2,
      firstAttempt: { dispatchTime: expect.stringMatching(/^2050-01-01T00:00:00/) },
      lastAttempt: {
        dispatchTime: expect.stringMatching(/^2050-01-01T00:01:00/),
        responseStatus: { code: 5, message: "NOT_FOUND(5): HTTP status code 404" },
      },
      scheduleTime: expect.stringMatching(/^2050-01-01T00:03:00/),
    });
  });

  it("backs off by doublings, then by equal steps, to the maximum", async () => {
    const retryConfig = { minBackoff: "10s", maxBackoff: "300s", maxDoublings: 3, maxAttempts: 9 };
    await createQueue("q1", { retryConfig });
    const at = answering("q1", ...Array(9).fill(500));
    await enqueue("q1", "t");
    await pass("q1", 3000);
    const gaps = at.slice(1).map((time, index) => Math.round(time - (at[index] ?? 0)));
    expect(gaps).toEqual([10, 20, 40, 80, 160, 240, 300, 300]);
    expect((await refused("GET", `/v2/${queueName("q1")}/tasks/t`))[0]).toBe(404);
    expect((await refused("POST", `/v2/${queueName("q1")}/tasks/t:run`))[0]).toBe(404);
  });

  it("comes again when its target's Retry-After says", async () => {
    await createQueue("q1");
    handlers.set("/_ah/queue/q1", () => {
      const isFirst = received.length === 1;
      const headers = { "Retry-After": "20" };
      return isFirst ? new Response(null, { status: 503, headers }) : new Response();
    });
    await enqueue("q1", "t");
    await pass("q1", 19);
    expect(received).toHaveLength(1);
    await pass("q1", 2);
    expect(headerOf("CloudTasks", "RetryCount")).toEqual(["0", "1"]);
  });

  it("has all its bytes at its handler, in whichever base64 they came", async () => {
    await createQueue("q1");
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const standard = toBase64(bytes);
    const urlSafe = standard.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    const arrived: number[][] = [];
    handlers.set("/_ah/queue/q1", async (request) => {
      arrived.push([...new Uint8Array(await request.arrayBuffer())]);
      return new Response();
    });
    await enqueue("q1", "standard", { httpRequest: { url: "", body: standard } });
    await enqueue("q1", "url-safe", { httpRequest: { url: "", body: urlSafe } });
    await pass("q1", 1);
    expect(arrived).toEqual([[...bytes], [...bytes]]);
    expect(received.map(({ headers }) => headers.get("Content-Type"))).toEqual([null, null]);
  });

  it("fails for good when attempts and time are both used up", async () => {
    const retryConfig = {
      ...{ maxAttempts: 2, maxRetryDuration: "25s" },
      ...{ minBackoff: "10s", maxBackoff: "10s" },
    };
    await createQueue("q1", { retryConfig });
    const at = answering("q1", ...Array(9).fill(500));
    await enqueue("q1", "t");
    await pass("q1", 300);
    expect(at).toEqual([0, 10, 20, 30]);
  });

  it("is tried on and on with -1 attempts", async () => {
    const retryConfig = { maxAttempts: -1, minBackoff: "1s", maxBackoff: "1s" };
    await createQueue("q1", { retryConfig });
    const at = answering("q1", ...Array(300).fill(500));
    await enqueue("q1", "t");
    await pass("q1", 200);
    expect(at.length).toBeGreaterThan(150);
  });

  it("can have a retry config of its own, and the queue's for what it leaves unsaid", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "7s", maxBackoff: "7s" } });
    const at = answering("q1", 500, 500, 500, 500);
    await enqueue("q1", "t", { retryConfig: { maxAttempts: 3 } });
    await pass("q1", 100);
    expect(at).toEqual([0, 7, 14]);
  });

  it("gets 504 after a deadline that passed", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "1s" } });
    handlers.set("/_ah/queue/q1", ({ headers, signal }) =>
      headers.get("X-CloudTasks-TaskName") === "t" && received.length === 1
        ? scheduler.wait(60_000, { signal }).then(() => new Response())
        : new Response(),
    );
    await enqueue("q1", "t", { dispatchDeadline: "15s" });
    await fire("q1");
    await until(() => received.length === 1);
    clock.now += 15_000;
    await enqueue("q1", "tick");
    await fire("q1");
    await until(async () => (await queue("q1").get("t")).retryCount === 1);
    await pass("q1", 2);
    expect(received[2]?.headers.get("X-CloudTasks-TaskPreviousResponse")).toBe("504");
  });

  it("waits for its time and gets it", async () => {
    await createQueue("q1");
    const at = answering("q1");
    const scheduleTime = new Date(START + 3250).toISOString();
    await enqueue("q1", "t", { scheduleTime });
    await pass("q1", 10);
    expect(at).toEqual([3.2]);
    expect(headerOf("CloudTasks", "ETA")).toEqual([((START + 3250) / 1000).toFixed(6)]);
  });
});

describe("an App Engine task", () => {
  it("goes to the Worker's own route with App Engine's headers", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "1s", maxBackoff: "1s" } });
    handlers.set("/work", () => new Response(null, { status: received.length < 3 ? 503 : 200 }));
    const body = btoa("payload");
    const headers = { "User-Agent": "mine" };
    await createTask("q1", { appEngineHttpRequest: { relativeUri: "/work?a=1", body, headers } });
    await pass("q1", 5);
    expect(received.map(({ url }) => url.pathname + url.search)).toEqual(
      Array(3).fill("/work?a=1"),
    );
    const [first] = received;
    expect(first?.body).toBe("payload");
    expect(Object.fromEntries(first?.headers ?? [])).toMatchObject({
      "user-agent": "mine AppEngine-Google; (+http://code.google.com/appengine)",
      "content-type": "application/octet-stream",
      "x-appengine-queuename": "q1",
      "x-appengine-taskretrycount": "0",
    });
    expect(headerOf("AppEngine", "ExecutionCount")).toEqual(["0", "1", "2"]);
    expect(headerOf("AppEngine", "RetryReason")).toEqual([null, "App Error", "App Error"]);
    expect(headerOf("CloudTasks", "Name")).toEqual([null, null, null]);
  });

  it("goes where its service is mapped, or else where its queue's override says", async () => {
    const relativeUri = "/work";
    await createQueue("q1");
    const appEngineRouting = { service: "backend", version: "v7" };
    await createTask("q1", { appEngineHttpRequest: { relativeUri, appEngineRouting } });
    await createQueue("q2", { appEngineRoutingOverride: { service: "backend" } });
    const elsewhere = { appEngineRouting: { service: "other" } };
    await createTask("q2", { appEngineHttpRequest: { relativeUri, ...elsewhere } });
    await pass("q1", 1);
    await pass("q2", 1);
    expect(backendReceived.map(({ url }) => url.pathname)).toEqual(["/work", "/work"]);
    expect(backendReceived.map(({ headers }) => headers.get("X-AppEngine-QueueName"))).toEqual([
      "q1",
      "q2",
    ]);
    expect(received).toEqual([]);
  });

  it("has one content type, however the caller writes it", async () => {
    await createQueue("q1");
    const headers = { "content-type": "text/x" };
    await createTask("q1", { appEngineHttpRequest: { body: "eA==", headers } });
    await pass("q1", 1);
    expect(received[0]?.url.pathname).toBe("/");
    expect(received[0]?.headers.get("Content-Type")).toBe("text/x");
  });
});

describe("control", () => {
  it("holds back what a paused queue has, and lets it go", async () => {
    await createQueue("q1");
    const at = answering("q1");
    await ok("POST", `/v2/${queueName("q1")}:pause`);
    await enqueue("q1", "t");
    await pass("q1", 60);
    expect(at).toEqual([]);
    await ok("POST", `/v2/${queueName("q1")}:resume`);
    await pass("q1", 1);
    expect(at).toEqual([60]);
  });

  it("runs one task now whatever the queue says, and once", async () => {
    await createQueue("q1");
    const at = answering("q1");
    await ok("POST", `/v2/${queueName("q1")}:pause`);
    await enqueue("q1", "t", { scheduleTime: "2050-01-02T00:00:00Z" });
    const run = await ok("POST", `/v2/${queueName("q1")}/tasks/t:run`, { responseView: 1 });
    expect(run).toMatchObject({ dispatchCount: 1, view: "BASIC" });
    await ok("POST", `/v2/${queueName("q1")}:resume`);
    await pass("q1", 3 * 86_400);
    expect(at).toEqual([0]);
    expect(await refused("POST", `/v2/${queueName("q1")}/tasks/t:run`)).toEqual([
      404,
      "NOT_FOUND",
      "Requested entity was not found.",
    ]);
  });

  it("tries a run that failed again after the back-off, counted from its end", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "30s" } });
    const at = answering("q1", 500);
    await enqueue("q1", "t", { scheduleTime: "2050-01-02T00:00:00Z" });
    await pass("q1", 5);
    await ok("POST", `/v2/${queueName("q1")}/tasks/t:run`);
    await pass("q1", 100);
    expect(at).toEqual([5, 35]);
  });

  it("purges a task between two attempts", async () => {
    await createQueue("q1", { retryConfig: { minBackoff: "30s" } });
    const at = answering("q1", 500, 500);
    await enqueue("q1", "t");
    await pass("q1", 1);
    await ok("POST", `/v2/${queueName("q1")}:purge`);
    await pass("q1", 100);
    expect(at).toEqual([0]);
    expect(await ok("GET", `/v2/${queueName("q1")}/tasks`)).toEqual({ tasks: [] });
    expect((await refused("GET", `/v2/${queueName("q1")}/tasks/t`))[0]).toBe(404);
    const again = { task: { name: `${queueName("q1")}/tasks/t`, httpRequest: { url: "" } } };
    expect((await refused("POST", `/${queueName("q1")}/tasks`, again))[0]).toBe(409);
  });
});

describe("a queue's httpTarget", () => {
  const httpTarget = {
    uriOverride: {
      scheme: "HTTP",
      host: "example.com",
      port: 8080,
      pathOverride: { path: "/all" },
    },
    httpMethod: "PUT",
    headerOverrides: [{ header: { key: "X-Team", value: "blue" } }],
  };

  it("takes the place of what its tasks say", async () => {
    expect((await createQueue("q1", { httpTarget })).httpTarget).toEqual({
      ...httpTarget,
      uriOverride: { ...httpTarget.uriOverride, port: "8080" },
    });
    const headers = { "x-team": "red", "X-Own": "1" };
    const httpRequest = { url: "https://example.org/mine?q=1", headers, body: "eA==" };
    const task = await createTask("q1", { httpRequest, scheduleTime: "2050-01-02T00:00:00Z" });
    expect(task.httpRequest).toMatchObject({
      url: "http://example.com:8080/all?q=1",
      httpMethod: "PUT",
      headers: { "X-Team": "blue", "X-Own": "1" },
    });
  });

  it("makes a task of a bare body", async () => {
    await createQueue("q1", { httpTarget });
    await ok("POST", `/v2/${queueName("q1")}:pause`);
    const path = `/v2/${queueName("q1")}/tasks/t:buffer`;
    const [status, { task }] = await cloud("POST", path, '{"order":1}');
    expect([status, task.name]).toEqual([200, `${queueName("q1")}/tasks/t`]);
    const full = await ok("GET", `/v2/${queueName("q1")}/tasks/t?responseView=FULL`);
    expect(full.httpRequest).toMatchObject({
      url: "http://example.com:8080/all",
      headers: { "Content-Type": "application/json" },
      body: btoa('{"order":1}'),
    });
    expect((await cloud("POST", `/v2/${queueName("q1")}/tasks:buffer`, "x"))[0]).toBe(200);
    expect(
      (await refused("POST", `/v2/${queueName("push")}/tasks:buffer`, "x")).slice(0, 2),
    ).toEqual([400, "FAILED_PRECONDITION"]);
  });
});

describe("a pull queue", () => {
  const PULLED = `/v2beta2/${queueName("pulled")}`;

  beforeEach(async () => {
    const body = { name: queueName("pulled"), pullTarget: {} };
    expect(await ok("POST", `/v2beta2/${PLACE}/queues`, body)).toMatchObject({
      pullTarget: {},
      retryConfig: { unlimitedAttempts: true },
    });
  });

  const add = (id: string, tag?: string) =>
    ok("POST", `${PULLED}/tasks`, {
      task: { name: `${queueName("pulled")}/tasks/${id}`, pullMessage: { payload: "eA==", tag } },
    });

  it("gives a task to one worker until its lease ends", async () => {
    await add("a", "x");
    const lease = { maxTasks: 10, leaseDuration: "60s", responseView: "FULL" };
    const { tasks } = await ok("POST", `${PULLED}/tasks:lease`, lease);
    expect(tasks).toMatchObject([
      {
        name: `${queueName("pulled")}/tasks/a`,
        pullMessage: { payload: "eA==", tag: "x" },
        scheduleTime: new Date(START + 60_000).toISOString(),
        status: { attemptDispatchCount: 1 },
      },
    ]);
    expect(await ok("POST", `${PULLED}/tasks:lease`, lease)).toEqual({ tasks: [] });
    clock.now += 60_001;
    expect((await ok("POST", `${PULLED}/tasks:lease`, lease)).tasks).toHaveLength(1);
    const { scheduleTime } = tasks[0];
    expect(
      (await refused("POST", `${PULLED}/tasks/a:acknowledge`, { scheduleTime })).slice(0, 2),
    ).toEqual([400, "FAILED_PRECONDITION"]);
  });

  it("knows a lease by its time, however many digits that has", async () => {
    await add("a");
    const { tasks } = await ok("POST", `${PULLED}/tasks:lease`, { leaseDuration: "60s" });
    const time = tasks[0].scheduleTime.replace("Z", "000000Z");
    const renewal = { scheduleTime: time, leaseDuration: "90s" };
    const renewed = await ok("POST", `${PULLED}/tasks/a:renewLease`, renewal);
    expect(renewed.scheduleTime).toBe(new Date(START + 90_000).toISOString());
    const { scheduleTime } = renewed;
    await ok("POST", `${PULLED}/tasks/a:cancelLease`, { scheduleTime });
    clock.now += 1;
    const again = await ok("POST", `${PULLED}/tasks:lease`, { leaseDuration: "60s" });
    const held = { scheduleTime: again.tasks[0].scheduleTime };
    expect(await ok("POST", `${PULLED}/tasks/a:acknowledge`, held)).toEqual({});
    expect(await ok("GET", `${PULLED}/tasks`)).toEqual({ tasks: [] });
  });

  it("leases by tag, and by the tag of the oldest", async () => {
    await add("a", "x");
    clock.now += 1;
    await add("b", "y");
    const lease = (filter: string) =>
      ok("POST", `${PULLED}/tasks:lease`, { leaseDuration: "1s", maxTasks: 9, filter });
    const idsOf = ({ tasks }: { tasks: { name: string }[] }) =>
      tasks.map(({ name }) => name.split("/").at(-1));
    expect(idsOf(await lease('tag="y"'))).toEqual(["b"]);
    expect(idsOf(await lease("tag_function=oldest_tag()"))).toEqual(["a"]);
    expect(
      (await refused("POST", `${PULLED}/tasks:lease`, { leaseDuration: "1s", filter: "t" }))[0],
    ).toBe(400);
  });

  it("leases by turns of keys, their slots and priorities, of which it knows nothing", async () => {
    const task = (name: string, more: object) => ({ name, payload: "", ...more });
    await queue("pulled").limitKey("a", { max_concurrent_requests: 2 });
    await queue("pulled").add([
      ...[0, 1, 2].map((i) => task(`a${i}`, { key: "a", priority: 9 - i })),
      task("late", { priority: 9 }),
      task("b", { key: "b" }),
    ]);
    await add("c");
    const lease = { leaseDuration: "60s", maxTasks: 9 };
    const { tasks } = await ok("POST", `${PULLED}/tasks:lease`, lease);
    const ids = tasks.map(({ name }: { name: string }) => name.split("/").at(-1));
    expect(ids).toEqual(["a2", "c", "b", "a1", "late"]);
    const { scheduleTime } = tasks[0];
    await ok("POST", `/v2beta2/${tasks[0].name}:acknowledge`, { scheduleTime });
    const { tasks: next } = await ok("POST", `${PULLED}/tasks:lease`, lease);
    expect(next.map(({ name }: { name: string }) => name.split("/").at(-1))).toEqual(["a0"]);
  });

  it("refuses what it can not do", async () => {
    await add("a");
    const refusals = [
      [`${PULLED}/tasks/a:run`, {}, "FAILED_PRECONDITION"],
      [`${PULLED}/tasks:lease`, {}, "INVALID_ARGUMENT"],
      [`${PULLED}/tasks:lease`, { leaseDuration: "604801s" }, "INVALID_ARGUMENT"],
      [`${PULLED}/tasks:lease`, { leaseDuration: "1s", maxTasks: 1001 }, "INVALID_ARGUMENT"],
      [`${PULLED}/tasks`, { task: { httpRequest: { url: "http://a.b" } } }, "INVALID_ARGUMENT"],
      [`/v2beta2/${queueName("push")}/tasks:lease`, { leaseDuration: "1s" }, "FAILED_PRECONDITION"],
    ] as const;
    for (const [path, body, status] of refusals) {
      expect((await refused("POST", path, body)).slice(0, 2)).toEqual([400, status]);
    }
    await ok("POST", `${PULLED}:pause`);
    expect((await refused("POST", `${PULLED}/tasks:lease`, { leaseDuration: "1s" }))[1]).toBe(
      "FAILED_PRECONDITION",
    );
  });
});
