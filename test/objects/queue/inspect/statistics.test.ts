// What a queue says of itself, and what it costs to say it.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { clock, START } from "../../../support/clock.ts";
import { evict, fire, freshStart, objectOf, pass, queue, until } from "../../../support/time.ts";
import { handlers, held, received } from "../../../support/worker.ts";

beforeEach(freshStart);

const tasks = (n: number, task: object = {}) => Array.from({ length: n }, () => task);
const statisticsOf = async (name: string) => (await queue(name).describe()).statistics;
const NONE = { p50: null, p90: null, p99: null, count: 0 };

async function add(name: string, n: number, task: object = {}): Promise<void> {
  for (let left = n; left > 0; left -= 1000)
    await queue(name).add(tasks(Math.min(left, 1000), task));
}

describe("a queue without tasks", () => {
  const empty = {
    ...{ tasks: 0, failed: 0, oldestEta: null, executedLastMinute: 0, inFlight: 0 },
    ...{ addedLastMinute: 0, startedLastMinute: 0, doneLastMinute: 0 },
    ...{ retriedLastMinute: 0, failedLastMinute: 0, expired: 0, expiredLastMinute: 0 },
    states: { scheduled: 0, due: 0, running: 0, leased: 0, waiting: 0, failed: 0, expired: 0 },
    lateness: { lastMinute: NONE, lastHour: NONE },
    runTime: { lastMinute: NONE, lastHour: NONE },
  };

  it("says so, if it never had any", async () => {
    expect(await statisticsOf("push")).toEqual({ ...empty, enforcedRate: 500, tokens: 500 });
    expect(await statisticsOf("unlimited")).toEqual({ ...empty, enforcedRate: null, tokens: null });
  });

  it("says so after a purge of fifty, and nothing further is dispatched", async () => {
    await queue("push").add(tasks(50, { countdown: 1 }));
    expect(await statisticsOf("push")).toMatchObject({
      tasks: 50,
      oldestEta: new Date(START + 1000).toISOString(),
    });
    expect((await queue("push").purge()).statistics).toMatchObject({
      ...empty,
      addedLastMinute: 50,
    });
    await pass("push", 60);
    expect(received).toEqual([]);
  });
});

describe("tasks by state", () => {
  it("are each in one state, those in flight in running alone", async () => {
    const attempts = held("/_ah/queue/two-at-once");
    await queue("two-at-once").add([...tasks(5), ...tasks(4, { countdown: 60 })]);
    await fire("two-at-once");
    await until(() => attempts.started() === 2);
    expect(await statisticsOf("two-at-once")).toMatchObject({
      tasks: 9,
      states: { scheduled: 4, due: 3, running: 2, failed: 0 },
      inFlight: 2,
    });
    clock.now += 60_000;
    const { states } = await statisticsOf("two-at-once");
    expect(states).toMatchObject({ scheduled: 0, due: 7, running: 2 });
    attempts.answer(0, 200);
    attempts.answer(1, 200);
    await until(async () => (await statisticsOf("two-at-once")).inFlight === 0);
  });

  it("leave running when they are deleted under their attempt, which keeps its slot", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "n1" });
    await fire("push");
    await until(() => attempts.started() === 1);
    await queue("push").delete(["n1"]);
    expect(await statisticsOf("push")).toMatchObject({
      tasks: 0,
      states: { due: 0, running: 0 },
      inFlight: 1,
    });
    attempts.answer(0, 200);
    await until(async () => (await statisticsOf("push")).inFlight === 0);
  });

  it("are failed once they have failed for good, until that record is deleted", async () => {
    handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: 500 }));
    await queue("one-retry").add([{ name: "a" }, { name: "b" }]);
    await pass("one-retry", 10);
    const failed = { tasks: 0, failed: 2, states: { scheduled: 0, due: 0, running: 0, failed: 2 } };
    expect(await statisticsOf("one-retry")).toMatchObject(failed);
    await evict("one-retry");
    expect(await statisticsOf("one-retry")).toMatchObject(failed);
    await queue("one-retry").delete(["a"]);
    expect(await statisticsOf("one-retry")).toMatchObject({ failed: 1, states: { failed: 1 } });
  });
});

