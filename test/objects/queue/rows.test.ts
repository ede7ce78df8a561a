// What a task costs: rows written are the platform's bill, so they are counted where it counts them, by
// the SQL cursor. Setting the alarm is billed as a row too, and is counted apart.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { LeaseTurn } from "../../../src/client/lease-turn.ts";
import { clock } from "../../support/clock.ts";
import { deploy, passAll } from "../../support/cron.ts";
import { fire, freshStart, objectOf, pass, queue, until } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers, held } from "../../support/worker.ts";
import { countWritten, nothingWritten, type Written } from "../../support/written.ts";

beforeEach(freshStart);

/** Counts, from now on, what the queue's object writes. */
async function meter(name: string): Promise<Written> {
  const written = nothingWritten();
  await countWritten(name, written);
  return written;
}

const TASKS = 60;
/** The history of a queue that has come to rest: one row for twenty that tasks wrote, at most. */
const HISTORY = 1;
const named = (i: number) => ({ name: `n${i}` });

/** What a whole life of many tasks, added in one batch, costs on a queue that is already at work. */
async function costOf(name: string, task: (i: number) => object): Promise<Written> {
  await queue(name).add({ name: "first" });
  await pass(name, 1);
  const cost = await meter(name);
  await queue(name).add(Array.from({ length: TASKS }, (_, i) => task(i)));
  await pass(name, 60);
  expect((await queue(name).describe()).statistics.tasks).toBe(0);
  return cost;
}

it("an unnamed task writes two rows in its life: one to add it, one to finish it", async () => {
  const { rows, alarms } = await costOf("unlimited", () => ({}));
  expect(rows).toBe(2 * TASKS + HISTORY);
  expect(alarms).toBeLessThanOrEqual(3);
});

it("a named task writes four, its tombstone among them", async () => {
  const { rows } = await costOf("unlimited", named);
  expect(rows).toBe(4 * TASKS + HISTORY);
});

it("a new queue pays for its tables once, and not for what its tasks do not need", async () => {
  const cost = await meter("made");
  await queue("made").define({ rate: "5/s" });
  await queue("made").add({ countdown: 60 });
  const first = cost.rows;
  await queue("made").add({ countdown: 60, expires: 90 });
  // Its row, when it expires, and tables for the rules of adds.
  const ruled = cost.rows - first;
  await queue("made").add({ countdown: 60, expires: 90 });
  const next = cost.rows - first - ruled;
  expect([first, ruled, next]).toEqual([37, 2 + 8, 2]);
});

/** What is written beside: the task that wakes the queue, tokens, the table made anew, when the next sweep is due. */
const BESIDE = 2 + 2 + 2 + 2 + 2 * HISTORY;

it("a tombstone's removal costs nothing: the table of names is made anew", async () => {
  const cost = await costOf("brief", named);
  clock.now += 3600_000;
  await queue("brief").add({});
  await pass("brief", 1);
  expect(await namesOf("brief")).toEqual([]);
  expect(cost.rows).toBeLessThanOrEqual(4 * TASKS + BESIDE);
});

it("nor does it where names stay: their rows alone are written again", async () => {
  const cost = await costOf("brief", named);
  await queue("brief").add({ name: "stays", countdown: 86_400 });
  clock.now += 3600_000;
  await queue("brief").add({});
  await pass("brief", 1);
  expect(await namesOf("brief")).toEqual(["stays"]);
  expect(cost.rows).toBeLessThanOrEqual(4 * TASKS + BESIDE + 3);
});

it("nor does it where new names come: they take the rows of those that have expired", async () => {
  await costOf("brief", named);
  clock.now += 3600_000;
  const cost = await costOf("brief", (i) => ({ name: `m${i}` }));
  expect(cost.rows).toBeLessThanOrEqual(4 * TASKS + BESIDE);
});

it("nor does it where tasks come alone: their queue keeps a few rows of names that have expired", async () => {
  await queue("brief").add({ name: "first" });
  await pass("brief", 1);
  const cost = await meter("brief");
  for (let i = 0; i < 30; i++) {
    clock.now += 3600_000;
    await queue("brief").add({ name: `n${i}` });
    await pass("brief", 1);
  }
  // Each has its token and its place in the history, too.
  expect(cost.rows).toBeLessThanOrEqual(30 * (4 + 1 + HISTORY) + 10);
  expect((await namesOf("brief")).length).toBeLessThanOrEqual(20);
});

