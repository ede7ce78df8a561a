// Every method of the generated client in `googleapis`, with a token, as it stands in front of a deployment.
import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import {
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
  await tasks.delete({ name: left[0]?.name as string });
  expect(await statusOf(tasks.get({ name }))).toEqual([404, "NOT_FOUND"]);
  expect(await statusOf(tasks.run({ name }))).toEqual([404, "NOT_FOUND"]);
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
