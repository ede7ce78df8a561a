// Every method of @google-cloud/tasks over its REST transport, in all three versions.
import type { CloudTasksClient } from "@google-cloud/tasks";
import { describe, expect, it } from "vitest";
import {
  beta2Client,
  beta3Client,
  PARENT,
  queueName,
  refusal,
  serverOfFile,
  tasksClient,
} from "./google-clients.ts";

const server = serverOfFile();
const later = () => ({ seconds: Math.floor(Date.now() / 1000) + 3600 });
/** As the client shows it, which has enums of an operation's metadata as numbers. */
const PARTIALLY = { create: 5, delete: 3 };
const httpRequest = { url: "https://example.com/hook" };

describe("v2", () => {
  it("queues: create, get, list, update, pause, resume, purge, delete", async () => {
    const client = tasksClient(server());
    const name = queueName("queues");
    const [made] = await client.createQueue({ parent: PARENT, queue: { name } });
    expect(made).toMatchObject({
      name,
      rateLimits: {
        maxDispatchesPerSecond: 500,
        maxBurstSize: 100,
        maxConcurrentDispatches: 1000,
      },
      retryConfig: { maxAttempts: 100, maxDoublings: 16, minBackoff: { nanos: 100_000_000 } },
      state: "RUNNING",
    });
    expect(await refusal(client.createQueue({ parent: PARENT, queue: { name } }))).toEqual({
      code: 6,
      message: expect.stringContaining("Queue already exists"),
    });
    expect((await client.getQueue({ name }))[0].name).toBe(name);
    const [listed] = await client.listQueues({ parent: PARENT });
    expect(listed.map((queue) => queue.name)).toEqual(
      ["default", "inbox", "master", "queues", "sub"].map(queueName),
    );
    const [updated] = await client.updateQueue({
      queue: { name, rateLimits: { maxDispatchesPerSecond: 7 }, retryConfig: { maxAttempts: 3 } },
      updateMask: { paths: ["rate_limits.max_dispatches_per_second"] },
    });
    expect(updated.rateLimits?.maxDispatchesPerSecond).toBe(7);
    expect(updated.retryConfig?.maxAttempts).toBe(100);
    expect((await client.pauseQueue({ name }))[0].state).toBe("PAUSED");
    const paused = await client.listQueues({ parent: PARENT, filter: "state: PAUSED" });
    expect(paused[0].map((queue) => queue.name)).toEqual([name]);
    expect((await client.resumeQueue({ name }))[0].state).toBe("RUNNING");
    expect((await client.purgeQueue({ name }))[0].purgeTime?.seconds).toBeTruthy();
    await client.deleteQueue({ name });
    expect((await refusal(client.getQueue({ name }))).code).toBe(5);
    expect((await refusal(client.deleteQueue({ name }))).code).toBe(5);
    expect((await refusal(client.createQueue({ parent: PARENT, queue: { name } }))).code).toBe(9);
  });

  it("updates with an empty message, and makes the queue that is not there", async () => {
    const client = tasksClient(server());
    const name = queueName("updated");
    await client.updateQueue({ queue: { name, rateLimits: { maxDispatchesPerSecond: 3 } } });
    expect((await client.getQueue({ name }))[0].rateLimits?.maxDispatchesPerSecond).toBe(3);
    const [reset] = await client.updateQueue({ queue: { name } });
    expect(reset.rateLimits?.maxDispatchesPerSecond).toBe(500);
  });

  it("leaves the configuration of queue.yaml's queues to the file, and pauses them", async () => {
    const client = tasksClient(server());
    const name = queueName("master");
    expect(await refusal(client.updateQueue({ queue: { name } }))).toMatchObject({
      code: 9,
      message: expect.stringContaining("queue.yaml"),
    });
    expect((await refusal(client.deleteQueue({ name }))).code).toBe(9);
    expect((await client.pauseQueue({ name }))[0].state).toBe("PAUSED");
    expect((await client.resumeQueue({ name }))[0].state).toBe("RUNNING");
  });

  it("tasks: create, get, list by pages, delete", async () => {
    const client = tasksClient(server());
    const parent = queueName("tasks");
    await client.createQueue({ parent: PARENT, queue: { name: parent } });
    const name = `${parent}/tasks/first`;
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const [task] = await client.createTask({
      parent,
      responseView: "FULL",
      task: {
        name,
        httpRequest: { ...httpRequest, httpMethod: "PUT", headers: { "X-A": "b" }, body },
        scheduleTime: later(),
        dispatchDeadline: { seconds: 15 },
      },
    });
    expect(task).toMatchObject({
      name,
      view: "FULL",
      dispatchDeadline: { seconds: "15" },
      httpRequest: {
        httpMethod: "PUT",
        headers: { "X-A": "b", "User-Agent": "Google-Cloud-Tasks" },
      },
    });
    const [full] = await client.getTask({ name, responseView: "FULL" });
    expect([...(full.httpRequest?.body ?? [])]).toEqual([...body]);
    const [basic] = await client.getTask({ name });
    expect(basic.httpRequest?.body).toHaveLength(0);
    for (const id of ["second", "third", "fourth"]) {
      const more = { name: `${parent}/tasks/${id}`, httpRequest, scheduleTime: later() };
      await client.createTask({ parent, task: more });
    }
    const [pages] = await client.listTasks({ parent, pageSize: 3 });
    expect(pages).toHaveLength(4);
    const [page, , { nextPageToken }] = (await client.listTasks(
      { parent, pageSize: 3 },
      { autoPaginate: false },
    )) as unknown as [unknown[], unknown, { nextPageToken: string }];
    expect(page).toHaveLength(3);
    expect(nextPageToken).not.toBe("");
    const again = refusal(client.createTask({ parent, task: { name, httpRequest } }));
    expect((await again).code).toBe(6);
    await client.deleteTask({ name });
    expect(await refusal(client.getTask({ name }))).toMatchObject({
      code: 5,
      message: expect.stringContaining("no longer exists"),
    });
    expect((await refusal(client.deleteTask({ name }))).code).toBe(5);
    expect((await refusal(client.runTask({ name }))).code).toBe(5);
  });

  it("refuses in Google's words", async () => {
    const client = tasksClient(server());
    const missing = queueName("nowhere");
    for (const call of [
      () => client.getQueue({ name: missing }),
      () => client.listTasks({ parent: missing }),
      () => client.createTask({ parent: missing, task: { httpRequest } }),
      () => client.pauseQueue({ name: missing }),
    ]) {
      expect(await refusal(call())).toMatchObject({
        code: 5,
        message: expect.stringContaining("Queue does not exist."),
      });
    }
    const parent = queueName("default");
    const ftp = client.createTask({ parent, task: { httpRequest: { url: "ftp://a.b" } } });
    expect(await refusal(ftp)).toMatchObject({
      code: 3,
      message: expect.stringContaining("HttpTarget.url must start with 'http://' or 'https://'."),
    });
  });

  it("policies and locations", async () => {
    const client = tasksClient(server());
    const resource = queueName("policies");
    await client.createQueue({ parent: PARENT, queue: { name: resource } });
    const [before] = await client.getIamPolicy({ resource });
    expect(before.bindings).toEqual([]);
    const bindings = [{ role: "roles/cloudtasks.enqueuer", members: ["user:you@example.com"] }];
    const { etag = null } = before;
    await client.setIamPolicy({ resource, policy: { bindings, etag } });
    expect((await client.getIamPolicy({ resource }))[0].bindings).toMatchObject(bindings);
    const stale = client.setIamPolicy({ resource, policy: { bindings: [], etag } });
    expect((await refusal(stale)).code).toBe(10);
    const permissions = ["cloudtasks.tasks.create"];
    expect((await client.testIamPermissions({ resource, permissions }))[0]).toEqual({
      permissions,
    });
    const gone = { resource: queueName("nowhere"), permissions };
    expect((await client.testIamPermissions(gone))[0]).toEqual({ permissions: [] });
    const [location] = (await client.getLocation({ name: PARENT })) as unknown as object[];
    expect(location).toMatchObject({ locationId: "us-central1" });
    const locations = [];
    for await (const { name } of client.listLocationsAsync({ name: "projects/my-project" })) {
      locations.push(name);
    }
    expect(locations).toEqual([PARENT]);
  });
});

