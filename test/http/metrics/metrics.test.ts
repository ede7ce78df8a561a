// Metrics at the front door: what they say of queues, at which times, and what a scrape costs.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import type { Costs } from "../../../src/core/metrics/costs.ts";
import { clock } from "../../support/clock.ts";
import { deploy } from "../../support/cron.ts";
import { samplesOf, seriesValue, violations } from "../../support/exposition.ts";
import { call } from "../../support/http.ts";
import {
  crash,
  DIRECTORY,
  evict,
  fireAlarms,
  freshStart,
  groupObject,
  objectOf,
  ownAlarm,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { work as together } from "../../support/together.ts";
import { deployed, handlers, queueFile } from "../../support/worker.ts";
import { countWritten, nothingWritten } from "../../support/written.ts";

const NAMES = ["default", "unlimited", "push", "pull", "one-retry", "stopped", "four-shards"];

beforeEach(async () => {
  await freshStart();
  deployed.queues = {
    ...queueFile,
    queues: new Map([...queueFile.queues].filter(([name]) => NAMES.includes(name))),
  };
  await crash();
});

afterEach(() => vi.restoreAllMocks());

const own = (exports as unknown as { default: Fetcher }).default;
const MINUTES = 60_000;

async function scrape(accept = "text/plain"): Promise<string> {
  const headers = { Accept: accept };
  const response = await own.fetch("http://127.0.0.1:8787/_ah/metrics", { headers });
  expect(response.status).toBe(200);
  return response.text();
}

/** The value of one series in a scrape now. */
async function value(name: string, labels: Record<string, string> = {}): Promise<number> {
  return seriesValue(await scrape(), name, labels);
}

const done = (name: string) => value("taskqueue_tasks_done_total", { queue: name });

async function work(name: string, n: number): Promise<void> {
  await queue(name).add(Array.from({ length: n }, () => ({})));
  await pass(name, 1);
}

/** How many rows the objects write from now on, as their cursors count them. */
async function rowsOf(names: readonly string[]): Promise<() => number> {
  const written = nothingWritten();
  for (const name of names) await countWritten(name, written);
  return () => written.rows;
}

const UNLIMITED = ["unlimited", ...["one", "two", "three"].map(groupObject)];
const NOTHING = {
  ...{ added: 0, done: 0, failed: 0, deleted: 0 },
  groups: { done: 0, failed: 0, cancelled: 0 },
};

/** What a scrape says of a queue's groups. */
async function ofGroups(name: string): Promise<typeof NOTHING> {
  const text = await scrape();
  const of = (series: string, more: object = {}) =>
    seriesValue(text, `taskqueue_${series}_total`, { queue: name, ...more });
  const ended = (outcome: string) => of("group_subtasks_ended", { outcome });
  const groups = (outcome: string) => of("groups_ended", { outcome });
  return {
    added: of("group_subtasks_added"),
    ...{ done: ended("done"), failed: ended("failed"), deleted: ended("deleted") },
    groups: { done: groups("done"), failed: groups("failed"), cancelled: groups("cancelled") },
  };
}

/** Whether the groups "one", "two" and "three" are in these states. */
async function areGroups(states: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    ["one", "two", "three"].map(async (name) => (await call("GET", `/groups/${name}`))[1].state),
  );
  return found.join() === states.join();
}

/** Until groups have told their queues how they ended: those that are over wake in a week, to be forgotten. */
async function untilTold(): Promise<void> {
  await together(
    UNLIMITED,
    async () => {
      const alarms = await Promise.all(UNLIMITED.slice(1).map((name) => ownAlarm(name)));
      return alarms.every((at) => (at ?? 0) > clock.now + 86_400_000);
    },
    60,
  );
}

const undo: (() => void)[] = [];

afterEach(() => {
  for (const restore of undo.splice(0)) restore();
});

/** Does something each time a queue is asked how it is. */
async function onPulse(act: (name: string) => unknown): Promise<void> {
  await runInDurableObject(objectOf("unlimited"), (instance) => {
    const methods = Object.getPrototypeOf(instance);
    const original = methods.pulse;
    methods.pulse = async function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
      await act(this.ctx.id.name ?? "");
      return original.apply(this, args);
    };
    undo.push(() => delete methods.pulse);
  });
}

