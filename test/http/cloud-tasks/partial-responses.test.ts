// The parameters that every method of Google's APIs has: parts of an answer, its form, and what means nothing.
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { cloud, createQueue, createTask, ok, PLACE, queueName } from "../../support/cloud-tasks.ts";
import { freshStart, queue } from "../../support/time.ts";

const own = (exports as unknown as { default: Fetcher }).default;
const TASKS = `${queueName("q1")}/tasks`;
const url = "https://example.com/x";
const LATER = "2050-01-02T00:00:00.000Z";

beforeEach(async () => {
  await freshStart();
  const routing = { appEngineRoutingOverride: { service: "web" } };
  await createQueue("q1", { ...routing, retryConfig: { maxAttempts: 7, minBackoff: "5s" } });
  const headers = { "X-A": "1", "X-B": "2" };
  const httpRequest = { url, headers };
  await createTask("q1", { name: `${TASKS}/t1`, httpRequest, scheduleTime: LATER });
  await createTask("q1", { name: `${TASKS}/t2`, httpRequest: { url }, scheduleTime: LATER });
});

describe("fields", () => {
  const names = [{ name: `${TASKS}/t1` }, { name: `${TASKS}/t2` }];
  const limits = { maxDispatchesPerSecond: 500 };

  it.each<[version: string, path: string, fields: string, answer: object]>([
    ["v2", queueName("q1"), "name", { name: queueName("q1") }],
    ["v2", queueName("q1"), "name,state", { name: queueName("q1"), state: "RUNNING" }],
    ["v2", queueName("q1"), " name , state ", { name: queueName("q1"), state: "RUNNING" }],
    ["v2", queueName("q1"), "retryConfig/maxAttempts", { retryConfig: { maxAttempts: 7 } }],
    ["v2", queueName("q1"), "retry_config.max_attempts", { retryConfig: { maxAttempts: 7 } }],
    [
      "v2",
      queueName("q1"),
      "retryConfig(maxAttempts,minBackoff),state",
      { retryConfig: { maxAttempts: 7, minBackoff: "5s" }, state: "RUNNING" },
    ],
    ["v2", queueName("q1"), "*/maxDispatchesPerSecond", { rateLimits: limits }],
    ["v2", queueName("q1"), "purgeTime", {}],
    [
      "v2",
      queueName("q1"),
      "rateLimits/maxDispatchesPerSecond,rateLimits/maxDispatchesPerSecond",
      { rateLimits: limits },
    ],
    [
      "v2beta2",
      queueName("q1"),
      "rateLimits/maxTasksDispatchedPerSecond",
      { rateLimits: { maxTasksDispatchedPerSecond: 500 } },
    ],
    [
      "v2beta2",
      queueName("q1"),
      "appEngineHttpTarget/appEngineRoutingOverride/service",
      { appEngineHttpTarget: { appEngineRoutingOverride: { service: "web" } } },
    ],
    ["v2beta3", queueName("q1"), "type,tombstoneTtl", { type: "PUSH", tombstoneTtl: "3600s" }],
    ["v2", TASKS, "tasks/name", { tasks: names }],
    ["v2", TASKS, "tasks(name)", { tasks: names }],
    ["v2", TASKS, "tasks.name,nextPageToken", { tasks: names }],
    [
      "v2",
      TASKS,
      "tasks(name,httpRequest(url))",
      { tasks: names.map((it) => ({ ...it, httpRequest: { url } })) },
    ],
    ["v2", TASKS, "tasks/*/url", { tasks: [{ httpRequest: { url } }, { httpRequest: { url } }] }],
    ["v2", TASKS, "nextPageToken", {}],
    ["v2", `${TASKS}/t1`, "httpRequest/headers/X-A", { httpRequest: { headers: { "X-A": "1" } } }],
    [
      "v2beta2",
      `${TASKS}/t1`,
      "status/attemptDispatchCount",
      { status: { attemptDispatchCount: 0 } },
    ],
  ])("of %s %s: %s", async (version, path, fields, answer) => {
    for (const name of ["fields", "$fields"]) {
      expect(await ok("GET", `/${version}/${path}?${name}=${encodeURIComponent(fields)}`)).toEqual(
        answer,
      );
    }
  });

  it("choose of any method's answer, and nothing but that", async () => {
    expect(await ok("POST", `/v2/${queueName("q1")}:pause?fields=state`)).toEqual({
      state: "PAUSED",
    });
    const task = { name: `${TASKS}/t3`, httpRequest: { url } };
    expect(await ok("POST", `/v2/${TASKS}?fields=name`, { task })).toEqual({ name: task.name });
    expect(await ok("DELETE", `/v2/${TASKS}/t3?fields=name`)).toEqual({});
    const { queues } = await ok("GET", `/v2/${PLACE}/queues?fields=queues(name)`);
    expect(queues).toContainEqual({ name: queueName("q1") });
    const [status, { error }] = await cloud("GET", `/v2/${queueName("nowhere")}?fields=name`);
    expect([status, error.status]).toEqual([404, "NOT_FOUND"]);
    const header = { "X-Goog-FieldMask": "state,name" };
    expect(await cloud("GET", `/v2/${queueName("q1")}`, undefined, header)).toEqual([
      200,
      { name: queueName("q1"), state: "PAUSED" },
    ]);
    expect(await ok("GET", `/v2/${TASKS}/t1?fields=`)).toMatchObject({ name: `${TASKS}/t1` });
  });

  it.each([
    "colour",
    "name,colour",
    "name/x",
    "retryConfig/colour",
    "tasks",
    "*/colour",
    "name(",
    "name)",
    "name()",
    "(name)",
    "name,,state",
    ",",
    "/name",
    "retryConfig/",
    "constructor",
    "__proto__",
    "a(".repeat(3000),
  ])("that no queue has are refused before anything is done: %s", async (fields) => {
    const path = `/v2/${queueName("q1")}:pause?fields=${encodeURIComponent(fields)}`;
    const [status, { error }] = await cloud("POST", path);
    expect([status, error.code, error.status]).toEqual([400, 400, "INVALID_ARGUMENT"]);
    expect(error.details).toMatchObject([
      { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{}] },
    ]);
    expect(await queue("q1").describe()).toMatchObject({ state: "running" });
  });
});

