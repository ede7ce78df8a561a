// Today's code over the rows of the versions before it, in turns with them too. The rows under versions/ were
// written by those versions under the tests' queue.yaml, with their clocks at 2050: `first` had one class for
// every role, `second` has one for each, and `third` made tables for rules at add with every queue.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseCronYaml } from "../../src/core/config/cron-yaml.ts";
import { TaskQueueObject } from "../../src/objects/queue/task-queue.ts";
import { clock } from "../support/clock.ts";
import { deployQueues } from "../support/deploy.ts";
import { passEvicting } from "../support/evictions.ts";
import { call } from "../support/http.ts";
import {
  CRON,
  crash,
  DIRECTORY,
  freshStart,
  groupObject,
  objectOf,
  pass,
  queue,
} from "../support/time.ts";
import { deployed, queueFile, received } from "../support/worker.ts";

beforeEach(freshStart);

const files = import.meta.glob<string>("./versions/*/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
});

const VERSIONS = ["first", "second"] as const;
type Version = (typeof VERSIONS)[number] | "third";

/** A moment after those rows were written. */
const AFTERWARDS = Date.UTC(2050, 0, 1, 0, 17, 40);

const cron = parseCronYaml(
  `cron:
- {description: hourly, url: /ok, schedule: every 1 hours}
- {description: nightly, url: /ok, schedule: every day 03:00}
`,
  queueFile,
);

const NAMES = new Map([
  ["queues", DIRECTORY],
  ["cron", CRON],
  ["groups-half", groupObject("half")],
]);

/** The object a version kept such rows in. */
function objectIn(version: Version, file: string): DurableObjectStub {
  const name = NAMES.get(file) ?? file;
  const stub = objectOf(name);
  if (version === "second") return stub;
  const { TaskQueue } = exports as unknown as Record<"TaskQueue", DurableObjectNamespace>;
  return TaskQueue.getByName(name);
}

function filesOf(version: Version): [file: string, sql: string][] {
  return Object.entries(files).flatMap(([path, sql]) => {
    const [, of, file] = /versions\/(\w+)\/(.+)\.sql$/.exec(path) ?? [];
    return of === version && file ? [[file, sql] as [string, string]] : [];
  });
}

async function storeRowsOf(version: Version): Promise<void> {
  for (const [file, sql] of filesOf(version)) {
    await runInDurableObject(objectIn(version, file), async (_, { storage }) => {
      // Of the class's objects only those of queues are emptied between tests.
      await storage.deleteAll();
      storage.sql.exec(sql);
    });
  }
  clock.now = AFTERWARDS;
  deployed.cron = cron;
  await crash();
}

/** What the first version does to every object it meets: it knows of seven migrations. */
async function meetFirstVersion(version: Version): Promise<void> {
  for (const [file] of filesOf(version)) {
    await runInDurableObject(objectIn(version, file), (_, { storage }) => {
      storage.sql.exec("UPDATE meta SET value = '7' WHERE key = 'schema'");
    });
  }
  await crash();
}

async function get(path: string) {
  return (await call("GET", path))[1];
}

function thenRan(): boolean {
  return received.some(({ headers }) => headers.get("x-appengine-taskname") === "half-then");
}

async function expectAllThere(): Promise<void> {
  expect(await get("/queues/push/tasks/far")).toMatchObject({
    ...{ state: "scheduled", payload: { a: 1 }, headers: { "X-A": "b" } },
  });
  expect(await get("/queues/push/tasks/done")).toMatchObject({ state: "done" });
  expect(await get("/queues/push/tasks/deleted")).toMatchObject({ state: "deleted" });
  expect(await call("POST", "/queues/push/tasks", { name: "done" })).toMatchObject([
    409,
    { error: { code: "TOMBSTONED_TASK" } },
  ]);
  expect(await get("/queues/one-retry/tasks/failed")).toMatchObject({
    ...{ state: "failed", retryCount: 1, lastAttempt: { status: 500, error: "no" } },
  });
  expect(await get("/queues/results/tasks/kept")).toMatchObject({ result: { fine: true } });
  expect(await get("/queues/pull/tasks?tag=t")).toMatchObject({
    tasks: [
      { name: "leased", state: "leased" },
      { name: "free", payloadBase64: "AAEC" },
    ],
  });
  expect(await get("/queues/made")).toMatchObject({ state: "paused", rate: "5/s" });
  expect(await get("/queues/made/tasks/there")).toMatchObject({ state: "scheduled" });
  expect((await call("GET", "/queues/gone"))[0]).toBe(404);
  expect(await get("/groups/half")).toMatchObject({ state: "running", total: 2, done: 1 });
  expect(await get("/groups/half/results")).toMatchObject({
    results: [{ name: "half-a", state: "done", result: { fine: true } }],
  });
  expect(await get("/cron")).toMatchObject({
    cron: [
      { name: "hourly", state: "running", nextRun: "2050-01-01T01:00:00.000Z" },
      { name: "nightly", state: "paused" },
    ],
  });
}