describe("what is said", () => {
  it.each(["text/plain", "application/openmetrics-text"])(
    "is in the grammar: %s",
    async (accept) => {
      await work("unlimited", 30);
      await queue("stopped").add([{}, {}]);
      expect(violations(await scrape(accept), accept)).toEqual([]);
    },
  );

  it("is of every queue", async () => {
    await work("unlimited", 30);
    handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: 500 }));
    await queue("one-retry").add({ retry: { limit: 0 } });
    await pass("one-retry", 1);
    await queue("stopped").add([{}, {}, { countdown: 3600 }]);
    await queue("pull").add([{ payload: "" }, { payload: "" }]);
    await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    await queue("push").pause();
    clock.now += 5000;
    const text = await scrape();
    const of = (name: string, labels: Record<string, string>) =>
      seriesValue(text, `taskqueue_${name}`, labels);
    const rows = NAMES.map((name) => of("up", { queue: name }));
    expect(rows).toEqual(NAMES.map(() => 1));
    expect(seriesValue(text, "taskqueue_queues")).toBe(NAMES.length);
    expect(seriesValue(text, "taskqueue_scrape_errors")).toBe(0);
    const unlimited = { queue: "unlimited" };
    for (const step of ["added", "started", "done"])
      expect([step, of(`tasks_${step}_total`, unlimited)]).toEqual([step, 30]);
    expect(of("run_time_seconds_count", unlimited)).toBe(30);
    expect(of("lateness_seconds_bucket", { ...unlimited, le: "+Inf" })).toBe(30);
    expect(of("rate_limit", unlimited)).toBe(Number.POSITIVE_INFINITY);
    const failed = { queue: "one-retry" };
    expect(of("tasks_failed_total", failed)).toBe(1);
    expect(of("tasks", { ...failed, state: "failed" })).toBe(1);
    const stopped = { queue: "stopped" };
    expect(of("tasks", { ...stopped, state: "due" })).toBe(2);
    expect(of("tasks", { ...stopped, state: "scheduled" })).toBe(1);
    expect(of("backlog_tasks", stopped)).toBe(3);
    expect(of("paused", stopped)).toBe(1);
    expect(of("oldest_due_age_seconds", stopped)).toBeGreaterThanOrEqual(5);
    expect(of("leases", { queue: "pull" })).toBe(1);
    expect(of("in_flight", { queue: "pull" })).toBe(1);
    expect(of("paused", { queue: "push" })).toBe(1);
    expect(of("tokens", { queue: "push" })).toBe(of("bucket_size", { queue: "push" }));
    expect(of("slots", { queue: "push" })).toBeGreaterThan(0);
    expect(of("shards", { queue: "four-shards" })).toBe(4);
  });

  it("is of recurring tasks", async () => {
    await deploy("cron: [{ url: /nightly, schedule: every 5 minutes }]");
    const entry = { entry: "nightly" };
    const text = await scrape();
    expect(seriesValue(text, "taskqueue_cron_paused", entry)).toBe(0);
    expect(seriesValue(text, "taskqueue_cron_overdue_seconds", entry)).toBe(0);
    const next = seriesValue(text, "taskqueue_cron_next_run_timestamp_seconds", entry);
    expect(next * 1000).toBeGreaterThan(clock.now);
    expect(seriesValue(text, "taskqueue_cron_added_total", entry)).toBe(0);
    expect(seriesValue(text, "taskqueue_cron_missed_total", entry)).toBe(0);
  });

  it("is of the groups that a queue has tasks of", async () => {
    const [status] = await call("POST", "/groups", {
      name: "few",
      tasks: [{ queue: "stopped" }, { queue: "stopped" }],
    });
    expect(status).toBe(201);
    await fireAlarms([groupObject("few")], clock.now + 1000, "stopped");
    expect(await value("taskqueue_groups", { queue: "stopped" })).toBe(1);
  });

  it("is of what became of groups and their subtasks, through a kill", async () => {
    handlers.set("/fails", () => new Response("no", { status: 500 }));
    const to = (url: string, countdown = 0) => ({
      ...{ queue: "unlimited", url, countdown, retry: { limit: 0 } },
    });
    const make = (name: string, ...tasks: object[]) => call("POST", "/groups", { name, tasks });
    const areSaid = async (expected: object) => {
      clock.now += 11_000;
      await scrape();
      expect(await ofGroups("unlimited")).toEqual(expected);
    };
    await areSaid(NOTHING);
    await make("one", to("/x"), to("/x"), to("/x"));
    await make("two", to("/x"), to("/fails"));
    await make("three", to("/x", 99), to("/x", 99));
    await together(UNLIMITED, () => areGroups(["done", "failed", "running"]));
    await together(
      UNLIMITED,
      async () => (await queue("unlimited").describe()).statistics.tasks === 2,
      5,
    );
    await call("POST", "/groups/three:cancel");
    await together(UNLIMITED, () => areGroups(["done", "failed", "cancelled"]));
    await untilTold();
    const ended = { added: 7, done: 4, failed: 1, deleted: 2 };
    await areSaid({ ...ended, groups: { done: 1, failed: 1, cancelled: 1 } });
    await crash();
    await areSaid({ ...ended, groups: { done: 1, failed: 1, cancelled: 1 } });
    // What is redriven is added again, and its group may be done yet.
    handlers.delete("/fails");
    await call("POST", "/queues/unlimited/tasks:redrive", { all: true });
    await together(UNLIMITED, () => areGroups(["done", "done", "cancelled"]));
    await untilTold();
    await areSaid({
      added: 8,
      done: 5,
      failed: 1,
      deleted: 2,
      groups: { done: 2, failed: 1, cancelled: 1 },
    });
  });

  it("leaves out what a queue that does not answer would say, and nothing else", async () => {
    await work("unlimited", 30);
    vi.spyOn(console, "error").mockImplementation(() => {});
    await onPulse((name) => {
      if (name === "push") throw new Error("on purpose");
    });
    const text = await scrape();
    expect(seriesValue(text, "taskqueue_up", { queue: "push" })).toBe(0);
    expect(seriesValue(text, "taskqueue_scrape_errors")).toBe(1);
    expect(text).not.toContain('taskqueue_paused{queue="push"}');
    expect(seriesValue(text, "taskqueue_tasks_done_total", { queue: "unlimited" })).toBe(30);
  });
});