describe("times", () => {
  it("are how late attempts started and how long answered ones took", async () => {
    handlers.set("/_ah/queue/four-tokens", () => {
      clock.now += 250;
      return new Response();
    });
    await queue("four-tokens").add({});
    await queue("four-tokens").pause();
    clock.now += 10_000;
    await queue("four-tokens").resume();
    await pass("four-tokens", 1);
    const { lateness, runTime } = await statisticsOf("four-tokens");
    expect(lateness.lastMinute.count).toBe(1);
    expect(lateness.lastMinute.p50).toBeCloseTo(10, 0);
    expect(runTime.lastMinute).toMatchObject({ count: 1, p90: runTime.lastHour.p90 });
    expect(runTime.lastMinute.p99).toBeCloseTo(0.25, 1);
  });

  it("are of a retry counted from its own time", async () => {
    handlers.set("/_ah/queue/slow-retry", () => new Response(null, { status: 500 }));
    await queue("slow-retry").add({ retry: { limit: 1, minBackoff: 10 } });
    await pass("slow-retry", 20);
    const { lateness, runTime } = await statisticsOf("slow-retry");
    expect(lateness.lastMinute).toEqual({ p50: 0, p90: 0, p99: 0, count: 2 });
    expect(runTime.lastMinute.count).toBe(2);
  });

  it("are of an attempt that nobody answered its lateness alone", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ dispatchDeadline: 15, retry: { limit: 0 } });
    await fire("push");
    await until(() => attempts.started() === 1);
    clock.now += 15_000;
    await queue("push").add({ countdown: 60 });
    await fire("push");
    await until(async () => (await statisticsOf("push")).failed === 1);
    const { lateness, runTime, executedLastMinute } = await statisticsOf("push");
    expect(lateness.lastMinute.count).toBe(1);
    expect([runTime.lastMinute, executedLastMinute]).toEqual([NONE, 0]);
  });

  it("are forgotten after a minute, after an hour, and with the object", async () => {
    await queue("push").add({});
    await pass("push", 60);
    expect((await statisticsOf("push")).runTime).toMatchObject({
      lastMinute: NONE,
      lastHour: { count: 1 },
    });
    await pass("push", 3600);
    expect((await statisticsOf("push")).runTime.lastHour).toEqual(NONE);
    await queue("push").add({});
    await pass("push", 1);
    await evict("push");
    expect((await statisticsOf("push")).runTime.lastHour).toEqual(NONE);
  });
});

describe("what it costs to look at five thousand tasks", () => {
  /** Rows the queue's object reads and writes from now on. */
  async function meter(name: string): Promise<{ read: number; written: number }> {
    const cost = { read: 0, written: 0 };
    await runInDurableObject(objectOf(name), (_, { storage: { sql } }) => {
      const { exec } = sql;
      sql.exec = ((...args: Parameters<typeof exec>) => {
        const cursor = exec.apply(sql, args);
        const { toArray } = cursor;
        cursor.toArray = () => {
          const rows = toArray.call(cursor);
          cost.read += cursor.rowsRead;
          return rows;
        };
        cost.written += cursor.rowsWritten;
        return cursor;
      }) as typeof exec;
    });
    return cost;
  }

  it.each([
    ["all of them scheduled", 5000, 0],
    ["all of them due", 0, 5000],
    ["half of each", 2500, 2500],
  ])("%s, after a restart: %i and %i", async (_, scheduled, due) => {
    await add("stopped", scheduled, { countdown: 60 });
    await add("stopped", due);
    // A millisecond has room for 4,096 tasks, the others lie in the next.
    clock.now += 1;
    const isKnown = Math.min(scheduled, due) === 0;
    const shown = {
      tasks: 5000,
      states: { scheduled: isKnown ? scheduled : null, due: isKnown ? due : null },
    };
    expect(await statisticsOf("stopped")).toMatchObject(shown);
    await evict("stopped");
    const cost = await meter("stopped");
    expect(await statisticsOf("stopped")).toMatchObject(shown);
    expect(cost.read).toBeGreaterThan(1000);
    expect(cost.read).toBeLessThanOrEqual(2100);
    expect(cost.written).toBe(0);
  });

  it("writes a row a minute while they come and go", async () => {
    await add("stopped", 5000);
    await queue("stopped").describe();
    const cost = await meter("stopped");
    for (let i = 0; i < 10; i++) {
      clock.now += 30_000;
      await queue("stopped").add({});
      await queue("stopped").describe();
    }
    expect(cost.written - 10).toBe(5);
  });
});
