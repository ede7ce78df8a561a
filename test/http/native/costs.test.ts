// What other objects use for a queue is in its costs, held against what the platform counts: groups, the scheduler, limits
// that are shared, and those that send to other servers.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import type { Costs } from "../../../src/core/metrics/costs.ts";
import type { MeterCounts } from "../../../src/core/metrics/meter.ts";
import { limitObject } from "../../../src/core/sharding/limit.ts";
import { BOX } from "../../support/box.ts";
import { clock } from "../../support/clock.ts";
import { cron, deploy, passAll } from "../../support/cron.ts";
import { call } from "../../support/http.ts";
import {
  CRON,
  crash,
  DIRECTORY,
  evict,
  fireAlarms,
  freshStart,
  groupObject,
  objectsOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { deployed, group, handlers } from "../../support/worker.ts";
import { countWritten, nothingWritten, type Written } from "../../support/written.ts";

const own = (exports as unknown as { default: Fetcher }).default;
const DAY_MS = 86_400_000;
const many = (n: number) => Array.from({ length: n }, () => ({}));

beforeEach(freshStart);

afterEach(() => {
  delete (env as { TASKQUEUE_ALLOW_HOSTS?: string }).TASKQUEUE_ALLOW_HOSTS;
});

async function costs(): Promise<Costs> {
  return (await call("GET", "/costs"))[1] as unknown as Costs;
}

async function of(
  name: string,
): Promise<Omit<MeterCounts, "activeMs"> & { activeSeconds: number }> {
  const found = (await costs()).queues.find((it) => it.name === name);
  return found ?? { rowsWritten: 0, rowsRead: 0, alarmsSet: 0, requests: 0, activeSeconds: 0 };
}

let counted: Written;

beforeEach(() => {
  counted = nothingWritten();
});

/** Counts what these objects write from now on. */
async function count(names: readonly string[]): Promise<void> {
  for (const name of names) await countWritten(name, counted);
}

/** What of that is in the queue's costs, since they were these. */
async function lacking(name: string, before: { rowsWritten: number; alarmsSet: number }) {
  const { rowsWritten, alarmsSet } = await of(name);
  return {
    rows: counted.rows - (rowsWritten - before.rowsWritten),
    alarms: counted.alarms - (alarmsSet - before.alarmsSet),
  };
}

const NOTHING = { rows: 0, alarms: 0 };
const isDone = async (name: string) => (await group(env, name).progress()).state === "done";

describe("a group", () => {
  const G = groupObject("g");

  it.each(["unlimited", "four-shards"])("costs the queue of its subtasks: %s", async (name) => {
    const all = [...objectsOf(name), G];
    await queue(name).add({});
    await pass(name, 1);
    const before = await of(name);
    await count(all);
    await queue(name).group({ name: "g", tasks: many(40), then: { queue: name } });
    await work(all, () => isDone("g"));
    await work(all, async () => (await queue(name).describe()).statistics.tasks === 0);
    await fireAlarms(all, clock.now + 60_000, name);
    // Its end, a week later, is told ahead.
    const early = await lacking(name, before);
    expect(early.rows).toBeLessThan(0);
    clock.now += 8 * DAY_MS;
    await fireAlarms([G], clock.now + 1000, name);
    expect(await lacking(name, before)).toEqual(NOTHING);
    expect((await of(name)).requests - before.requests).toBeGreaterThan(8);
  });

  it("tells the queue of its first step what made it", async () => {
    await queue("unlimited").add({});
    await pass("unlimited", 1);
    const before = await of("unlimited");
    await count([...objectsOf("unlimited"), G]);
    handlers.set("/_ah/queue/unlimited", () => new Response(null, { status: 503 }));
    await queue("unlimited").group({ name: "g", tasks: many(20) });
    await work(
      [...objectsOf("unlimited"), G],
      async () => (await of("unlimited")).rowsWritten > before.rowsWritten + 20,
    );
    // What the group has written since its queue accepted the batch waits for the next word.
    const { rows } = await lacking("unlimited", before);
    expect(rows).toBeGreaterThanOrEqual(0);
    expect(rows).toBeLessThanOrEqual(2 * objectsOf("unlimited").length);
  });
});

describe("the scheduler", () => {
  it("costs the queues of its entries, though it ends after each run", async () => {
    await deploy("cron:\n- { description: often, url: /often, schedule: every 1 minutes }\n");
    await passAll(61);
    const before = await of("default");
    const all = [...objectsOf("default"), CRON];
    await count(all);
    for (let i = 0; i < 3; i++) {
      await passAll(60);
      expect(await lacking("default", before)).toEqual(NOTHING);
      await evict(CRON);
      await count([CRON]);
    }
    expect(counted.alarms).toBeGreaterThanOrEqual(3);
  });

  it("tells what operators did with the next task", async () => {
    await deploy("cron:\n- { description: often, url: /often, schedule: every 1 minutes }\n");
    await passAll(61);
    const before = await of("default");
    await count([...objectsOf("default"), CRON]);
    await cron().pause("often");
    await cron().resume("often");
    await cron().run("often");
    await pass("default", 1);
    expect(await lacking("default", before)).toEqual(NOTHING);
  });
});

it("a limit that is shared costs the queues that draw from it", async () => {
  const STRIPE = limitObject("stripe");
  const entry = (name: string) =>
    `- { name: ${name}, extensions: { rate: none, limits: [stripe] } }\n`;
  deployed.queues = parseQueueYaml(
    `queue:\n${entry("paced")}${entry("push")}extensions: { limits: { stripe: { max_concurrent_requests: 4 } } }\n`,
  );
  await crash();
  const all = ["paced", "push", STRIPE];
  await count(all);
  const before = await Promise.all([of("paced"), of("push")]);
  const rows = async () => {
    const [a, b] = await Promise.all([of("paced"), of("push")]);
    return a.rowsWritten - before[0].rowsWritten + b.rowsWritten - before[1].rowsWritten;
  };
  for (const name of ["paced", "push"]) await queue(name).add(many(30));
  await fireAlarms(all, clock.now + 20_000, "paced");
  const own = counted.rows;
  expect(own).toBeGreaterThan(120);
  // What was written since a queue asked last is told when one asks again.
  expect(own - (await rows())).toBeGreaterThanOrEqual(0);
  expect(own - (await rows())).toBeLessThanOrEqual(3);
});

it("an object that sends to other servers costs the queue", async () => {
  Object.assign(env, { TASKQUEUE_ALLOW_HOSTS: "localhost" });
  await crash();
  await queue("unlimited").add({});
  await pass("unlimited", 1);
  const before = await of("unlimited");
  await queue("unlimited").add(Array.from({ length: 30 }, () => ({ url: `${BOX}/` })));
  await pass("unlimited", 1);
  const after = await of("unlimited");
  expect((await queue("unlimited").describe()).statistics.tasks).toBe(0);
  // The add, a run of the alarm at least, and each attempt.
  expect(after.requests - before.requests).toBeGreaterThanOrEqual(32);
});

/** Reads events; how to leave. */
async function listen(path: string): Promise<() => Promise<void>> {
  const { body, status } = await own.fetch(`http://127.0.0.1:8787/_ah/api/${path}`);
  expect(status).toBe(200);
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  return () => reader.cancel();
}

/** The seconds that are counted of the next minute. */
async function ofAMinute(seconds: () => Promise<number>): Promise<number> {
  const before = await seconds();
  clock.now += 60_000;
  return (await seconds()) - before;
}

describe("a queue is awake as long as somebody", () => {
  const awake = (name: string) => async () => (await of(name)).activeSeconds;
  const lease = (waitSeconds: number) =>
    queue("pull").lease({ leaseSeconds: 60, maxTasks: 1, waitSeconds });

  it("waits for a task", async () => {
    await queue("pull").add({ payload: "" });
    expect(await lease(0)).toHaveLength(1);
    const leased = lease(60);
    await until(async () => (await ofAMinute(awake("pull"))) >= 60);
    await queue("pull").add({ payload: "" });
    expect(await leased).toHaveLength(1);
    expect(await ofAMinute(awake("pull"))).toBe(0);
  });

  it("waits for a result", async () => {
    await queue("results").add({ name: "t", countdown: 7200 });
    const result = queue("results").result("t", { timeout: 60 });
    await until(async () => (await ofAMinute(awake("results"))) >= 60);
    await queue("results").run("t");
    await pass("results", 1);
    await result;
    expect(await ofAMinute(awake("results"))).toBe(0);
  });

  it("follows it", async () => {
    await queue("unlimited").add({});
    await pass("unlimited", 1);
    const leave = await listen("queues/unlimited/events");
    expect(await ofAMinute(awake("unlimited"))).toBeGreaterThanOrEqual(60);
    await leave();
    // That it has gone is heard of with the next word.
    await queue("unlimited").pause();
    await expect.poll(() => ofAMinute(awake("unlimited")), { timeout: 10_000 }).toBe(0);
  });
});

describe("the directory", () => {
  it("is beside the queues, and in all", async () => {
    await queue("unlimited").add({});
    await pass("unlimited", 1);
    const { directory, queues, total } = await costs();
    expect(directory?.requests).toBeGreaterThanOrEqual(1);
    const sum = queues.reduce((n, { requests }) => n + requests, 0);
    expect(total.requests).toBe(sum + (directory?.requests ?? 0));
  });

  it("is awake as long as somebody watches", async () => {
    const awake = async () => (await costs()).directory?.activeSeconds ?? 0;
    const leave = await listen("events");
    expect(await ofAMinute(awake)).toBeGreaterThanOrEqual(60);
    await leave();
    await expect.poll(() => ofAMinute(awake), { timeout: 10_000 }).toBe(0);
  });

  it("keeps what it has counted but for the last of it", async () => {
    const { directory } = await costs();
    const leave = await listen("events");
    clock.now += 100_000;
    await call("GET", "/queues");
    await leave();
    await evict(DIRECTORY);
    const after = (await costs()).directory;
    expect(after?.activeSeconds).toBeGreaterThanOrEqual(100);
    expect(after?.since).toBe(directory?.since);
  });
});