describe("what the versions have in common", () => {
  // Three classes, and these methods are the same in each.
  const versions: [string, () => CloudTasksClient][] = [
    ["v2", () => tasksClient(server())],
    ["v2beta3", () => beta3Client(server()) as unknown as CloudTasksClient],
    ["v2beta2", () => beta2Client(server()) as unknown as CloudTasksClient],
  ];

  it.each(versions)("%s: the life of a queue and of its tasks", async (version, clientOf) => {
    const client = clientOf();
    const name = queueName(`common-${version}`);
    await client.createQueue({ parent: PARENT, queue: { name } });
    expect((await client.getQueue({ name }))[0].name).toBe(name);
    const [updated] = await client.updateQueue({
      queue: { name, retryConfig: { maxAttempts: 7 } },
      updateMask: { paths: ["retry_config.max_attempts"] },
    });
    expect(updated.retryConfig?.maxAttempts).toBe(7);
    expect((await client.pauseQueue({ name }))[0].state).toBe("PAUSED");
    const [queues] = await client.listQueues({ parent: PARENT, filter: "state: PAUSED" });
    expect(queues.map((queue) => queue.name)).toEqual([name]);

    const task = { name: `${name}/tasks/one`, appEngineHttpRequest: {}, scheduleTime: later() };
    await client.createTask({ parent: name, task });
    await client.createTask({ parent: name, task: { ...task, name: `${name}/tasks/two` } });
    expect((await client.getTask({ name: task.name }))[0].name).toBe(task.name);
    const [tasks] = await client.listTasks({ parent: name, pageSize: 1 });
    expect(tasks.map((one) => one.name)).toEqual([task.name, `${name}/tasks/two`]);
    expect((await client.runTask({ name: task.name }))[0].name).toBe(task.name);
    await client.deleteTask({ name: `${name}/tasks/two` });
    const again = client.createTask({ parent: name, task: { ...task, name: `${name}/tasks/two` } });
    expect((await refusal(again)).code).toBe(6);
    expect((await client.resumeQueue({ name }))[0].state).toBe("RUNNING");
    expect((await client.purgeQueue({ name }))[0].purgeTime?.seconds).toBeTruthy();

    const [policy] = await client.getIamPolicy({ resource: name });
    const bindings = [{ role: "roles/owner", members: ["user:you@example.com"] }];
    const [set] = await client.setIamPolicy({ resource: name, policy: { ...policy, bindings } });
    expect(set.bindings).toMatchObject(bindings);
    const permissions = ["cloudtasks.queues.get"];
    const [tested] = await client.testIamPermissions({ resource: name, permissions });
    expect(tested.permissions).toEqual(permissions);
    const [location] = (await client.getLocation({ name: PARENT })) as unknown as object[];
    expect(location).toMatchObject({ locationId: "us-central1" });
    await client.deleteQueue({ name });
    expect((await refusal(client.getQueue({ name }))).code).toBe(5);
  });
});

