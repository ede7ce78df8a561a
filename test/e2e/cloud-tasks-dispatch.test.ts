// What tasks of Google's clients do once they are on the queue, measured at a server they are sent to.
import type { cloudtasks_v2 } from "googleapis";
import { expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import {
  googleapisClient,
  PARENT,
  queueName,
  refusal,
  serverOfFile,
  tasksClient,
} from "./google-clients.ts";
import { type Arrived, outsideServer } from "./outside.ts";

const server = serverOfFile();
const seconds = (value: number) => ({
  seconds: Math.floor(value),
  nanos: Math.round((value % 1) * 1e9),
});

async function madeQueue(id: string, more: object = {}): Promise<string> {
  const queue = { name: queueName(id), ...more };
  await tasksClient(server()).createQueue({ parent: PARENT, queue });
  return queue.name;
}

async function create(parent: string, url: string, more: object = {}, id?: string) {
  const httpRequest = { url, ...(more as { httpRequest?: object }).httpRequest };
  const task = { ...more, ...(id && { name: `${parent}/tasks/${id}` }), httpRequest };
  const [created] = await tasksClient(server()).createTask({ parent, task });
  return created;
}

const gone = async (name: string) =>
  (
    await tasksClient(server())
      .getTask({ name })
      .catch((error) => error)
  ).code === 5;

const ct = ({ headers }: Arrived, name: string) => headers[`x-cloudtasks-${name}`];

it("sends the bytes, the caller's headers and the service's, and nothing else of the caller's", async () => {
  const outside = await outsideServer();
  const parent = await madeQueue("headers");
  const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const headers = {
    "X-Own": "mine",
    "X-CloudTasks-QueueName": "forged",
    "User-Agent": "forged",
    Host: "forged.example",
  };
  const httpRequest = { httpMethod: "PUT" as const, headers, body };
  const started = Date.now();
  const task = await create(parent, `${outside.origin}/hook?a=1`, { httpRequest }, "named");
  expect(task.dispatchCount).toBe(0);
  await until("the call", 10, () => outside.arrived.length === 1);
  const [call] = outside.arrived as [Arrived];
  expect([call.method, call.url]).toEqual(["PUT", "/hook?a=1"]);
  expect([...call.bytes]).toEqual([...body]);
  expect(call.headers).toMatchObject({
    "user-agent": "Google-Cloud-Tasks",
    host: outside.host,
    "x-own": "mine",
    "x-cloudtasks-queuename": "headers",
    "x-cloudtasks-taskname": "named",
    "x-cloudtasks-taskretrycount": "0",
    "x-cloudtasks-taskexecutioncount": "0",
    "content-length": `${body.length}`,
  });
  expect(Object.keys(call.headers)).not.toContain("content-type");
  expect(Object.keys(call.headers)).not.toContain("x-cloudtasks-taskpreviousresponse");
  expect(Math.abs(Number(ct(call, "tasketa")) * 1000 - started)).toBeLessThan(2000);
  await until("the end", 5, () => gone(`${parent}/tasks/named`));
  await expect(create(parent, outside.origin, {}, "named")).rejects.toMatchObject({ code: 6 });
  expect(outside.arrived).toHaveLength(1);
});

it("waits for the scheduled time", async () => {
  const outside = await outsideServer();
  const parent = await madeQueue("scheduled");
  const at = Date.now() + 3000;
  await create(parent, outside.origin, {
    scheduleTime: { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 },
  });
  await until("the call", 10, () => outside.arrived.length === 1);
  const [call] = outside.arrived as [Arrived];
  expect(call.at - at).toBeGreaterThanOrEqual(-5);
  expect(call.at - at).toBeLessThan(2500);
  expect(Math.round(Number(ct(call, "tasketa")) * 1000)).toBe(at);
});

it("tries on and on with -1 attempts, at the default's steps, when it is answered 404", async () => {
  const outside = await outsideServer(({ response }) => response.writeHead(404).end());
  const parent = await madeQueue("unlimited", { retryConfig: { maxAttempts: -1 } });
  const { name } = await create(parent, outside.origin, {}, "on");
  await until("four calls", 10, () => outside.arrived.length === 4);
  const [task] = await tasksClient(server()).getTask({ name: name as string });
  expect(task.dispatchCount).toBeGreaterThanOrEqual(4);
  const gaps = outside.arrived.slice(1).map(({ at }, i) => at - (outside.arrived[i]?.at ?? 0));
  for (const [index, gap] of [100, 200, 400].entries()) {
    expect(gaps[index]).toBeGreaterThanOrEqual(gap - 5);
    expect(gaps[index]).toBeLessThan(gap + 3000);
  }
  expect(outside.arrived.map((call) => ct(call, "taskexecutioncount")).slice(0, 4)).toEqual([
    "0",
    "1",
    "2",
    "3",
  ]);
  await tasksClient(server()).deleteTask({ name: name as string });
});

it("backs off 1, 2 and 4 s, and gives up after four attempts", async () => {
  const outside = await outsideServer(({ response }) => response.writeHead(500).end());
  const retryConfig = {
    ...{ minBackoff: seconds(1), maxBackoff: seconds(10) },
    ...{ maxDoublings: 1, maxAttempts: 4 },
  };
  const parent = await madeQueue("backoff", { retryConfig });
  await create(parent, outside.origin, {}, "failing");
  await until("four calls", 20, () => outside.arrived.length === 4);
  const gaps = outside.arrived.slice(1).map(({ at }, i) => at - (outside.arrived[i]?.at ?? 0));
  for (const [index, gap] of [1000, 2000, 4000].entries()) {
    expect(gaps[index]).toBeGreaterThanOrEqual(gap - 5);
    expect(gaps[index]).toBeLessThan(gap + 3000);
  }
  expect(outside.arrived.map((call) => ct(call, "taskretrycount"))).toEqual(["0", "1", "2", "3"]);
  await until("the end", 5, () => gone(`${parent}/tasks/failing`));
  expect(outside.arrived).toHaveLength(4);
});

it("tells of 503, 404, 429, 500 and 302 as Google does, and follows no redirect", async () => {
  const answers = [503, 404, 429, 500, 302, 200];
  const outside = await outsideServer(({ response }, all) => {
    response.writeHead(answers[all.length - 1] ?? 200, { Location: "/elsewhere" }).end();
  });
  const retryConfig = { minBackoff: seconds(0.1), maxBackoff: seconds(0.1) };
  const parent = await madeQueue("responses", { retryConfig });
  await create(parent, `${outside.origin}/x`);
  await until("six calls", 20, () => outside.arrived.length === 6);
  const headerOf = (name: string) => outside.arrived.map((call) => ct(call, name));
  expect(headerOf("taskretrycount")).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect(headerOf("taskexecutioncount")).toEqual(["0", "0", "1", "2", "2", "3"]);
  expect(headerOf("taskpreviousresponse")).toEqual([undefined, "503", "404", "429", "500", "302"]);
  expect(headerOf("taskretryreason")).toEqual([undefined, "", "", "", "", ""]);
  expect(outside.arrived.map(({ url }) => url)).toEqual(Array(6).fill("/x"));
});

it("cuts off a silent target at the deadline, closes the socket, and tries again", async () => {
  const outside = await outsideServer(({ response }, all) => {
    if (all.length > 1) response.end();
  });
  const parent = await madeQueue("silent", { retryConfig: { minBackoff: seconds(1) } });
  await create(parent, outside.origin, { dispatchDeadline: seconds(15) });
  await until("the second call", 40, () => outside.arrived.length === 2);
  const [first, second] = outside.arrived as [Arrived, Arrived];
  expect(second.at - first.at).toBeGreaterThanOrEqual(15_900);
  expect(second.at - first.at).toBeLessThan(19_000);
  expect(ct(second, "taskpreviousresponse")).toBe("504");
  expect((first.hungUpAt ?? 0) - first.at).toBeGreaterThanOrEqual(14_900);
  expect((first.hungUpAt ?? 0) - first.at).toBeLessThan(18_000);
});

it("keeps two at once where two may be, across a pause, and loses none", async () => {
  let now = 0;
  let peak = 0;
  const outside = await outsideServer(({ response }) => {
    peak = Math.max(peak, ++now);
    setTimeout(() => {
      now--;
      response.end();
    }, 300);
  });
  const client = tasksClient(server());
  const parent = await madeQueue("two", { rateLimits: { maxConcurrentDispatches: 2 } });
  await client.pauseQueue({ name: parent });
  await Promise.all(Array.from({ length: 6 }, () => create(parent, outside.origin)));
  expect(outside.arrived).toEqual([]);
  await client.resumeQueue({ name: parent });
  await until("two calls", 10, () => outside.arrived.length >= 2);
  await client.pauseQueue({ name: parent });
  await client.resumeQueue({ name: parent });
  await until("six calls", 20, () => outside.arrived.length === 6);
  expect(peak).toBe(2);
});

it("never sends more than the burst and five a second", async () => {
  const outside = await outsideServer();
  const client = tasksClient(server());
  const parent = await madeQueue("five", { rateLimits: { maxDispatchesPerSecond: 5 } });
  const [{ rateLimits }] = await client.pauseQueue({ name: parent });
  const burst = rateLimits?.maxBurstSize ?? 0;
  expect(burst).toBe(10);
  await Promise.all(Array.from({ length: burst + 15 }, () => create(parent, outside.origin)));
  await client.resumeQueue({ name: parent });
  await until("all calls", 15, () => outside.arrived.length === burst + 15);
  const times = outside.arrived.map(({ at }) => at);
  for (const [i, from] of times.entries()) {
    for (const [j, to] of times.entries()) {
      // Calls arrive some ms apart from when they were sent, and on a busy machine in clumps.
      const most = burst + (5 * (to - from + 300)) / 1000;
      if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(Math.floor(most + 1e-9));
    }
  }
});

it("runs a paused and a future task at once, and once", async () => {
  const outside = await outsideServer();
  const client = tasksClient(server());
  const parent = await madeQueue("run-now");
  await client.pauseQueue({ name: parent });
  const later = { scheduleTime: seconds(Date.now() / 1000 + 3600) };
  const { name } = await create(parent, outside.origin, later, "now");
  const [running] = await client.runTask({ name: name as string });
  expect(running.dispatchCount).toBe(1);
  await until("the call", 10, () => outside.arrived.length === 1);
  await until("the end", 5, () => gone(name as string));
  expect((await refusal(client.runTask({ name: name as string }))).code).toBe(5);
  expect(outside.arrived).toHaveLength(1);
});

it("purges what waits, and keeps the queue's state", async () => {
  const outside = await outsideServer();
  const client = tasksClient(server());
  const name = await madeQueue("purged");
  await client.pauseQueue({ name });
  await Promise.all(Array.from({ length: 5 }, (_, i) => create(name, outside.origin, {}, `t${i}`)));
  const [purged] = await client.purgeQueue({ name });
  expect(purged).toMatchObject({ state: "PAUSED", purgeTime: { seconds: expect.any(String) } });
  expect((await client.listTasks({ parent: name }))[0]).toEqual([]);
  await client.resumeQueue({ name });
  await expect(create(name, outside.origin, {}, "t1")).rejects.toMatchObject({ code: 6 });
  await create(name, `${outside.origin}/last`);
  await until("the last call", 10, () => outside.arrived.length === 1);
  expect(outside.arrived[0]?.url).toBe("/last");
});

it("delivers each of 150 tasks that come 15 at a time", async () => {
  const outside = await outsideServer();
  const parent = await madeQueue("many");
  for (let batch = 0; batch < 10; batch++) {
    const ids = Array.from({ length: 15 }, (_, i) => `t${batch * 15 + i}`);
    await Promise.all(ids.map((id) => create(parent, `${outside.origin}/${id}`, {}, id)));
  }
  await until("all calls", 60, () => new Set(outside.arrived.map(({ url }) => url)).size === 150);
  const { tasks } = googleapisClient(server()).projects.locations.queues;
  await until("an empty list", 10, async () => {
    return (await tasks.list({ parent })).data.tasks?.length === 0;
  });
  expect(outside.arrived).toHaveLength(150);
});

it("lists 36 tasks of a megabyte, a few to a page", async () => {
  const { queues } = googleapisClient(server()).projects.locations;
  const parent = await madeQueue("large");
  await queues.pause({ name: parent });
  const body = Buffer.alloc(1_000_000, "x").toString("base64");
  const httpRequest = { url: "https://example.com", body };
  for (let i = 0; i < 36; i++)
    await queues.tasks.create({ parent, requestBody: { task: { httpRequest } } });
  const names = new Set<string>();
  for (let pageToken: string | undefined = ""; pageToken !== undefined; ) {
    const asked = { parent, pageToken, responseView: "FULL" };
    const { data } = (await queues.tasks.list(asked)) as {
      data: cloudtasks_v2.Schema$ListTasksResponse;
    };
    for (const { name, httpRequest: sent } of data.tasks ?? []) {
      expect(sent?.body).toBe(body);
      names.add(name as string);
    }
    pageToken = data.nextPageToken ?? undefined;
  }
  expect(names.size).toBe(36);
});

it("takes what firebase-admin sends when CLOUD_TASKS_EMULATOR_HOST names this server", async () => {
  const outside = await outsideServer();
  const queue = queueName("default");
  const headers = {
    Authorization: "Bearer owner",
    "Content-Type": "application/json;charset=utf-8",
  };
  const enqueue = async (id: string, url: string) => {
    const httpRequest = {
      url,
      oidcToken: { serviceAccountEmail: "emulated-service-acct@email.com" },
      body: Buffer.from(JSON.stringify({ data: { id } })).toString("base64"),
      headers: { "Content-Type": "application/json" },
    };
    const scheduleTime = new Date(Date.now() + (url ? 0 : 600_000)).toISOString();
    const task = {
      httpRequest,
      scheduleTime,
      dispatchDeadline: "60s",
      name: `${queue}/tasks/${id}`,
    };
    const init = { method: "POST", headers, body: JSON.stringify({ task }) };
    return server().fetch(`/${queue}/tasks`, init);
  };
  // Without a uri the function's own place is meant: here the Worker's route for the queue.
  const own = await enqueue("own", "");
  expect([own.status, await own.json()]).toMatchObject([200, { name: `${queue}/tasks/own` }]);
  const dropped = await server().fetch(`/${queue}/tasks/own`, { method: "DELETE", headers });
  expect([dropped.status, await dropped.json()]).toEqual([200, {}]);
  expect((await enqueue("fn", `${outside.origin}/fn`)).status).toBe(200);
  expect((await enqueue("fn", `${outside.origin}/fn`)).status).toBe(409);
  await until("the call", 10, () => outside.arrived.length === 1);
  expect(JSON.parse(outside.arrived[0]?.body ?? "")).toEqual({ data: { id: "fn" } });
  expect(outside.arrived[0]?.headers["content-type"]).toBe("application/json");
});
