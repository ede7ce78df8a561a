// Google's API on the wire: paths, escapes, bodies, errors, who may come in.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  cloud,
  createQueue,
  createTask,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { freshStart, queue } from "../../support/time.ts";
import { received } from "../../support/worker.ts";

beforeEach(freshStart);

const own = (exports as unknown as { default: Fetcher }).default;
const settings = env as { TASKQUEUE_TOKEN?: string; TASKQUEUE_READ_TOKEN?: string };
const fetchOwn = (path: string, init?: RequestInit) => own.fetch(`http://127.0.0.1${path}`, init);

describe("paths", () => {
  it("may have their colons, dots and hyphens escaped", async () => {
    for (const path of [
      "/v2/projects/example.com%3Ap1/locations/us%2Dcentral1/queues/push",
      "/v2/projects/example.com:p1/locations/us-central1/queues/pus%68",
    ]) {
      expect((await ok("GET", path)).name).toBe(
        "projects/example.com:p1/locations/us-central1/queues/push",
      );
    }
    const paused = "/v2/projects/example.com%3Ap1/locations/l/queues/push:pause";
    expect((await ok("POST", paused)).state).toBe("PAUSED");
  });

  it("are this API's only in its exact form: others are the Worker's own", async () => {
    for (const path of [
      "/v2/things",
      "/v2/projects",
      "/v2/projects/p1/things",
      "/v3/projects/p1/locations/l/queues",
      "/projects/p1",
      "/projects/p1/locations",
      "/projects/p1/locations/l",
      "/v1/projects/p1/locations/l/queues",
    ]) {
      received.length = 0;
      expect(await (await fetchOwn(path)).text()).toBe("ok");
      expect(received).toHaveLength(1);
    }
  });

  it("without a version are answered as v2, and locations under v1, too", async () => {
    expect(await ok("GET", `/${queueName("push")}`)).toEqual(
      await ok("GET", `/v2/${queueName("push")}`),
    );
    for (const version of ["v1", "v2", "v2beta2", "v2beta3"]) {
      const { locations } = await ok("GET", `/${version}/projects/p1/locations`);
      expect(locations).toMatchObject([{ locationId: "us-central1", name: PLACE }]);
      expect(await ok("GET", `/${version}/${PLACE}`)).toMatchObject({ name: PLACE });
    }
  });
});

describe("requests", () => {
  it("may have query keys that mean nothing here", async () => {
    const query = "$alt=json&alt=json&prettyPrint=false&$.xgafv=1&quotaUser=me&key=k";
    expect(await ok("GET", `/v2/${queueName("push")}?${query}`)).toMatchObject({
      state: "RUNNING",
    });
  });

  it("may have no body, an empty one and no content type on verbs", async () => {
    for (const body of [null, "", "{}", '""', "null"]) {
      const init = { method: "POST", body };
      const response = await fetchOwn(`/v2/${queueName("push")}:pause`, init);
      expect([response.status, await response.json()]).toMatchObject([200, { state: "PAUSED" }]);
    }
  });

  it("with a content type on GET and DELETE are taken", async () => {
    await createQueue("q1");
    const headers = { "Content-Type": "application/json" };
    expect((await fetchOwn(`/v2/${queueName("q1")}`, { headers })).status).toBe(200);
    const removed = await fetchOwn(`/v2/${queueName("q1")}`, { method: "DELETE", headers });
    expect([removed.status, await removed.text()]).toEqual([200, "{}\n"]);
  });

  it("that are no JSON, or none of an object, are refused", async () => {
    for (const body of ["{", "[]", "7"]) {
      const [status, name] = await refused("POST", `/v2/${queueName("push")}/tasks`, body);
      expect([status, name]).toEqual([400, "INVALID_ARGUMENT"]);
    }
  });

  it("may say their method in a header", async () => {
    await createQueue("q1");
    const path = `/v2/${queueName("q1")}`;
    const as = (method: string) => ({ "X-HTTP-Method-Override": method });
    const mask = `${path}?updateMask=rateLimits.maxDispatchesPerSecond`;
    const body = { rateLimits: { maxDispatchesPerSecond: 9 } };
    expect((await cloud("POST", mask, body, as("PATCH")))[1].rateLimits).toMatchObject({
      maxDispatchesPerSecond: 9,
    });
    const form = { ...as("GET"), "Content-Type": "application/x-www-form-urlencoded" };
    const [, list] = await cloud("POST", `/v2/${PLACE}/queues`, "pageSize=1", form);
    expect(list.queues).toHaveLength(1);
    expect(await cloud("POST", path, undefined, as("DELETE"))).toEqual([200, {}]);
    expect((await cloud("GET", `/v2/${queueName("push")}`, undefined, as("DELETE")))[0]).toBe(200);
    expect(await queue("push").describe()).toMatchObject({ state: "running" });
  });
});