describe.each(VERSIONS)("rows of the %s version", (version) => {
  it("are all there", async () => {
    await storeRowsOf(version);
    await expectAllThere();
    await crash();
    await expectAllThere();
  });

  it("are there after that version had its turn again, three times", async () => {
    await storeRowsOf(version);
    for (let turn = 0; turn < 3; turn++) {
      await expectAllThere();
      await meetFirstVersion(version);
    }
    await expectAllThere();
  });

  it("go on: the group ends and its `then` follows, the lease can be acknowledged, the queue resumed", async () => {
    await storeRowsOf(version);
    const { tasks } = (await get("/queues/pull/tasks?state=leased")) as {
      tasks: { lease: string }[];
    };
    const lease = tasks[0]?.lease;
    expect((await call("DELETE", `/queues/pull/tasks/leased?lease=${lease}`))[0]).toBe(200);
    await call("POST", "/queues/push/tasks/half-b:run");
    await passEvicting(["push", groupObject("half")], 30, () => thenRan());
    await passEvicting(["push", groupObject("half")], 10);
    expect(await get("/groups/half")).toMatchObject({ state: "done", done: 2 });
    expect(thenRan()).toBe(true);
    expect((await call("POST", "/queues/made:resume"))[1]).toMatchObject({ state: "running" });
    expect((await call("DELETE", "/queues/made"))[0]).toBe(200);
    await crash();
    expect((await call("GET", "/queues/made"))[0]).toBe(404);
  });
});

describe("rows of the third version, with keys and rules at add", () => {
  const SLOW =
    "{name: slow-retry, rate: 100/s, bucket_size: 100, retry_parameters: {min_backoff_seconds: 600, task_retry_limit: 5}}";
  const KEYED =
    "{name: unlimited, rate: 100/s, bucket_size: 100, extensions: {keys: {rate: 1/m, bucket_size: 2}}}";
  const ran = () => received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));

  beforeEach(async () => {
    for (const [file, sql] of filesOf("third")) {
      await runInDurableObject(objectOf(file), async (_, { storage }) => {
        await storage.deleteAll();
        storage.sql.exec(sql);
      });
    }
    clock.now = Date.UTC(2050, 0, 1, 0, 17, 11);
    await deployQueues(`- ${KEYED}`, `- ${SLOW}`);
  });

  it("have the levels of keys, limits that were set, and lines", async () => {
    expect(await queue("unlimited").key("b")).toMatchObject({
      limits: { weight: 3, rate: "2/s" },
      scheduled: 1,
    });
    expect(await queue("unlimited").list()).toMatchObject({
      tasks: [
        { name: "a2", key: "a", state: "due" },
        { name: "a3" },
        { name: "b0", key: "b", priority: 1 },
        { name: "urgent", priority: 0 },
        { name: "plain" },
      ],
    });
    // Both tokens of the key were spent at 00:17:00.
    await pass("unlimited", 48);
    expect(ran()).toEqual([]);
    await pass("unlimited", 2);
    expect(ran()).toEqual(["a2"]);
    await pass("unlimited", 3600);
    expect(ran().slice(0, 2)).toEqual(["a2", "a3"]);
    expect(ran().slice(2).sort()).toEqual(["b0", "plain", "urgent"]);
  });

  it("have what expires, has expired, waits behind another and stands for a window", async () => {
    const slow = queue("slow-retry");
    expect(await slow.get("late")).toMatchObject({ state: "expired" });
    expect((await slow.list({ state: "expired" })).tasks).toHaveLength(1);
    expect((await slow.tombstones()).tombstones).toEqual([]);
    expect(await slow.get("burst")).toMatchObject({ next: { eta: "2050-01-01T00:17:12.000Z" } });
    expect(await slow.get("goes")).toMatchObject({
      why: expect.stringContaining("it expires at 2050-01-01T00:32:11.000Z"),
    });
    const again = await slow.add({ name: "once", payload: "more", throttle: { seconds: 1200 } });
    expect(again).toMatchObject({ outcome: "throttled" });
    const debounce = { seconds: 900, max: 1800 };
    const waits = await slow.add({ name: "waits", payload: "last", debounce });
    expect(waits).toMatchObject({ outcome: "debounced" });
    await slow.pause();
    await passEvicting(["slow-retry"], 200);
    expect(await slow.get("expiring")).toMatchObject({ state: "expired" });
    expect((await slow.describe()).statistics).toMatchObject({ expired: 2 });
    expect(await slow.redrive("all")).toEqual({ redriven: 2 });
    await slow.resume();
    await pass("slow-retry", 3600);
    expect(received.map(({ body }) => body).sort()).toEqual(
      ["", "", "", "first", "last", "second", "throttled"].sort(),
    );
    expect(await slow.get("burst")).toMatchObject({ state: "done" });
  });
});

it.each(["members", "parts"])(
  "a group that is made while the first version's %s are taken over is the one that counts",
  async (table) => {
    await storeRowsOf("first");
    const original = TaskQueueObject.prototype.formerRows;
    const made = { name: "half", tasks: [{ queue: "push", countdown: 9000 }] };
    const statuses: number[] = [];
    const spy = vi.spyOn(TaskQueueObject.prototype, "formerRows");
    onTestFinished(() => spy.mockRestore());
    spy.mockImplementation(async function (this: TaskQueueObject, of, after) {
      if (of === table) statuses.push((await call("POST", "/groups", made))[0]);
      return original.call(this, of, after);
    });
    await get("/groups/half");
    expect(statuses).toEqual([201]);
    expect(await get("/groups/half")).toMatchObject({ state: "running", total: 1, done: 0 });
    expect(await get("/groups/half/results")).toEqual({ results: [] });
  },
);
