// Objects that are killed at any step of what rules do, and rows that a version before has left.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { inject } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import { rowsOf } from "../../support/resharding.ts";
import { crash, freshStart, objectOf, pass, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

const PULL = "pull";
const MOST_STEPS = 60;

beforeEach(freshStart);

/** Kills the object at the first step, the second and so on, until there are no more; what holds then holds each time. */
async function atEachStep(
  name: string,
  before: () => Promise<unknown>,
  act: () => Promise<unknown>,
  holds: () => Promise<void>,
): Promise<void> {
  for (let at = 1, isHit = true; isHit; at += STRIDE) {
    expect(at).toBeLessThan(MOST_STEPS);
    await freshStart();
    await before();
    const fault = await inject(name, { at, kind: "kill" });
    await act().catch(() => {});
    isHit = fault.hit();
    fault.stop();
    await crash();
    await holds();
  }
}

const bodies = () => received.map(({ body }) => body);

describe("killed at any step", () => {
  it("a replaced task and the new one are never both there, nor both gone", async () => {
    await atEachStep(
      "push",
      () => queue("push").add({ name: "n", payload: "old", countdown: 60, expires: 90 }),
      () => queue("push").add({ name: "n", payload: "new", ifExists: "replace", countdown: 60 }),
      async () => {
        expect((await queue("push").describe()).statistics.tasks).toBe(1);
        await pass("push", 120);
        expect(bodies()).toHaveLength(1);
        expect(await queue("push").get("n")).toMatchObject({ state: "done" });
      },
    );
  }, 120_000);

  it("what waits behind a task takes its place when that ends, once", async () => {
    const pull = () => queue(PULL);
    await atEachStep(
      PULL,
      async () => {
        await pull().add({ name: "n", payload: "first", debounce: { seconds: 1 } });
        clock.now += 1001;
      },
      async () => {
        const leased = await pull().lease({ leaseSeconds: 5, maxTasks: 1 });
        await pull().add({ name: "n", payload: "second", debounce: { seconds: 1 } });
        await pull().acknowledge(leased);
      },
      async () => {
        const done: unknown[] = [];
        for (let i = 0; i < 4; i++) {
          clock.now += 6000;
          const leased = await pull().lease({ leaseSeconds: 5, maxTasks: 9 });
          expect(leased.length).toBeLessThanOrEqual(1);
          await pull().acknowledge(leased);
          done.push(...leased.map(({ payload }) => payload));
        }
        // The add may have had no answer, and then need not have been.
        expect([["first"], ["first", "second"], ["second"], []]).toContainEqual(done);
        expect(await rowsOf(PULL, "SELECT * FROM successors")).toEqual([]);
        expect((await pull().describe()).statistics.tasks).toBe(0);
      },
    );
  }, 120_000);

  it("a task expires once, and is neither lost nor started", async () => {
    await atEachStep(
      "push",
      async () => {
        await queue("push").pause();
        await queue("push").add({ name: "n", expires: 5 });
        clock.now += 5000;
      },
      () => pass("push", 0),
      async () => {
        await pass("push", 1);
        await queue("push").resume();
        await pass("push", 60);
        expect(await queue("push").get("n")).toMatchObject({ state: "expired" });
        expect(received).toEqual([]);
        expect((await queue("push").describe()).statistics).toMatchObject({ tasks: 0, expired: 1 });
      },
    );
  }, 120_000);

  it("a task that was started in time is tried until it is done", async () => {
    let isUp = false;
    await atEachStep(
      "push",
      async () => {
        isUp = false;
        handlers.set("/_ah/queue/push", () => new Response(null, { status: isUp ? 200 : 500 }));
        await queue("push").add({ name: "n", expires: 5 });
      },
      () => pass("push", 0),
      async () => {
        isUp = true;
        // By now its first attempt may have begun or not.
        const hasBegun = received.length > 0;
        if (hasBegun) clock.now += 60_000;
        await pass("push", 60);
        expect(await queue("push").get("n")).toMatchObject({ state: "done" });
      },
    );
  }, 120_000);
});

describe("a version before, which knows nothing of rules", () => {
  /** A task that runs, and one that waits behind it. */
  async function oneBehind(): Promise<void> {
    await queue(PULL).add({ name: "n", payload: "first", debounce: { seconds: 1 } });
    clock.now += 1001;
    await queue(PULL).lease({ leaseSeconds: 5, maxTasks: 1 });
    await queue(PULL).add({ name: "n", payload: "second", debounce: { seconds: 1 } });
  }

  const run = (...statements: string[]) =>
    runInDurableObject(objectOf(PULL), (_, { storage }) => {
      for (const statement of statements) storage.sql.exec(statement);
    });

  it.each([
    [
      "ended the task",
      "UPDATE names SET state = 'done', key = NULL, expires = 4e12, record = NULL",
    ],
    ["forgot the name", "DELETE FROM names"],
  ])("%s: what waits behind it is on the queue with the next start", async (_, statement) => {
    await oneBehind();
    await run("DELETE FROM tasks", statement);
    await crash();
    clock.now += 5000;
    expect((await queue(PULL).get("n")).state).toBe("due");
    clock.now += 1;
    expect(await queue(PULL).lease({ leaseSeconds: 5, maxTasks: 9 })).toMatchObject([
      { name: "n", payload: "second" },
    ]);
  });

  it("purged the queue: what waited behind its tasks is gone too", async () => {
    await oneBehind();
    const purgedAt = `INSERT OR REPLACE INTO meta VALUES ('purgedAt', '${clock.now}')`;
    await run("DELETE FROM tasks", "DELETE FROM names", purgedAt);
    await crash();
    clock.now += 5000;
    expect(await queue(PULL).lease({ leaseSeconds: 5, maxTasks: 9 })).toEqual([]);
  });

  it("deleted a task that was to expire: nothing becomes of its row", async () => {
    await queue(PULL).add({ name: "n", payload: "", expires: 5 });
    await run("DELETE FROM tasks", "DELETE FROM names");
    await crash();
    await queue(PULL).add({ name: "n", payload: "new" });
    await pass(PULL, 6);
    expect(await queue(PULL).get("n")).toMatchObject({ state: "due", payload: "new" });
    expect(await rowsOf(PULL, "SELECT * FROM expiries")).toEqual([]);
  });
});
