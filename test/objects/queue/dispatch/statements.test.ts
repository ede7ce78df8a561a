// What dispatch reads, and how often it sets the alarm: neither depends on a clock, and both are easily doubled.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../../support/clock.ts";
import { alarmOf, fire, freshStart, objectOf, pass, queue, until } from "../../../support/time.ts";
import { held } from "../../../support/worker.ts";

beforeEach(freshStart);

interface Asked {
  /** Questions to the rows of tasks: which are due, and when the next one is. */
  due: number;
  next: number;
  alarms: number;
}

/** Counts, from now on, what the queue's object asks. */
async function meter(name: string): Promise<Asked> {
  const asked: Asked = { due: 0, next: 0, alarms: 0 };
  await runInDurableObject(objectOf(name), (_, { storage }) => {
    const { exec } = storage.sql;
    const { setAlarm } = storage;
    storage.sql.exec = ((...args: Parameters<typeof exec>) => {
      // Whoever looks at the queue asks the same of the rows.
      const isLane = /\bLane\./.test(String(new Error().stack));
      if (isLane && /^SELECT key, name FROM tasks/.test(args[0])) asked.next++;
      if (isLane && /^SELECT key, name, .* FROM tasks/s.test(args[0])) asked.due++;
      return exec.apply(storage.sql, args);
    }) as typeof exec;
    storage.setAlarm = (...args) => {
      asked.alarms++;
      return setAlarm.apply(storage, args);
    };
  });
  return asked;
}

const tasks = (n: number) => Array.from({ length: n }, () => ({}));

async function atWork(name: string): Promise<Asked> {
  await queue(name).add({});
  await pass(name, 10);
  return meter(name);
}

describe("dispatch asks the rows", () => {
  it("twice in the life of a task that is alone, with one alarm", async () => {
    const asked = await atWork("unlimited");
    await queue("unlimited").add({});
    await pass("unlimited", 10);
    expect(asked).toEqual({ due: 1, next: 1, alarms: 1 });
  });

  it("no more for many that start together", async () => {
    const asked = await atWork("unlimited");
    await queue("unlimited").add(tasks(60));
    await pass("unlimited", 10);
    expect(asked).toEqual({ due: 1, next: 1, alarms: 1 });
  });

  it("twice a turn of a queue that is held to its rate", async () => {
    const asked = await atWork("paced");
    await queue("paced").add(tasks(200));
    await pass("paced", 10);
    const turns = 1 + 100 / 25;
    expect(asked).toEqual({ due: turns, next: turns, alarms: turns });
  });

  it("not at all for adds and results while every slot is taken, or while the alarm is about to fire", async () => {
    await atWork("two-at-once");
    const attempts = held("/_ah/queue/two-at-once");
    await queue("two-at-once").add(tasks(3));
    await fire("two-at-once");
    await until(() => attempts.started() === 2);
    const asked = await meter("two-at-once");
    for (let i = 0; i < 5; i++) await queue("two-at-once").add({});
    expect(asked).toEqual({ due: 0, next: 0, alarms: 0 });
    attempts.answer(0, 200);
    await until(async () => (await alarmOf("two-at-once")) !== null);
    const { next } = asked;
    for (let i = 0; i < 5; i++) await queue("two-at-once").add({});
    expect(asked).toMatchObject({ next, alarms: 1 });
    attempts.answer(1, 200);
    attempts.answer(2, 200);
  });

  it("not at all for adds behind a task that is due first", async () => {
    const asked = await atWork("unlimited");
    await queue("unlimited").add({ countdown: 50 });
    await queue("unlimited").add({ countdown: 60 });
    await queue("unlimited").add({ countdown: 40 });
    expect(asked).toEqual({ due: 0, next: 0, alarms: 2 });
  });

  // An object has one alarm: the one that fires for the task is used up, and what waits needs another.
  it("and sets one alarm more where others wait for their time", async () => {
    await queue("unlimited").add({ countdown: 3600 });
    const asked = await atWork("unlimited");
    await queue("unlimited").add({});
    await pass("unlimited", 10);
    expect(asked).toEqual({ due: 1, next: 1, alarms: 2 });
  });
});

describe("what a lane remembers holds", () => {
  const [early, late] = [20, 30];

  it.each<[string, () => Promise<unknown>, number]>([
    ["a task is deleted that was first", () => queue("unlimited").delete(["first"]), late],
    ["the first is put off", () => queue("unlimited").reschedule("first", { countdown: 90 }), late],
    ["another comes to be first", () => queue("unlimited").add({ countdown: 5 }), 5],
    [
      "the second comes to be first",
      () => queue("unlimited").reschedule("second", { countdown: 7 }),
      7,
    ],
    ["nothing is done", async () => {}, early],
  ])("when %s", async (_, act, first) => {
    const asked = await atWork("unlimited");
    await queue("unlimited").add({ name: "first", countdown: early });
    await queue("unlimited").add({ name: "second", countdown: late });
    await act();
    const from = clock.now;
    const before = asked.alarms;
    await pass("unlimited", first - 0.001);
    const { statistics } = await queue("unlimited").describe();
    expect(statistics.tasks).toBeGreaterThan(0);
    await pass("unlimited", 0.001);
    expect(clock.now - from).toBe(first * 1000);
    expect((await queue("unlimited").describe()).statistics.tasks).toBeLessThan(statistics.tasks);
    expect(asked.alarms - before).toBeLessThanOrEqual(3);
  });
});
