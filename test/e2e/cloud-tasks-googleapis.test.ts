// Every method of the generated client in `googleapis`, with a token, as it is in front of a deployment.
import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import {
  generatedBeta2,
  generatedBeta3,
  googleapisClient,
  PARENT,
  queueName,
  serverOfFile,
  tasksClient,
} from "./google-clients.ts";
import { outsideServer } from "./outside.ts";

const TOKEN = "a-token-of-ours";
const ISSUER = "https://queues.example/_ah/oidc";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const server = serverOfFile({
  TASKQUEUE_TOKEN: TOKEN,
  TASKQUEUE_OIDC_KEY: pem.trim().replaceAll("\n", "\\n"),
  TASKQUEUE_OIDC_ISSUER: ISSUER,
});
const queuesOf = () => googleapisClient(server(), TOKEN).projects.locations.queues;
const scheduleTime = () => new Date(Date.now() + 3_600_000).toISOString();

async function statusOf(call: Promise<unknown>): Promise<[number, string]> {
  const error = await call.then(
    () => undefined,
    (it: unknown) => it,
  );
  const { response } = error as {
    response: { status: number; data: { error: { status: string; code: number } } };
  };
  expect(response.data.error.code).toBe(response.status);
  return [response.status, response.data.error.status];
}

it("goes through the life of a queue, with camelCase masks and verbs without a body", async () => {
  const queues = queuesOf();
  const name = queueName("generated");
  const made = await queues.create({ parent: PARENT, requestBody: { name } });
  expect(made.data).toMatchObject({ name, state: "RUNNING" });
  const updateMask = "rateLimits.maxDispatchesPerSecond";
  const requestBody = {
    rateLimits: { maxDispatchesPerSecond: 0.5, maxConcurrentDispatches: 9 },
    retryConfig: { minBackoff: null },
  };
  const patched = await queues.patch({ name, updateMask, requestBody });
  expect(patched.data.rateLimits).toEqual({
    maxDispatchesPerSecond: 0.5,
    maxBurstSize: 10,
    maxConcurrentDispatches: 1000,
  });
  expect((await queues.pause({ name })).data.state).toBe("PAUSED");
  expect((await queues.get({ name })).data.state).toBe("PAUSED");
  expect((await queues.resume({ name, requestBody: {} })).data.state).toBe("RUNNING");
  expect((await queues.purge({ name })).data.purgeTime).toMatch(/Z$/);
  const { data } = await queues.list({ parent: PARENT, pageSize: 2 });
  expect(data.queues).toHaveLength(2);
  const { data: rest } = await queues.list({
    parent: PARENT,
    pageToken: data.nextPageToken as string,
  });
  expect(rest.nextPageToken).toBeUndefined();
  expect((await queues.delete({ name })).data).toEqual({});
  expect(await statusOf(queues.create({ parent: PARENT, requestBody: { name } }))).toEqual([
    400,
    "FAILED_PRECONDITION",
  ]);
});