describe("v2beta3", () => {
  it("says of keys in a vault that there are none here", async () => {
    const client = beta3Client(server());
    const name = `${PARENT}/cmekConfig`;
    expect((await client.getCmekConfig({ name }))[0].name).toBe(name);
    expect((await refusal(client.updateCmekConfig({ cmekConfig: { name } }))).code).toBe(12);
  });

  it("has statistics, time to live, retries of a task's own", async () => {
    const client = beta3Client(server());
    const name = queueName("beta3");
    const ttl = { taskTtl: { seconds: 864_000 }, tombstoneTtl: { seconds: 7200 } };
    const [queue] = await client.createQueue({ parent: PARENT, queue: { name, ...ttl } });
    expect(queue).toMatchObject({ type: "PUSH", tombstoneTtl: { seconds: "7200" }, stats: null });
    const retryConfig = { maxAttempts: 2, minBackoff: { seconds: 5 } };
    const [task] = await client.createTask({
      parent: name,
      task: { httpRequest, scheduleTime: later(), retryConfig },
    });
    expect(task.retryConfig).toMatchObject({
      maxAttempts: 2,
      minBackoff: { seconds: "5" },
      maxDoublings: 16,
    });
    const [seen] = await client.getQueue({ name, readMask: { paths: ["name", "stats"] } });
    expect(seen).toMatchObject({ name, stats: { tasksCount: "1" }, rateLimits: null });
  });

  it("creates and deletes in batches", async () => {
    const client = beta3Client(server());
    const parent = queueName("batches");
    await client.createQueue({ parent: PARENT, queue: { name: parent } });
    const taskOf = (id: string, url: string) => ({
      parent,
      task: { name: `${parent}/tasks/${id}`, httpRequest: { url }, scheduleTime: later() },
    });
    const requests = [taskOf("a", "https://example.com"), taskOf("b", "nowhere"), taskOf("a", "x")];
    const [creating] = await client.batchCreateTasks({ parent, requests });
    const [created, metadata] = await creating.promise();
    expect(created).toMatchObject({ tasks: [{ name: `${parent}/tasks/a` }] });
    expect(metadata).toMatchObject({
      state: PARTIALLY.create,
      failedRequests: { 1: { code: 3 }, 2: { code: 3 } },
    });
    const names = ["a", "never-was"].map((id) => `${parent}/tasks/${id}`);
    const [deleting] = await client.batchDeleteTasks({ parent, names });
    const [, deleted] = await deleting.promise();
    expect(deleted).toMatchObject({
      state: PARTIALLY.delete,
      failedRequests: { 1: { code: 5 } },
    });
    expect((await client.listTasks({ parent }))[0]).toEqual([]);
  });
});