async function namesOf(name: string): Promise<unknown[]> {
  return await runInDurableObject(objectOf(name), (_, { storage }) =>
    storage.sql
      .exec("SELECT name FROM names ORDER BY name")
      .toArray()
      .map((row) => row.name),
  );
}

describe("a task whose result is kept writes", () => {
  it.each<[string, number, string, (i: number) => object]>([
    ["three", 3, "fine", () => ({})],
    ["four with a name", 4, "fine", named],
    ["one more where the result is large", 4, "x".repeat(5000), () => ({})],
  ])("%s", async (_, rows, answer, task) => {
    handlers.set("/_ah/queue/results", () => new Response(answer));
    const cost = await costOf("results", task);
    expect(cost.rows).toBeLessThanOrEqual(rows * TASKS + BESIDE);
    expect(cost.rows).toBeGreaterThanOrEqual(rows * TASKS);
  });

  it("no more for a small result's removal", async () => {
    handlers.set("/_ah/queue/results", () => new Response("fine"));
    const cost = await costOf("results", () => ({}));
    clock.now += 86_400_000;
    await queue("results").add({});
    await pass("results", 1);
    expect(await namesOf("results")).toHaveLength(1);
    expect(cost.rows).toBeLessThanOrEqual(3 * TASKS + 4 + BESIDE);
  });
});

it("a rate limit adds one row for a second of dispatch, not one for each task or alarm", async () => {
  const { rows, alarms } = await costOf("twenty-per-second", () => ({}));
  expect(alarms).toBeGreaterThanOrEqual(TASKS - 5);
  expect(rows).toBeLessThanOrEqual(2 * TASKS + 4);
});

it.each([
  ["one task on an idle queue", "twenty-per-second", 1, true],
  ["as many as the bucket holds", "twenty-per-second", 5, true],
  ["as many as a second brings", "four-tokens", 1, true],
  ["more than a second brings", "four-tokens", 2, false],
])(
  "%s: that row comes with the add, so that they start without a commit, if a crash before may cost so much",
  async (_, name, n, isWithAdd) => {
    await queue(name).add({});
    await pass(name, 60);
    const attempts = held(`/_ah/queue/${name}`);
    const cost = await meter(name);
    await queue(name).add(Array.from({ length: n }, () => ({})));
    expect(cost.rows).toBe(isWithAdd ? n + 1 : n);
    await fire(name);
    await until(() => attempts.started() === n);
    expect(cost.rows).toBe(n + 1);
    for (let i = 0; i < n; i++) attempts.answer(i, 200);
    await pass(name, 1);
    expect(cost.rows).toBeLessThanOrEqual(2 * n + 1 + HISTORY);
  },
);

it("a retry writes one row more for its new place, and one to be found by", async () => {
  let calls = 0;
  handlers.set(
    "/_ah/queue/unlimited",
    () => new Response(null, { status: calls++ % 2 ? 200 : 500 }),
  );
  const cost = await meter("unlimited");
  await queue("unlimited").add({ name: "first" });
  const before = cost.rows;
  await pass("unlimited", 60);
  // Its new place and the name's row; then the row's end, the tombstone, and the first tombstone's sweep.
  expect(cost.rows - before).toBe(5);
});

it("run now and another time write two rows each, redrive three, release one", async () => {
  handlers.set("/_ah/queue/brief", () => new Response(null, { status: 500 }));
  await queue("brief").add([{ name: "failed" }, { name: "waits", countdown: 60 }]);
  await queue("brief").add([{ name: "gone", countdown: 60 }]);
  await queue("brief").delete(["gone"]);
  await pass("brief", 1);
  const cost = await meter("brief");
  const costs: number[] = [];
  for (const act of [
    () => queue("brief").reschedule("waits", { countdown: 90 }),
    () => queue("brief").run("waits"),
    () => queue("brief").run("waits"),
    () => queue("brief").redrive(["failed", "waits"]),
    () => queue("brief").release("gone"),
    () => queue("brief").tombstones(),
  ]) {
    const before = cost.rows;
    await act();
    costs.push(cost.rows - before);
  }
  // What is redriven is due, and its token is stored as spent in the same commit.
  const token = 1;
  expect(costs).toEqual([2, 2, 0, 3 + token, 1, 0]);
});

it("an alarm turn with nothing to start writes nothing", async () => {
  await queue("push").add({ countdown: 100 });
  const cost = await meter("push");
  await runInDurableObject(objectOf("push"), (instance) =>
    (instance as unknown as { alarm(): Promise<void> }).alarm(),
  );
  expect(cost.rows).toBe(0);
});