it("goes through the life of a task, buffers and batches", async () => {
  const queues = queuesOf();
  const parent = queueName("buffered");
  const uriOverride = { scheme: "HTTPS", host: "example.com", pathOverride: { path: "/buffer" } };
  await queues.create({
    parent: PARENT,
    requestBody: { name: parent, httpTarget: { uriOverride } },
  });
  await queues.pause({ name: parent });
  const { tasks } = queues;
  const name = `${parent}/tasks/named`;
  const httpRequest = { url: "https://example.com/x", httpMethod: "POST", body: "AP/+Pj8=" };
  const requestBody = { task: { name, httpRequest, scheduleTime: scheduleTime() } };
  expect((await tasks.create({ parent, requestBody })).data).toMatchObject({
    name,
    httpRequest: { httpMethod: "POST", url: "https://example.com/buffer" },
    view: "BASIC",
  });
  const full = await tasks.get({ name, responseView: "FULL" });
  expect(full.data.httpRequest?.body).toBe("AP/+Pj8=");
  expect((await tasks.list({ parent })).data.tasks).toHaveLength(1);
  expect(await statusOf(tasks.create({ parent, requestBody }))).toEqual([409, "ALREADY_EXISTS"]);

  const body = { contentType: "text/plain", data: Buffer.from("hello").toString("base64") };
  const buffered = await tasks.buffer({ queue: parent, taskId: "b1", requestBody: { body } });
  expect(buffered.data.task?.name).toBe(`${parent}/tasks/b1`);
  const sent = await tasks.get({ name: `${parent}/tasks/b1`, responseView: "FULL" });
  expect(sent.data.httpRequest).toMatchObject({
    url: "https://example.com/buffer",
    headers: { "Content-Type": "text/plain" },
    body: body.data,
  });

  const requests = [{ parent, task: { httpRequest, scheduleTime: scheduleTime() } }];
  const batch = await tasks.batchCreate({ parent, requestBody: { requests } });
  expect(batch.data).toMatchObject({ done: true, metadata: { state: "SUCCEEDED" } });
  const names = [name, `${parent}/tasks/b1`];
  expect((await tasks.batchDelete({ parent, requestBody: { names } })).data.done).toBe(true);
  const left = (await tasks.list({ parent })).data.tasks ?? [];
  expect(left).toHaveLength(1);
  expect((await tasks.delete({ name: left[0]?.name as string })).data).toEqual({});
  expect(await statusOf(tasks.get({ name }))).toEqual([404, "NOT_FOUND"]);
  expect(await statusOf(tasks.run({ name }))).toEqual([404, "NOT_FOUND"]);
});

it("runs a task before its time, once", async () => {
  const outside = await outsideServer();
  const { tasks } = queuesOf();
  const parent = queueName("default");
  const task = { httpRequest: { url: outside.origin }, scheduleTime: scheduleTime() };
  const { data } = await tasks.create({ parent, requestBody: { task } });
  const name = data.name as string;
  const running = await tasks.run({ name, requestBody: { responseView: "FULL" } });
  expect(running.data).toMatchObject({ name, dispatchCount: 1, view: "FULL" });
  await until("the call", 10, () => outside.arrived.length === 1);
  await until("the end", 5, async () => {
    const { status } = await tasks.get({ name }, { validateStatus: () => true });
    return status === 404;
  });
  expect(await statusOf(tasks.run({ name }))).toEqual([404, "NOT_FOUND"]);
  expect(outside.arrived).toHaveLength(1);
});

it("shows the attempt that is under way, answers in part, and keeps a routing apart", async () => {
  const outside = await outsideServer(() => {});
  const queues = queuesOf();
  const name = queueName("routed");
  const routing = { service: "web", version: "1.2", instance: "0" };
  const httpTarget = { uriOverride: { port: "0" } };
  const requestBody = { name, appEngineRoutingOverride: routing, httpTarget };
  const made = await queues.create({ parent: PARENT, requestBody });
  expect(made.data.appEngineRoutingOverride).toEqual({
    ...routing,
    host: expect.stringMatching(/^0-dot-1\.2-dot-web-dot-.*\.appspot\.com$/),
  });
  expect(made.data.httpTarget).toEqual(httpTarget);
  const fields = "name,retryConfig/maxAttempts";
  expect((await queues.get({ name, fields })).data).toEqual({
    name,
    retryConfig: { maxAttempts: 100 },
  });

  const parent = queueName("default");
  const task = { httpRequest: { url: outside.origin } };
  const { data } = await queues.tasks.create({ parent, requestBody: { task }, fields: "name" });
  expect(Object.keys(data)).toEqual(["name"]);
  await until("the call", 10, () => outside.arrived.length === 1);
  const running = await queues.tasks.get({ name: data.name as string });
  const dispatchTime = expect.stringMatching(/Z$/);
  expect(running.data).toMatchObject({ dispatchCount: 1, firstAttempt: { dispatchTime } });
  expect(running.data.lastAttempt).toEqual({ scheduleTime: dispatchTime, dispatchTime });
  outside.arrived[0]?.response.end();
});