describe("answers", () => {
  it("carry code and status, and a JSON type, whatever is wrong", async () => {
    for (const [method, path, body, expected] of [
      ["GET", `/v2/${queueName("nowhere")}`, undefined, [404, "NOT_FOUND"]],
      ["POST", `/v2/${PLACE}/queues`, { name: queueName("push") }, [409, "ALREADY_EXISTS"]],
      ["POST", `/v2/${PLACE}/queues`, {}, [400, "INVALID_ARGUMENT"]],
      ["PATCH", `/v2/${queueName("push")}`, {}, [400, "FAILED_PRECONDITION"]],
      ["PATCH", `/v2/${PLACE}/cmekConfig`, {}, [501, "UNIMPLEMENTED"]],
    ] as const) {
      expect((await refused(method, path, body)).slice(0, 2)).toEqual(expected);
    }
    const response = await fetchOwn(`/v2/${queueName("nowhere")}`);
    expect(response.headers.get("Content-Type")).toContain("application/json");
  });

  it("have no null in them", async () => {
    const task = {
      httpRequest: { url: "https://example.com" },
      scheduleTime: "2050-01-02T00:00:00Z",
    };
    await createTask("push", { ...task, name: `${queueName("push")}/tasks/t` });
    const policy = `/v2/${queueName("push")}:getIamPolicy`;
    const texts = [await (await fetchOwn(policy, { method: "POST" })).text()];
    for (const version of ["v2", "v2beta2", "v2beta3"]) {
      for (const path of [PLACE, `${PLACE}/queues`, `${queueName("push")}/tasks/t`]) {
        texts.push(await (await fetchOwn(`/${version}/${path}`)).text());
      }
    }
    for (const text of texts) {
      expect(text).toMatch(/^\{/);
      expect(text).not.toContain("null");
      expect(text).not.toContain("error");
    }
  });

  it("have statistics where a mask names them", async () => {
    await queue("stopped").add([{ name: "a" }, { countdown: 60 }]);
    const path = `/v2beta3/${queueName("stopped")}`;
    expect(await ok("GET", `${path}?readMask=stats,name`)).toEqual({
      name: queueName("stopped"),
      stats: {
        tasksCount: "2",
        oldestEstimatedArrivalTime: expect.stringMatching(/^2050/),
        executedLastMinuteCount: "0",
        concurrentDispatchesCount: "0",
        effectiveExecutionRate: 0,
      },
    });
    expect((await ok("GET", path)).stats).toBeUndefined();
    expect((await refused("GET", `${path}?readMask=colour`))[1]).toBe("INVALID_ARGUMENT");
  });

  it("speak of a queue as the version does", async () => {
    await createQueue("q1", { appEngineRoutingOverride: { service: "s" } });
    expect(await ok("GET", `/v2/${queueName("q1")}`)).toMatchObject({
      appEngineRoutingOverride: { service: "s" },
    });
    expect(await ok("GET", `/v2beta3/${queueName("q1")}`)).toMatchObject({
      appEngineHttpQueue: { appEngineRoutingOverride: { service: "s" } },
      type: "PUSH",
      tombstoneTtl: "3600s",
    });
    expect(await ok("GET", `/v2beta2/${queueName("q1")}`)).toMatchObject({
      appEngineHttpTarget: { appEngineRoutingOverride: { service: "s" } },
      rateLimits: { maxTasksDispatchedPerSecond: 500, maxConcurrentTasks: 1000 },
    });
    const mask = "updateMask=app_engine_http_queue.app_engine_routing_override";
    const body = { appEngineHttpQueue: { appEngineRoutingOverride: { service: "t" } } };
    await ok("PATCH", `/v2beta3/${queueName("q1")}?${mask}`, body);
    expect(await queue("q1").describe()).toMatchObject({ target: "t" });
  });
});

describe("batches", () => {
  it("add what can be added, and tell the others by their index", async () => {
    const parent = queueName("stopped");
    const request = (name: string, url = "http://example.com") => ({
      parent,
      task: { name: `${parent}/tasks/${name}`, httpRequest: { url } },
    });
    const requests = [request("a"), request("a"), request("b", "nope"), { parent: "x", task: {} }];
    const done = await ok("POST", `/v2beta3/${parent}/tasks:batchCreate`, { requests });
    expect(done).toMatchObject({
      done: true,
      metadata: {
        state: "PARTIALLY_SUCCEEDED",
        failedRequests: { 1: { code: 6 }, 2: { code: 3 }, 3: { code: 3 } },
      },
      response: { tasks: [{ name: `${parent}/tasks/a` }] },
    });
    const names = ["a", "b"].map((id) => `${parent}/tasks/${id}`);
    expect(await ok("POST", `/v2beta3/${parent}/tasks:batchDelete`, { names })).toMatchObject({
      done: true,
      metadata: { state: "PARTIALLY_SUCCEEDED", failedRequests: { 1: { code: 5 } } },
    });
    const many = { requests: Array.from({ length: 101 }, () => request("x")) };
    expect((await refused("POST", `/v2beta3/${parent}/tasks:batchCreate`, many))[0]).toBe(400);
    const missing = `/v2beta3/${queueName("nowhere")}/tasks:batchDelete`;
    const theirs = { names: [`${queueName("nowhere")}/tasks/a`] };
    expect((await refused("POST", missing, theirs))[0]).toBe(404);
  });
});

describe("policies", () => {
  it("are kept with a queue of this API's, and guarded by their etag", async () => {
    await createQueue("q1");
    const policyOf = () => ok("POST", `/v2/${queueName("q1")}:getIamPolicy`, {});
    const { etag } = await policyOf();
    const bindings = [{ role: "roles/owner", members: ["user:a@example.com"] }];
    const policy = { bindings, etag };
    const set = await ok("POST", `/v2/${queueName("q1")}:setIamPolicy`, { policy });
    expect(set).toMatchObject({ bindings });
    expect(await policyOf()).toEqual(set);
    expect(
      (await refused("POST", `/v2/${queueName("q1")}:setIamPolicy`, { policy })).slice(0, 2),
    ).toEqual([409, "ABORTED"]);
    await ok("PATCH", `/v2/${queueName("q1")}`, {});
    expect(await policyOf()).toEqual(set);
    const asked = { permissions: ["cloudtasks.queues.get"] };
    expect(await ok("POST", `/v2/${queueName("q1")}:testIamPermissions`, asked)).toEqual(asked);
    expect(await ok("POST", `/v2/${queueName("none")}:testIamPermissions`, asked)).toEqual({});
  });
});

describe("whoever comes", () => {
  afterEach(() => {
    delete settings.TASKQUEUE_TOKEN;
    delete settings.TASKQUEUE_READ_TOKEN;
  });

  const statusOf = async (init: RequestInit, query = "", path = `/v2/${queueName("push")}`) => {
    const response = await own.fetch(`https://queue.example.com${path}${query}`, init);
    const { error } = (await response.json()) as { error?: { status: string } };
    return [response.status, ...(error ? [error.status] : [])];
  };

  it("from outside needs a token that is set", async () => {
    expect(await statusOf({})).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("shows the token as any of Google's clients can", async () => {
    settings.TASKQUEUE_TOKEN = "full-token";
    expect(await statusOf({ headers: { Authorization: "Bearer full-token" } })).toEqual([200]);
    expect(await statusOf({ headers: { "x-goog-api-key": "full-token" } })).toEqual([200]);
    expect(await statusOf({}, "?key=full-token")).toEqual([200]);
    expect(await statusOf({}, "?access_token=full-token")).toEqual([200]);
    expect(await statusOf({ headers: { Authorization: "Bearer owner" } })).toEqual([
      401,
      "UNAUTHENTICATED",
    ]);
    expect(await statusOf({}, "", `/${queueName("push")}`)).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("with the token for reading changes nothing, by an override neither", async () => {
    settings.TASKQUEUE_TOKEN = "full-token";
    settings.TASKQUEUE_READ_TOKEN = "read-token";
    const headers = { Authorization: "Bearer read-token" };
    expect(await statusOf({ headers })).toEqual([200]);
    const denied = [403, "PERMISSION_DENIED"];
    const path = `/v2/${queueName("push")}:pause`;
    expect(await statusOf({ method: "POST", headers }, "", path)).toEqual(denied);
    const asDelete = { ...headers, "X-HTTP-Method-Override": "DELETE" };
    expect(await statusOf({ method: "POST", headers: asDelete })).toEqual(denied);
    const asGet = { ...headers, "X-HTTP-Method-Override": "GET" };
    expect(await statusOf({ method: "POST", headers: asGet })).toEqual([200]);
    expect(await statusOf({ method: "POST", headers: asGet }, "", path)).toEqual([
      404,
      "NOT_FOUND",
    ]);
    expect(await queue("push").describe()).toMatchObject({ state: "running" });
  });
});