describe("the other parameters", () => {
  it.each([
    "alt=json",
    "$alt=json",
    "alt=",
    "alt=json;enum-encoding=string",
    "prettyPrint=true",
    "$prettyPrint=false",
    "quotaUser=me",
    "key=k",
    "access_token=x",
    "oauth_token=x",
    "uploadType=media",
    "upload_protocol=raw",
    "$.xgafv=2",
    "userIp=10.0.0.1",
  ])("%s changes nothing", async (parameter) => {
    expect(await ok("GET", `/v2/${queueName("q1")}?${parameter}`)).toEqual(
      await ok("GET", `/v2/${queueName("q1")}`),
    );
  });

  it.each(["alt=proto", "alt=media", "$alt=proto", "alt=xml", "alt=json&alt=media"])(
    "%s is refused: there is only JSON",
    async (parameter) => {
      const [status, { error }] = await cloud("GET", `/v2/${queueName("q1")}?${parameter}`);
      expect([status, error.status]).toEqual([400, "INVALID_ARGUMENT"]);
    },
  );
});

describe("HEAD", () => {
  it.each([
    [queueName("q1"), 200],
    [`${PLACE}/queues`, 200],
    [TASKS, 200],
    [`${TASKS}/t1`, 200],
    [PLACE, 200],
    ["projects/p1/locations", 200],
    [`${PLACE}/cmekConfig`, 200],
    [queueName("nowhere"), 404],
    [`${TASKS}/none`, 404],
    [queueName("a_b"), 400],
    [`${queueName("q1")}?fields=colour`, 400],
    [`${queueName("q1")}/colours`, 404],
  ])("of %s is %i, as GET is, without a body", async (path, status) => {
    const response = await own.fetch(`http://127.0.0.1:8787/v2/${path}`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([status, ""]);
    expect(response.headers.get("Content-Type")).toContain("application/json");
  });
});