describe("a pull task writes", () => {
  const LEASED = 100;
  const costOfPull = async (task: (i: number) => object) => {
    const pull = queue("pull");
    await pull.add({ payload: "" });
    await pull.acknowledge(await pull.lease({ leaseSeconds: 60, maxTasks: 1 }));
    const cost = await meter("pull");
    await pull.add(Array.from({ length: LEASED }, (_, i) => ({ payload: "", ...task(i) })));
    const held = await pull.lease({ leaseSeconds: 60, maxTasks: LEASED });
    await pull.acknowledge(held);
    expect(held).toHaveLength(LEASED);
    return cost;
  };

  it("three rows in its life: to add it, to lease it, to end it", async () => {
    expect(await costOfPull(() => ({}))).toMatchObject({
      rows: 3 * LEASED + 2 * HISTORY,
      alarms: 0,
    });
  });

  it("one more for a lease that reached nobody, which is taken back", async () => {
    const pull = queue("pull");
    await pull.add({ payload: "" });
    await pull.acknowledge(await pull.lease({ leaseSeconds: 60, maxTasks: 1 }));
    const cost = await meter("pull");
    const waiting = { leaseSeconds: 60, maxTasks: LEASED, waitSeconds: 60 };
    const turn = (await pull.lineUp(waiting)) as LeaseTurn;
    await pull.add(Array.from({ length: LEASED }, () => ({ payload: "" })));
    expect(await turn.tasks()).toHaveLength(LEASED);
    turn.leave();
    await until(async () => (await pull.describe()).statistics.inFlight === 0);
    expect(cost).toMatchObject({ rows: 3 * LEASED, alarms: 0 });
  });

  it("five with a tag", async () => {
    expect((await costOfPull((i) => ({ tag: `t${i % 3}` }))).rows).toBe(5 * LEASED + 2 * HISTORY);
  });
});

it("a recurring task writes four rows with its queue and one with its scheduler, which sets its alarm once", async () => {
  await deploy("cron: [{url: /a, schedule: every 1 minutes, extensions: {queue: unlimited}}]");
  await passAll(300, "unlimited");
  const [own, scheduler] = [await meter("unlimited"), await meter("/cron")];
  await passAll(600, "unlimited");
  // The history's are one for twenty at most.
  expect(own.rows).toBeGreaterThanOrEqual(10 * 4);
  expect(own.rows).toBeLessThanOrEqual(10 * 4 + 2);
  expect(scheduler).toMatchObject({ rows: 10, alarms: 10 });
});

describe("a group", () => {
  /** What a group of many subtasks writes beyond the tasks' own two rows each, on the queue and at its owner. */
  async function extraOf(
    answer: (fire: (i: number) => void) => Promise<void>,
    subtasks = TASKS,
  ): Promise<number> {
    await queue("unlimited").add({ name: "first" });
    await pass("unlimited", 1);
    const { answer: answerOne, started } = held("/_ah/queue/unlimited");
    await queue("unlimited").group({
      name: "g",
      tasks: Array.from({ length: subtasks }, () => ({})),
    });
    const names = ["unlimited", "/groups/g"];
    await work(names, () => started() === subtasks);
    const costs = [await meter("unlimited"), await meter("/groups/g")];
    await answer((i) => answerOne(i, 200));
    await work(names, async () => (await group(env, "g").progress()).state === "done");
    const rows = costs.reduce((sum, cost) => sum + cost.rows, 0);
    return rows - subtasks;
  }

  // A few rows for the group as a whole: its record, the queue's note of it.
  const WHOLE = 6;

  it("writes two rows more for each subtask at most, when each ends by itself", async () => {
    // Few, for each waits a while in which the others stay under way.
    const subtasks = 12;
    const extra = await extraOf(async (fire) => {
      for (let i = 0; i < subtasks; i++) {
        fire(i);
        const names = ["unlimited", "/groups/g"];
        await work(names, async () => (await group(env, "g").progress()).done === i + 1);
      }
    }, subtasks);
    expect(extra).toBeLessThanOrEqual(2 * subtasks + WHOLE);
    expect(extra).toBeGreaterThan(subtasks);
  });

  it("writes one more when many end together, and a few for all of them", async () => {
    const extra = await extraOf(async (fire) => {
      for (let i = 0; i < TASKS; i++) fire(i);
    });
    expect(extra).toBeGreaterThanOrEqual(TASKS);
    expect(extra).toBeLessThanOrEqual(TASKS + TASKS / 10 + WHOLE);
  });
});