it("goes through v2beta3: statistics, times to live, a task's own retries, batches", async () => {
  const client = generatedBeta3(server(), TOKEN).projects.locations;
  const { queues } = client;
  const name = queueName("generated-beta3");
  const queue = { name, tombstoneTtl: "7200s", taskTtl: "864000s" };
  const made = await queues.create({ parent: PARENT, requestBody: queue });
  expect(made.data).toMatchObject({ ...queue, type: "PUSH" });
  const appEngineHttpQueue = { appEngineRoutingOverride: { service: "backend" } };
  const updateMask = "appEngineHttpQueue.appEngineRoutingOverride";
  const patched = await queues.patch({ name, updateMask, requestBody: { appEngineHttpQueue } });
  expect(patched.data).toMatchObject({ ...queue, appEngineHttpQueue });
  expect((await queues.pause({ name })).data.state).toBe("PAUSED");
  expect((await queues.resume({ name })).data.state).toBe("RUNNING");
  const retryConfig = { maxAttempts: 2, minBackoff: "5s" };
  const httpRequest = { url: "https://example.com/x" };
  const task = {
    name: `${name}/tasks/own`,
    httpRequest,
    retryConfig,
    scheduleTime: scheduleTime(),
  };
  const created = await queues.tasks.create({ parent: name, requestBody: { task } });
  expect(created.data.retryConfig).toMatchObject(retryConfig);
  const seen = await queues.get({ name, readMask: "name,stats" });
  expect(seen.data).toMatchObject({ name, stats: { tasksCount: "1" } });
  expect((await queues.tasks.get({ name: task.name })).data.name).toBe(task.name);
  expect((await queues.tasks.list({ parent: name })).data.tasks).toHaveLength(1);
  const requests = [{ parent: name, task: { httpRequest, scheduleTime: scheduleTime() } }];
  const batch = await queues.tasks.batchCreate({ parent: name, requestBody: { requests } });
  expect(batch.data).toMatchObject({ done: true, metadata: { state: "SUCCEEDED" } });
  const names = [task.name];
  const dropped = await queues.tasks.batchDelete({ parent: name, requestBody: { names } });
  expect(dropped.data.done).toBe(true);
  expect(await statusOf(queues.tasks.run({ name: task.name }))).toEqual([404, "NOT_FOUND"]);
  expect(await statusOf(queues.tasks.delete({ name: task.name }))).toEqual([404, "NOT_FOUND"]);
  expect((await queues.purge({ name })).data.purgeTime).toMatch(/Z$/);
  expect((await queues.getIamPolicy({ resource: name })).data.etag).toBeTruthy();
  const listed = (await queues.list({ parent: PARENT, readMask: "name" })).data.queues ?? [];
  expect(listed).toContainEqual({ name });
  expect((await client.get({ name: PARENT })).data.locationId).toBe("us-central1");
  expect((await queues.delete({ name })).data).toEqual({});
  expect(await statusOf(queues.get({ name }))).toEqual([404, "NOT_FOUND"]);
});

it("goes through v2beta2: a pull queue and its leases", async () => {
  const { queues } = generatedBeta2(server(), TOKEN).projects.locations;
  const parent = queueName("generated-pull");
  const made = await queues.create({
    parent: PARENT,
    requestBody: { name: parent, pullTarget: {} },
  });
  expect(made.data).toMatchObject({ pullTarget: {}, retryConfig: { unlimitedAttempts: true } });
  const name = `${parent}/tasks/one`;
  const payload = Buffer.from("work").toString("base64");
  const task = { name, pullMessage: { payload, tag: "x" } };
  await queues.tasks.create({ parent, requestBody: { task } });
  expect((await queues.tasks.list({ parent })).data.tasks).toHaveLength(1);
  const lease = async (more: object = {}) => {
    const requestBody = { leaseDuration: "60s", maxTasks: 5, ...more };
    return (await queues.tasks.lease({ parent, requestBody })).data.tasks ?? [];
  };
  const [leased] = await lease({ filter: 'tag="x"', responseView: "FULL" });
  expect(leased).toMatchObject({ name, pullMessage: { payload, tag: "x" } });
  expect(await lease()).toEqual([]);
  const { scheduleTime: held = null } = leased ?? {};
  const renewal = { scheduleTime: held, leaseDuration: "90s" };
  const renewed = await queues.tasks.renewLease({ name, requestBody: renewal });
  const stale = queues.tasks.acknowledge({ name, requestBody: { scheduleTime: held } });
  expect(await statusOf(stale)).toEqual([400, "FAILED_PRECONDITION"]);
  const given = { scheduleTime: renewed.data.scheduleTime ?? null };
  expect((await queues.tasks.cancelLease({ name, requestBody: given })).data.name).toBe(name);
  const [again] = await lease();
  const ended = { scheduleTime: again?.scheduleTime ?? null };
  expect((await queues.tasks.acknowledge({ name, requestBody: ended })).data).toEqual({});
  expect(await statusOf(queues.tasks.get({ name }))).toEqual([404, "NOT_FOUND"]);
  await queues.pause({ name: parent });
  expect((await queues.get({ name: parent })).data.state).toBe("PAUSED");
  expect((await queues.delete({ name: parent })).data).toEqual({});
});