describe("totals", () => {
  it("are true in the first scrape, whatever happened before", async () => {
    await work("unlimited", 3);
    expect(await done("unlimited")).toBe(3);
  });

  it.each([
    ["an eviction", () => evict("unlimited")],
    ["a kill", crash],
  ])("survive %s, and never go back", async (_, end) => {
    await work("unlimited", 3);
    const seen = [await done("unlimited")];
    for (let i = 0; i < 4; i++) {
      await work("unlimited", 2);
      if (end !== crash || i % 2 === 0) clock.now += 11_000;
      seen.push(await done("unlimited"));
      await end();
      seen.push(await done("unlimited"));
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it("come up to what is true within ten seconds at rest", async () => {
    await work("unlimited", 3);
    await done("unlimited");
    await work("unlimited", 4);
    clock.now += 10_000;
    expect(await done("unlimited")).toBe(7);
  });

  it("are kept by an object that starts between two scrapes", async () => {
    // So many that of several shards each has some: only then it remembers that it is scraped, and keeps what it counted.
    const many = 60;
    await work("unlimited", many);
    await done("unlimited");
    await evict("unlimited");
    clock.now += 15_000;
    await work("unlimited", 2);
    clock.now += 15_000;
    // They are written behind a commit, of each shard.
    await work("unlimited", many);
    await crash();
    expect(await done("unlimited")).toBeGreaterThanOrEqual(many + 2);
  });

  it("of a queue of several shards are sums", async () => {
    await work("four-shards", 40);
    expect(await done("four-shards")).toBe(40);
  });

  it("begin anew with a queue that was removed", async () => {
    const entry = { name: "made", extensions: { rate: "none" } };
    await call("PUT", "/queues/made", entry);
    await work("made", 5);
    expect(await done("made")).toBe(5);
    await queue("made").remove();
    expect(await scrape()).not.toContain('queue="made"');
    await call("PUT", "/queues/made", entry);
    await work("made", 2);
    clock.now += 11_000;
    expect(await done("made")).toBe(2);
  });
});

describe("a scrape", () => {
  it("leaves nothing on a queue where nothing ever happened, which is not asked again", async () => {
    await scrape();
    const tables = await runInDurableObject(objectOf("unlimited"), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
    );
    expect(tables.filter((it) => !String(it.name).startsWith("_cf"))).toEqual([]);
    await crash();
    const asked: string[] = [];
    await onPulse((name) => asked.push(name));
    await scrape();
    expect(asked).toEqual([]);
  });

  it("writes no row of a queue on which nothing happens", async () => {
    await work("unlimited", 30);
    await scrape();
    clock.now += 2 * MINUTES;
    await scrape();
    const rows = await rowsOf([DIRECTORY, "unlimited"]);
    for (let i = 0; i < 20; i++) {
      clock.now += 15_000;
      await scrape();
    }
    expect(rows()).toBe(0);
  });

  it("writes one for ten seconds of a queue at work, however often it comes", async () => {
    await work("unlimited", 30);
    await scrape();
    const rows = await rowsOf(["unlimited"]);
    const TASKS = 40;
    for (let i = 0; i < TASKS; i++) {
      await work("unlimited", 1);
      await scrape();
    }
    expect(rows()).toBeLessThanOrEqual(2 * TASKS + TASKS / 10 + 1);
  });

  it("asks no queue at rest", async () => {
    await work("unlimited", 30);
    await scrape();
    clock.now += 2 * MINUTES;
    await scrape();
    const asked: string[] = [];
    await onPulse((name) => asked.push(name));
    expect(await done("unlimited")).toBe(30);
    expect(asked).toEqual([]);
  });

  it("shares its round with others that come meanwhile", async () => {
    await work("unlimited", 30);
    let asked = 0;
    await onPulse(async (name) => {
      if (name === "unlimited") asked++;
      await scheduler.wait(200);
    });
    await Promise.all(Array.from({ length: 10 }, () => scrape()));
    expect(asked).toBeLessThanOrEqual(2);
  });
});

it("has hundreds of queues in one scrape, and no more of them asked at a time than fifty", async () => {
  const many = Array.from({ length: 300 }, (_, i) => `many-${i}`);
  const entry = queueFile.queues.get("unlimited") as QueueConfig;
  const queues = new Map(many.map((name) => [name, { ...entry, name }]));
  deployed.queues = { ...queueFile, queues: new Map([...deployed.queues.queues, ...queues]) };
  await crash();
  vi.spyOn(console, "error").mockImplementation(() => {});
  let [asked, most, calls] = [0, 0, 0];
  await onPulse(async () => {
    calls++;
    most = Math.max(most, ++asked);
    await scheduler.wait(1);
    asked--;
  });
  let text = "";
  // On a busy machine some need longer than a scrape waits; those that answered are not asked again.
  await until(async () => {
    text = await scrape();
    return seriesValue(text, "taskqueue_scrape_errors") === 0;
  });
  expect(violations(text, "text/plain")).toEqual([]);
  expect(seriesValue(text, "taskqueue_queues")).toBe(300 + NAMES.length);
  const all = samplesOf(text).filter(({ name }) => name === "taskqueue_up");
  expect(all.map(({ value: up }) => up)).toEqual(Array(300 + NAMES.length).fill(1));
  expect(most).toBeLessThanOrEqual(50);
  calls = 0;
  expect(seriesValue(await scrape(), "taskqueue_queues")).toBe(300 + NAMES.length);
  expect(calls).toBe(0);
}, 90_000);

describe("the meter", () => {
  it("has the rows that the storage counts", async () => {
    await queue("unlimited").add({});
    await pass("unlimited", 1);
    await scrape();
    const before = await value("taskqueue_rows_written_total", { queue: "unlimited" });
    const rows = await rowsOf(["unlimited"]);
    for (let i = 0; i < 5; i++) await work("unlimited", 20);
    clock.now += 11_000;
    await scrape();
    clock.now += 11_000;
    await work("unlimited", 1);
    clock.now += 11_000;
    const after = await value("taskqueue_rows_written_total", { queue: "unlimited" });
    expect(after).toBeGreaterThan(before + 100);
    // The row it is written with comes later.
    expect(rows() - (after - before)).toBeGreaterThanOrEqual(0);
    expect(rows() - (after - before)).toBeLessThanOrEqual(4);
  });

  it("is of the moment in costs, for which no queue writes anything", async () => {
    await work("unlimited", 5);
    const rows = await rowsOf(["unlimited"]);
    const written = async () => {
      const [, body] = await call("GET", "/costs");
      const { queues } = body as unknown as Costs;
      return queues.find(({ name }) => name === "unlimited")?.rowsWritten ?? 0;
    };
    const before = await written();
    for (let i = 0; i < 20; i++) {
      clock.now += 15_000;
      await written();
    }
    expect(rows()).toBe(0);
    await work("unlimited", 3);
    expect((await written()) - before).toBe(rows());
  });

  it("is what costs are of", async () => {
    await work("unlimited", 50);
    await work("four-shards", 50);
    clock.now += 60_000;
    const [status, body] = await call("GET", "/costs");
    expect(status).toBe(200);
    const costs = body as unknown as Costs;
    expect(costs.queues.map(({ name }) => name)).toEqual(NAMES.toSorted());
    const of = (name: string) => costs.queues.find((it) => it.name === name);
    expect(of("unlimited")?.rowsWritten).toBeGreaterThanOrEqual(100);
    expect(of("unlimited")?.requests).toBeGreaterThanOrEqual(2);
    expect(of("unlimited")?.dollars).toBeGreaterThanOrEqual(100e-6);
    const ofDirectory = costs.directory?.rowsWritten ?? 0;
    expect(costs.total.rowsWritten).toBe(
      costs.queues.reduce((sum, { rowsWritten }) => sum + rowsWritten, ofDirectory),
    );
    expect(of("four-shards")?.rowsWritten).toBeGreaterThanOrEqual(100);
  });
});
