// A task that ends the server is found, counted and given up; what was under way beside it is not counted.
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../../support/clock.ts";
import {
  alarmOf,
  crash,
  fire,
  freshStart,
  inObjects,
  objectOf,
  objectsOf,
  pass,
  queue,
  until,
} from "../../../support/time.ts";
import { handlers, held } from "../../../support/worker.ts";

beforeEach(freshStart);

const CUT_OFF = "cut off: the server ended during the attempt";
const push = () => queue("push");
const view = (name: string) => push().get(name);

/** Handlers of which the one named `poison` has the server killed whenever it is started. */
function poisonous(names: readonly string[] = ["poison"]): {
  kills: () => number;
  ran: Map<string, number>;
} {
  let wanted = 0;
  const ran = new Map<string, number>();
  handlers.set("/_ah/queue/push", async (request) => {
    const name = request.headers.get("X-AppEngine-TaskName") as string;
    ran.set(name, (ran.get(name) ?? 0) + 1);
    if (!names.includes(name)) {
      await scheduler.wait(1);
      return new Response();
    }
    wanted++;
    while (!request.signal.aborted) await scheduler.wait(2);
    return new Response(null, { status: 500 });
  });
  return { kills: () => wanted, ran };
}

/** The server ends, and starts again two seconds later. */
async function restart(): Promise<void> {
  await crash();
  clock.now += 2000;
  await (objectOf("push") as unknown as { wake(): Promise<void> }).wake();
}

/** Lets the queue work; whenever a poisonous task is with its handler, the server ends. How often it did. */
async function workWithKills(kills: () => number, done: () => Promise<boolean>): Promise<number> {
  let seen = 0;
  for (let turn = 0; turn < 200; turn++) {
    if (await done()) return seen;
    if ((await alarmOf("push")) !== null) await fire("push");
    await scheduler.wait(15);
    if (kills() === seen) continue;
    seen = kills();
    await restart();
  }
  throw new Error("the queue never came to rest");
}

const isGone = (name: string) => async () => ["failed", "done"].includes((await view(name)).state);

describe("a task that ends the server at once", () => {
  it.each([0, 1, 2, 3])(
    "fails with a retry limit of %s, in two crashes more than attempts",
    async (limit) => {
      const { kills } = poisonous();
      await push().add({ name: "poison", retry: { limit, minBackoff: 1 } });
      const crashes = await workWithKills(kills, isGone("poison"));
      const task = await view("poison");
      expect(task).toMatchObject({ state: "failed", retryCount: limit, executionCount: 0 });
      expect(task.attempts).toHaveLength(limit + 1);
      expect(task.lastAttempt).toMatchObject({ error: CUT_OFF });
      expect(crashes).toBeLessThanOrEqual(limit + 3);
    },
  );

  it("without a limit backs off further each time", async () => {
    const { kills } = poisonous();
    await push().add({
      name: "poison",
      retry: { minBackoff: 10, maxBackoff: 1000, maxDoublings: 5 },
    });
    await workWithKills(kills, async () => (await view("poison")).retryCount >= 4);
    const { attempts = [], nextAttemptAt } = await view("poison");
    const times = [
      ...attempts.map(({ startedAt }) => Date.parse(startedAt)),
      Date.parse(nextAttemptAt as string),
    ];
    const gaps = times.slice(1).map((at, i) => at - (times[i] as number));
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    expect(gaps.at(-1)).toBeGreaterThan(4 * (gaps[0] as number));
  });

  it("is given up when its age limit has passed", async () => {
    const { kills } = poisonous();
    await push().add({ name: "poison", retry: { ageLimit: 10, limit: 0 } });
    await workWithKills(kills, isGone("poison"));
    expect(await view("poison")).toMatchObject({ state: "failed" });
  });

  it("costs no neighbour an attempt", async () => {
    const { kills, ran } = poisonous();
    const neighbours = Array.from({ length: 20 }, (_, i) => `n${i}`);
    await push().add([
      ...neighbours.slice(0, 10).map((name) => ({ name, retry: { limit: 0 } })),
      { name: "poison", retry: { limit: 2, minBackoff: 1 } },
      ...neighbours.slice(10).map((name) => ({ name, retry: { limit: 0 } })),
    ]);
    await workWithKills(kills, async () => (await push().describe()).statistics.tasks === 0);
    expect(await view("poison")).toMatchObject({ state: "failed", retryCount: 2 });
    for (const name of neighbours)
      expect(await view(name)).toMatchObject({ state: "done", retryCount: 0 });
    expect(Math.max(...neighbours.map((name) => ran.get(name) ?? 0))).toBeLessThanOrEqual(3);
  });

  it("and a second one beside it are both found", async () => {
    const { kills } = poisonous(["poison", "venom"]);
    const retry = { limit: 1, minBackoff: 1 };
    await push().add([
      { name: "poison", retry },
      { name: "n1", retry: { limit: 0 } },
      { name: "venom", retry },
    ]);
    await workWithKills(kills, async () => (await push().describe()).statistics.tasks === 0);
    expect([(await view("poison")).state, (await view("venom")).state]).toEqual([
      "failed",
      "failed",
    ]);
    expect(await view("n1")).toMatchObject({ state: "done", retryCount: 0 });
  });
});