it("asks for policies, locations and keys", async () => {
  const client = googleapisClient(server(), TOKEN).projects.locations;
  const resource = queueName("default");
  expect((await client.queues.getIamPolicy({ resource })).data.etag).toBeTruthy();
  const requestBody = { policy: { bindings: [] } };
  expect(await statusOf(client.queues.setIamPolicy({ resource, requestBody }))).toEqual([
    400,
    "FAILED_PRECONDITION",
  ]);
  const asked = { permissions: ["cloudtasks.queues.get"] };
  const tested = await client.queues.testIamPermissions({ resource, requestBody: asked });
  expect(tested.data).toEqual(asked);
  expect((await client.list({ name: "projects/my-project" })).data.locations).toHaveLength(1);
  expect((await client.get({ name: PARENT })).data.locationId).toBe("us-central1");
  const name = `${PARENT}/cmekConfig`;
  expect((await client.getCmekConfig({ name })).data).toEqual({ name });
  expect((await statusOf(client.updateCmekConfig({ name, requestBody: {} })))[0]).toBe(501);
});

it("wants the token, from either client, as a header or in the query", async () => {
  const name = queueName("default");
  const without = googleapisClient(server()).projects.locations.queues;
  expect(await statusOf(without.get({ name }))).toEqual([401, "UNAUTHENTICATED"]);
  expect((await without.get({ name, key: TOKEN })).data.name).toBe(name);
  expect((await without.get({ name, access_token: TOKEN })).data.name).toBe(name);
  expect((await tasksClient(server(), TOKEN).getQueue({ name }))[0].name).toBe(name);
  await expect(tasksClient(server()).getQueue({ name })).rejects.toMatchObject({ code: 16 });
});

it("sends identity tokens to the url, or to the audience that was named", async () => {
  const outside = await outsideServer();
  const { tasks } = queuesOf();
  const url = `${outside.origin}/secure`;
  const oidcToken = { serviceAccountEmail: "caller@example.com" };
  for (const token of [oidcToken, { ...oidcToken, audience: "https://named.example" }]) {
    const headers = { Authorization: "replaced" };
    const httpRequest = { url, httpMethod: "POST", headers, oidcToken: token };
    const requestBody = { task: { httpRequest } };
    const { data } = await tasks.create({ parent: queueName("default"), requestBody });
    expect(data.httpRequest?.oidcToken).toEqual(token);
  }
  await until("both calls", 10, () => outside.arrived.length === 2);
  const keys = createLocalJWKSet(await server().json<JSONWebKeySet>("/_ah/oidc/jwks"));
  const audiences: unknown[] = [];
  for (const { headers } of outside.arrived) {
    const token = headers.authorization?.replace(/^Bearer /, "") ?? "";
    const { payload } = await jwtVerify(token, keys, { issuer: ISSUER });
    expect(payload.email).toBe("caller@example.com");
    audiences.push(payload.aud);
  }
  expect(audiences.sort()).toEqual([url, "https://named.example"].sort());
});