describe("v2beta2", () => {
  it("leases, renews, cancels and acknowledges tasks of a pull queue", async () => {
    const client = beta2Client(server());
    const parent = queueName("pulled");
    const [queue] = await client.createQueue({
      parent: PARENT,
      queue: { name: parent, pullTarget: {} },
    });
    expect(queue.pullTarget).toEqual({});
    const name = `${parent}/tasks/one`;
    const pullMessage = { payload: Buffer.from("work"), tag: "x" };
    await client.createTask({ parent, task: { name, pullMessage } });
    const asked = { parent, maxTasks: 5, leaseDuration: { seconds: 60 } };
    expect((await client.leaseTasks({ ...asked, filter: "tag=y" }))[0].tasks).toEqual([]);
    const [{ tasks }] = await client.leaseTasks({
      ...asked,
      filter: "tag=x",
      responseView: "FULL",
    });
    const [leased] = tasks ?? [];
    expect(Buffer.from(leased?.pullMessage?.payload as Uint8Array).toString()).toBe("work");
    expect(leased?.status?.attemptDispatchCount).toBe(1);
    const { scheduleTime = null } = leased ?? {};
    const leaseDuration = { seconds: 90 };
    const [renewed] = await client.renewLease({ name, scheduleTime, leaseDuration });
    expect((await refusal(client.acknowledgeTask({ name, scheduleTime }))).code).toBe(9);
    await client.cancelLease({ name, scheduleTime: renewed.scheduleTime ?? null });
    const [{ tasks: again }] = await client.leaseTasks({
      ...asked,
      filter: "tag_function=oldest_tag()",
    });
    expect(again).toHaveLength(1);
    await client.acknowledgeTask({ name, scheduleTime: again?.[0]?.scheduleTime ?? null });
    expect((await refusal(client.getTask({ name }))).code).toBe(5);
    expect((await refusal(client.runTask({ name }))).code).toBe(5);
    await client.pauseQueue({ name: parent });
    expect((await refusal(client.leaseTasks(asked))).code).toBe(9);
  });

  it("has its own names for what a push queue has", async () => {
    const client = beta2Client(server());
    const name = queueName("old-names");
    const [queue] = await client.createQueue({
      parent: PARENT,
      queue: {
        name,
        appEngineHttpTarget: { appEngineRoutingOverride: { service: "backend" } },
        rateLimits: { maxTasksDispatchedPerSecond: 2, maxConcurrentTasks: 3 },
        retryConfig: { unlimitedAttempts: true },
      },
    });
    expect(queue).toMatchObject({
      appEngineHttpTarget: { appEngineRoutingOverride: { service: "backend" } },
      rateLimits: { maxTasksDispatchedPerSecond: 2, maxConcurrentTasks: 3 },
      retryConfig: { unlimitedAttempts: true },
    });
    const [task] = await client.createTask({
      parent: name,
      responseView: "FULL",
      task: {
        scheduleTime: later(),
        appEngineHttpRequest: { relativeUrl: "/work", payload: Buffer.from("x") },
      },
    });
    expect(task.appEngineHttpRequest).toMatchObject({ relativeUrl: "/work", httpMethod: "POST" });
    expect(task.status).toMatchObject({ attemptDispatchCount: 0 });
  });
});