describe("an attempt that runs long", () => {
  async function untilMarked(seconds: number): Promise<void> {
    clock.now += seconds * 1000;
    await (objectOf("push") as unknown as { wake(): Promise<void> }).wake();
    await fire("push");
    await scheduler.wait(20);
  }

  it.each([
    { seconds: 5, counted: 0 },
    { seconds: 29, counted: 0 },
    { seconds: 41, counted: 1 },
    { seconds: 300, counted: 1 },
  ])("and is cut off after $seconds s counts $counted", async ({ seconds, counted }) => {
    const attempts = held("/_ah/queue/push");
    await push().add({ name: "long", retry: { minBackoff: 1 } });
    await fire("push");
    await until(() => attempts.started() === 1);
    const startedAt = (await view("long")).running?.startedAt;
    if (counted > 0) await untilMarked(seconds);
    else clock.now += seconds * 1000;
    await restart();
    await fire("push");
    if (counted === 0) await until(() => attempts.started() === 2);
    else await scheduler.wait(20);
    const task = await view("long");
    expect(task).toMatchObject({ retryCount: counted, executionCount: 0 });
    if (counted > 0) expect(task.lastAttempt).toMatchObject({ startedAt, error: CUT_OFF });
    attempts.answer(1, 200);
    await pass("push", 60);
    expect(await view("long")).toMatchObject({ state: "done", retryCount: counted });
  });

  it("fails at its limit when it is cut off", async () => {
    const attempts = held("/_ah/queue/push");
    await push().add({ name: "long", retry: { limit: 0 } });
    await fire("push");
    await until(() => attempts.started() === 1);
    await untilMarked(45);
    await restart();
    await pass("push", 1);
    expect(await view("long")).toMatchObject({ state: "failed", lastAttempt: { error: CUT_OFF } });
  });

  it("and ends as it should leaves nothing behind: a later crash counts nothing", async () => {
    const attempts = held("/_ah/queue/push");
    await push().add({ name: "long", retry: { limit: 5, minBackoff: 1 } });
    await fire("push");
    await until(() => attempts.started() === 1);
    await untilMarked(45);
    attempts.answer(0, 500);
    await until(async () => (await view("long")).retryCount === 1);
    await restart();
    attempts.answer(1, 200);
    await pass("push", 60);
    expect(await view("long")).toMatchObject({ state: "done", retryCount: 1, executionCount: 1 });
  });
});

it("tasks that a deploy cuts off once are not counted, and run all", async () => {
  const attempts = held("/_ah/queue/push");
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  await push().add(names.map((name) => ({ name, retry: { limit: 0 } })));
  await fire("push");
  await until(() => attempts.started() === 20);
  await restart();
  await fire("push");
  await until(() => attempts.started() === 40);
  await restart();
  handlers.set("/_ah/queue/push", () => new Response());
  await pass("push", 120);
  for (const name of names)
    expect(await view(name)).toMatchObject({ state: "done", retryCount: 0 });
});

describe("tasks that two crashes in a row cut off", () => {
  /** Moves the clock with the alarms on the way, and waits for no attempt. */
  async function turn(seconds: number): Promise<void> {
    const end = clock.now + seconds * 1000;
    for (let at = await alarmOf("push"); at !== null && at <= end; at = await alarmOf("push")) {
      await fire("push");
      await scheduler.wait(10);
    }
    clock.now = end;
  }

  /** So many, under way when the server ended for the second time. */
  async function cutOffTwice(n: number): Promise<ReturnType<typeof held>> {
    const attempts = held("/_ah/queue/push");
    const names = Array.from({ length: n }, (_, i) => `n${i}`);
    await push().add(names.map((name) => ({ name, retry: { limit: 0 } })));
    await fire("push");
    await until(() => attempts.started() === n);
    await restart();
    await fire("push");
    await until(() => attempts.started() === 2 * n);
    await restart();
    return attempts;
  }

  // One after the other at first, twice as many beside each other each time that all have run for 30 s.
  it.each([
    { n: 2, seconds: 30 },
    { n: 3, seconds: 30 },
    { n: 4, seconds: 60 },
    { n: 7, seconds: 60 },
    { n: 8, seconds: 90 },
    { n: 15, seconds: 90 },
    { n: 16, seconds: 120 },
    { n: 20, seconds: 120 },
  ])("all $n run $seconds s later, though each takes for ever", async ({ n, seconds }) => {
    const attempts = await cutOffTwice(n);
    await turn(0);
    for (let s = 30; s <= seconds; s += 30) {
      const begun = 2 * n + Math.min(n, 2 ** (s / 30) - 1);
      await until(() => attempts.started() === begun);
      await turn(29);
      expect(attempts.started()).toBe(begun);
      await turn(1);
    }
    await until(() => attempts.started() === 3 * n);
  });

  it("one that hangs keeps no other waiting longer than that, with no add and no answer", async () => {
    const attempts = await cutOffTwice(2);
    await turn(0);
    await until(() => attempts.started() === 5);
    expect(await alarmOf("push")).toBeLessThanOrEqual(clock.now + 30_000);
    handlers.set("/_ah/queue/push", () => new Response());
    await turn(31);
    await until(async () => (await push().describe()).statistics.tasks === 1);
  });

  it("one that ends makes way for one, as long as none has run long", async () => {
    const attempts = await cutOffTwice(4);
    for (let i = 0; i < 4; i++) {
      await turn(0.1);
      await until(() => attempts.started() === 9 + i);
      attempts.answer(8 + i, 200);
      await until(async () => (await push().describe()).statistics.tasks === 3 - i);
    }
  });
});

it("the starts of tasks are not written while nothing is late, whatever they do", async () => {
  await push().add({ name: "first" });
  await pass("push", 1);
  const written: string[] = [];
  await inObjects(objectsOf("push"), ({ storage: { sql } }) => {
    const { exec } = sql;
    sql.exec = ((...args: Parameters<typeof exec>) => {
      if (/UPDATE tasks/.test(args[0])) written.push(args[0]);
      return exec.apply(sql, args);
    }) as typeof exec;
  });
  await push().add(Array.from({ length: 50 }, (_, i) => ({ name: `n${i}` })));
  await pass("push", 10);
  expect(written).toEqual([]);
});
