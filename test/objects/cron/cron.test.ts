// Recurring tasks: each due time's task is added once, whatever ends or fails when.
import {
  createExecutionContext,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createTaskQueues } from "../../../src/index.ts";
import type { QueueRpc } from "../../../src/objects/rpc.ts";
import { clock, START } from "../../support/clock.ts";
import { cron, deploy, passAll, ran } from "../../support/cron.ts";
import { passEvicting } from "../../support/evictions.ts";
import { type Fault, inject } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import queueYaml from "../../support/queue.yaml";
import { alarmOf, CRON, crash, freshStart, objectOf, queue } from "../../support/time.ts";
import { deployed, handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const HOUR = 3_600_000;
const at = (ms: number) => new Date(ms).toISOString();

/** A cron.yaml of one entry, "tally". */
function tally(schedule: string, ...lines: string[]): string {
  return [
    "cron:",
    "- url: /tally",
    `  schedule: ${schedule}`,
    ...lines.map((it) => `  ${it}`),
  ].join("\n");
}

const HOURLY = tally("every 1 hours");
/** The name of the task of the hour so many after the start. */
const hour = (n: number) =>
  `cron-tally-${at(START + n * HOUR)
    .slice(0, 19)
    .replaceAll(":", "-")}Z`;

describe("an entry", () => {
  it("adds a named task for each due time, and it arrives as App Engine's does", async () => {
    await deploy(HOURLY);
    await passAll(2.5 * 3600);
    expect(ran()).toEqual([hour(1), hour(2)]);
    const [first] = received;
    expect(first).toMatchObject({ method: "GET", body: "" });
    expect(first?.url.pathname).toBe("/tally");
    expect(Object.fromEntries(first?.headers ?? [])).toMatchObject({
      "x-appengine-cron": "true",
      "x-appengine-queuename": "default",
      "x-appengine-taskretrycount": "0",
    });
    expect(await queue("default").get(hour(1))).toMatchObject({ state: "done" });
  });

  it("says of its task which entry it is of", async () => {
    await deploy(tally("every 1 hours", "extensions: {queue: stopped}"));
    await passAll(3600, "stopped");
    const { tasks } = await queue("stopped").list();
    expect(tasks).toMatchObject([{ name: hour(1), cron: "tally", method: "GET", url: "/tally" }]);
  });

  it("is called where its target says", async () => {
    await deploy(tally("every 1 hours", "target: v9.backend"));
    await passAll(3600);
    expect(received).toEqual([]);
    expect(await queue("default").get(hour(1))).toMatchObject({ state: "done" });
  });

  it("is not tried again, unless it has retry parameters", async () => {
    handlers.set("/tally", () => new Response(null, { status: 500 }));
    await deploy(HOURLY);
    await passAll(3700);
    expect(ran()).toHaveLength(1);
    expect(await queue("default").get(hour(1))).toMatchObject({ state: "failed" });
    const retry = "retry_parameters: {job_retry_limit: 2, min_backoff_seconds: 1}";
    await deploy(tally("every 1 hours", retry));
    await passAll(3700);
    expect(ran()).toEqual([hour(1), hour(2), hour(2), hour(2)]);
  });

  it("with a query in its url gets it", async () => {
    await deploy("cron: [{url: '/tally?full=1', schedule: every 1 hours}]");
    await passAll(3600);
    expect(received[0]?.url.search).toBe("?full=1");
  });

  it("beside others of other queues and schedules", async () => {
    await deploy(`cron:
- {url: /a, schedule: every 1 hours}
- {url: /b, schedule: every 30 mins, extensions: {queue: push}}
- {url: /c, schedule: "0 0 1 1 *", timezone: Australia/Lord_Howe}
`);
    expect((await cron().list()).map(({ name, nextRun }) => [name, nextRun])).toEqual([
      ["a", "2050-01-01T01:00:00.000Z"],
      ["b", "2050-01-01T00:30:00.000Z"],
      ["c", "2050-12-31T13:00:00.000Z"],
    ]);
    await passAll(3600);
    await passAll(0, "push");
    expect(received.map(({ url }) => url.pathname).sort()).toEqual(["/a", "/b", "/b"]);
  });
});

describe("what was missed", () => {
  /** One is added in time; four are missed, and the one after them is caught up. */
  async function missFour(): Promise<void> {
    await deploy(HOURLY);
    await passAll(1.5 * 3600);
    clock.now += 5 * HOUR;
    await crash();
    await cron().wake();
    await passAll(0);
  }

  it("is caught up once, by the last of the due times", async () => {
    await missFour();
    expect(ran()).toEqual([hour(1), hour(6)]);
    await passAll(3600);
    expect(ran()).toEqual([hour(1), hour(6), hour(7)]);
  });

  it("is counted, over restarts and runs by hand", async () => {
    await missFour();
    expect(await cron().list()).toMatchObject([{ added: 2, missed: 4 }]);
    await cron().run("tally");
    await crash();
    expect(await cron().list()).toMatchObject([{ added: 2, missed: 4, lastRun: {} }]);
  });

  it("is counted from now on where a version before counted nothing", async () => {
    await deploy(HOURLY);
    await passAll(1.5 * 3600);
    await runInDurableObject(objectOf(CRON), (_, { storage }) => {
      const last = { task: "t", queue: "default", addedAt: START };
      storage.sql.exec("UPDATE schedules SET last = ?", JSON.stringify(last));
    });
    expect(await cron().list()).toMatchObject([{ added: 0, missed: 0, lastRun: { task: "t" } }]);
    await passAll(3600);
    expect(await cron().list()).toMatchObject([{ added: 1, missed: 0 }]);
  });

  it("is caught up though an alarm was lost", async () => {
    await deploy(HOURLY);
    await runInDurableObject(objectOf(CRON), (_, state) => state.storage.deleteAlarm());
    clock.now += 1.5 * HOUR;
    await crash();
    await cron().wake();
    await passAll(0);
    expect(ran()).toEqual([hour(1)]);
  });
});

describe("a deploy", () => {
  it("starts a new entry with the first due time after it", async () => {
    clock.now += 30 * 60_000;
    await deploy(HOURLY);
    await passAll(0);
    expect(ran()).toEqual([]);
    await passAll(1800);
    expect(ran()).toEqual([hour(1)]);
  });

  it("of the same file misses nothing and repeats nothing", async () => {
    await deploy(HOURLY);
    for (let i = 0; i < 6; i++) {
      await passAll(1800);
      await deploy(HOURLY);
    }
    await passAll(0);
    expect(ran()).toEqual([hour(1), hour(2), hour(3)]);
  });

  it("that changes a schedule or its zone counts from then on", async () => {
    await deploy(tally("every day 01:00"));
    clock.now += 2 * HOUR;
    await deploy(tally("every day 04:00"));
    await passAll(HOUR / 1000);
    expect(ran()).toEqual([]);
    expect(await cron().list()).toMatchObject([{ nextRun: at(START + 4 * HOUR) }]);
    await deploy(tally("every day 04:00", "timezone: Asia/Tokyo"));
    expect(await cron().list()).toMatchObject([{ nextRun: at(START + 19 * HOUR) }]);
  });

  it("that takes an entry out ends it; put back, it begins anew", async () => {
    await deploy(HOURLY);
    await cron().pause("tally");
    await deploy("cron:");
    await passAll(3 * 3600);
    expect(await cron().list()).toEqual([]);
    expect(await alarmOf(CRON)).toBe(null);
    await deploy(HOURLY);
    expect(await cron().list()).toMatchObject([
      { state: "running", nextRun: at(START + 4 * HOUR) },
    ]);
    await passAll(3600);
    expect(ran()).toEqual([hour(4)]);
  });
});

describe("paused", () => {
  it("an entry adds nothing, over restarts; what came due is not caught up", async () => {
    await deploy(HOURLY);
    expect(await cron().pause("tally")).toMatchObject({ state: "paused" });
    await passAll(1.5 * 3600);
    await deploy(HOURLY);
    await passAll(3600);
    const [paused] = await cron().list();
    expect(paused).toMatchObject({ state: "paused" });
    expect(paused).not.toHaveProperty("nextRun");
    expect(await cron().resume("tally")).toMatchObject({
      state: "running",
      nextRun: at(START + 3 * HOUR),
    });
    await passAll(0);
    expect(ran()).toEqual([]);
    await passAll(1800);
    expect(ran()).toEqual([hour(3)]);
  });

  it("resumed without a pause nothing is passed over", async () => {
    await deploy(HOURLY);
    clock.now += 1.2 * HOUR;
    await cron().resume("tally");
    await passAll(0);
    expect(ran()).toEqual([hour(1)]);
  });
});

describe("run now", () => {
  it("adds a task of its own each time, also while paused, and leaves the schedule as it is", async () => {
    await deploy(HOURLY);
    await cron().pause("tally");
    clock.now += 60_000;
    const [one, two] = [await cron().run("tally"), await cron().run("tally")];
    expect(one).toMatchObject({ state: "due", name: "cron-tally-run-2050-01-01T00-01-00Z" });
    expect(two.name).toBe("cron-tally-run-2050-01-01T00-01-00-001Z");
    await passAll(0);
    expect(ran().sort()).toEqual([one.name, two.name].sort());
    expect(received[0]?.headers.get("X-AppEngine-Cron")).toBe("true");
    expect(await cron().list()).toMatchObject([
      { state: "paused", lastRun: { task: two.name, queue: "default", addedAt: at(clock.now) } },
    ]);
    await cron().resume("tally");
    expect(await cron().list()).toMatchObject([{ nextRun: at(START + HOUR) }]);
  });

  it("of an entry that is not there is refused", async () => {
    await deploy(HOURLY);
    for (const act of ["run", "pause", "resume"] as const) {
      await expect(cron()[act]("other")).rejects.toMatchObject({
        name: "UnknownCronError",
        code: "UNKNOWN_CRON",
        message: 'cron: there is no entry "other"; cron.yaml has tally',
      });
    }
  });
});

it("is listed with its next and its last run", async () => {
  await deploy(tally("every day 01:00", "description: Count it all", "timezone: Europe/Berlin"));
  const [before] = await cron().list();
  expect(before).toEqual({
    name: "count-it-all",
    description: "Count it all",
    url: "/tally",
    schedule: "every day 01:00",
    timezone: "Europe/Berlin",
    queue: "default",
    retry: { limit: 0 },
    ...{ added: 0, missed: 0 },
    state: "running",
    nextRun: "2050-01-02T00:00:00.000Z",
  });
  await passAll(24 * 3600);
  const task = "cron-count-it-all-2050-01-02T00-00-00Z";
  const addedAt = "2050-01-02T00:00:00.000Z";
  expect(await cron().list()).toMatchObject([
    {
      nextRun: "2050-01-03T00:00:00.000Z",
      lastRun: { task, queue: "default", addedAt, dueAt: addedAt },
    },
  ]);
});

describe("a due time's task is added once", () => {
  it("though another has added it already, and it has run", async () => {
    await deploy(HOURLY);
    const task = { name: hour(1), url: "/tally", method: "GET" as const };
    await (objectOf("default") as unknown as QueueRpc).addCronTasks([{ entry: "tally", task }]);
    await passAll(1.5 * 3600);
    expect(ran()).toEqual([hour(1)]);
    expect(await cron().list()).toMatchObject([
      { nextRun: at(START + 2 * HOUR), lastRun: { task: hour(1) } },
    ]);
  });

  it("though its queue did not take it at first", async () => {
    await deploy(HOURLY);
    await inject("default", { at: 1, kind: "throw" });
    await passAll(3600);
    expect(ran()).toEqual([]);
    await passAll(10);
    expect(ran()).toEqual([hour(1)]);
  });

  async function survive(object: string, fault: Fault): Promise<boolean> {
    await deploy(tally("every 1 minutes"));
    await passAll(60);
    const { hit } = await inject(object, fault);
    await passAll(60).catch(() => {});
    await passAll(20).catch(() => {});
    if (fault.kind === "kill") await crash();
    await cron().wake();
    await passAll(20);
    await passAll(60);
    return hit();
  }

  // Steps of the scheduler's turn, and of the add in the queue's object and the attempt that follows.
  it.each([
    [CRON, "throw", 12],
    [CRON, "kill", 12],
    ["default", "throw", 16],
    ["default", "kill", 16],
  ] as const)(
    "whatever step of %s fails (%s)",
    async (object, kind, steps) => {
      let reached = 0;
      for (let step = kind === "throw" ? 1 : 2; step <= steps; step += STRIDE) {
        await freshStart();
        if (await survive(object, { at: step, kind })) reached++;
        const { tasks } = await queue("default").list();
        const { tombstones } = await queue("default").tombstones();
        const names = [...tasks, ...tombstones].map(({ name }) => name);
        const due = [1, 2, 3].map((n) => `cron-tally-2050-01-01T00-0${n}-00Z`);
        expect({ step, names: names.sort() }).toEqual({ step, names: due });
        // Where the queue's own object lives on, each has run once.
        if (object === CRON) expect({ step, ran: ran().sort() }).toEqual({ step, ran: due });
      }
      expect(reached * STRIDE).toBeGreaterThan(4);
    },
    120_000,
  );
});

describe("it starts by itself", () => {
  const queues = () => createTaskQueues({ config: queueYaml, cron: HOURLY });

  beforeEach(async () => {
    await deploy(HOURLY);
    const { cron: entries } = deployed;
    await freshStart();
    deployed.cron = entries;
  });

  it("with the cron trigger of each minute", async () => {
    await queues().scheduled(env);
    expect(await alarmOf(CRON)).toBe(START + HOUR);
  });

  it("with the first request", async () => {
    const ctx = createExecutionContext();
    const served = queues().serve({ fetch: () => new Response("hello") });
    await served.fetch(new Request("http://a/"), env, ctx);
    await waitOnExecutionContext(ctx);
    expect(await alarmOf(CRON)).toBe(START + HOUR);
  });

  it("and a bad cron.yaml keeps the Worker from starting", () => {
    const cronYaml = "cron:\n- url: /a\n  schedule: soon\n";
    expect(() => createTaskQueues({ config: queueYaml, cron: cronYaml })).toThrow(
      'cron.yaml:3:13: cron "a": schedule: found "soon", expected',
    );
  });
});

it("adds each due time's task once though both objects are evicted between any two events", async () => {
  await deploy(HOURLY);
  await passEvicting([CRON, "default"], 5 * 3600 + 60);
  expect(ran()).toEqual([1, 2, 3, 4, 5].map(hour));
  await cron().pause("tally");
  await passEvicting([CRON, "default"], 2 * 3600);
  await cron().resume("tally");
  await passEvicting([CRON, "default"], 3600);
  expect(ran()).toEqual([1, 2, 3, 4, 5, 8].map(hour));
});
