// Tasks that expire should they not be started in time, at the front door.
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { rowsOf } from "../../support/resharding.ts";
import {
  alarmOf,
  crash,
  fire,
  freshStart,
  groupObject,
  objectOf,
  pass,
  queue,
  takeOutOfFile,
  until,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers, held, received } from "../../support/worker.ts";

const Q = "push";
const HANDLER = `/_ah/queue/${Q}`;
/** Not a multiple of anything else that happens. */
const EXPIRES_S = 47;

beforeEach(freshStart);

const statistics = async (name = Q) => (await queue(name).describe()).statistics;
const stateOf = async (task: string, name = Q) => (await queue(name).get(task)).state;
const rows = (name = Q) => rowsOf(name, "SELECT * FROM expiries");

describe("a task that is not started in time", () => {
  it.each([["paused"], ["stopped"], ["out of its file"], ["evicted"]])(
    "ends as expired at that very moment on a queue that is %s",
    async (how) => {
      const name = how === "stopped" ? "stopped" : how === "out of its file" ? "gone" : Q;
      const task = { name: "n", payload: "p", expires: EXPIRES_S };
      if (how === "out of its file") await takeOutOfFile(name, [task]);
      else {
        await queue(name).pause();
        await queue(name).add(task);
      }
      const begun = clock.now;
      if (how === "evicted") await evictDurableObject(objectOf(name));
      expect((await queue(name).get("n")).why).toMatch(/; it expires at /);
      await pass(name, EXPIRES_S - 0.001);
      expect(await stateOf("n", name)).toBe("due");
      expect(await alarmOf(name)).toBe(begun + EXPIRES_S * 1000);
      await pass(name, 0.001);
      expect(await queue(name).get("n")).toMatchObject({
        state: "expired",
        payload: "p",
        expires: EXPIRES_S,
        endedAt: new Date(begun + EXPIRES_S * 1000).toISOString(),
      });
      expect(received).toEqual([]);
      expect(await rows(name)).toEqual([]);
    },
  );

  it("is counted, listed by its state, and kept as long as a failed one", async () => {
    await queue(Q).pause();
    await queue(Q).add([
      { name: "n", expires: 5 },
      { expires: 5 },
      { name: "stays" },
      { name: "waits", countdown: 60 },
    ]);
    await pass(Q, 5);
    expect(await statistics()).toMatchObject({
      tasks: 2,
      failed: 0,
      expired: 2,
      states: { failed: 0, expired: 2, due: 1, scheduled: 1 },
      expiredLastMinute: 2,
      failedLastMinute: 0,
    });
    const point = (await queue(Q).history()).points.at(-1);
    expect(point).toMatchObject({ expired: 2, failed: 0, tasks: 2 });
    const { tasks } = await queue(Q).list({ state: "expired" });
    expect(tasks.map(({ state }) => state)).toEqual(["expired", "expired"]);
    expect((await queue(Q).list({ state: "failed" })).tasks).toEqual([]);
    expect((await queue(Q).tombstones()).tombstones).toEqual([]);
    await expect(queue(Q).add({ name: "n" })).rejects.toMatchObject({
      code: "TOMBSTONED_TASK",
      details: { state: "expired" },
      message: expect.stringMatching(/expired before it was started at/),
    });
    await crash();
    expect(await statistics()).toMatchObject({ expired: 2, tasks: 2 });
  });

  it("is forgotten after keep_failed", async () => {
    await queue("brief").pause();
    await queue("brief").add({ name: "n", expires: 5 });
    await pass("brief", 5);
    expect(await stateOf("n", "brief")).toBe("expired");
    await pass("brief", 7 * 3600);
    await queue("brief").resume();
    await queue("brief").add({});
    await pass("brief", 1);
    expect((await queue("brief").list({ state: "expired" })).tasks).toEqual([]);
  });

  it.each([["by its name"], ["with all"], ["to run now"]])(
    "is put back %s, and expires no more",
    async (how) => {
      await queue(Q).pause();
      await queue(Q).add({ name: "n", expires: 5, payload: "p" });
      await pass(Q, 5);
      if (how === "by its name")
        expect(await queue(Q).redrive(["n"])).toEqual([{ name: "n", redriven: true }]);
      else if (how === "with all") expect(await queue(Q).redrive("all")).toEqual({ redriven: 1 });
      else await queue(Q).run("n");
      await pass(Q, 3600);
      if (how !== "to run now") expect(await stateOf("n")).toBe("due");
      await queue(Q).resume();
      await pass(Q, 1);
      expect(received.map(({ body }) => body)).toEqual(["p"]);
      expect(await statistics()).toMatchObject({ expired: 0, tasks: 0 });
    },
  );

  it("is deleted as a failed one is", async () => {
    await queue(Q).pause();
    await queue(Q).add({ name: "n", expires: 5 });
    await pass(Q, 5);
    expect(await queue(Q).delete(["n"])).toEqual([{ name: "n", deleted: true }]);
    expect(await stateOf("n")).toBe("deleted");
    expect(await statistics()).toMatchObject({ expired: 0 });
  });

  it("is none for the dead-letter queue", async () => {
    await queue("dead-letters").pause();
    await queue("dead-letters").add({ name: "n", expires: 5 });
    await pass("dead-letters", 60);
    expect(await stateOf("n", "dead-letters")).toBe("expired");
    expect(await rowsOf("dead-letters", "SELECT * FROM outbox")).toEqual([]);
  });

  it("has failed for its group, which says why", async () => {
    await queue(Q).pause();
    await queue(Q).group({ name: "g", tasks: [{ name: "n", expires: 5 }, {}] });
    await work([Q, groupObject("g")], async () => (await statistics()).tasks === 2);
    await pass(Q, 5);
    await queue(Q).resume();
    const progress = () => group(env, "g").progress();
    await work([Q, groupObject("g")], async () => (await progress()).state !== "running");
    expect(await progress()).toMatchObject({ state: "failed", failed: 1, done: 1 });
    const results: unknown[] = [];
    for await (const result of group(env, "g").results()) results.push(result);
    expect(results).toMatchObject([
      { name: "n", state: "failed", error: "expired" },
      { state: "done" },
    ]);
  });

  it("ends a wait for its result", async () => {
    await queue("results").pause();
    await queue("results").add({ name: "n", expires: 5 });
    const result = queue("results").result("n", { timeout: 60 });
    result.catch(() => {});
    await pass("results", 5);
    await expect(result).rejects.toThrow(/has expired before it was started/);
  });
});

describe("a task that is started in time", () => {
  it("expires no more: while it runs, between its retries, and after a crash in its first attempt", async () => {
    const attempt = held(HANDLER);
    await queue(Q).add({ name: "n", expires: 5 });
    await fire(Q);
    await until(() => attempt.started() === 1);
    expect(await rows()).toEqual([]);
    await crash();
    await queue(Q).pause();
    await pass(Q, 3600);
    expect(await stateOf("n")).toBe("due");
    await queue(Q).resume();
    await fire(Q);
    await until(() => attempt.started() === 2);
    attempt.answer(1, 500);
    await until(async () => (await queue(Q).get("n")).retryCount > 0);
    expect((await queue(Q).get("n")).why).not.toMatch(/expires/);
    attempt.answer("n", 200);
    await pass(Q, 60);
    expect(await stateOf("n")).toBe("done");
    expect(await statistics()).toMatchObject({ expired: 0 });
  });

  it("is not started when its alarm came too late", async () => {
    await queue(Q).add([{ name: "n", expires: 5 }, { name: "m" }]);
    await crash();
    clock.now += 6000;
    await pass(Q, 1);
    expect(await stateOf("n")).toBe("expired");
    expect(await stateOf("m")).toBe("done");
    expect(received).toHaveLength(1);
  });

  it("leaves no row where it is deleted, purged or replaced before", async () => {
    await queue(Q).pause();
    const task = (name: string) => ({ name, expires: 50.0015 });
    await queue(Q).add(["a", "b", "c"].map(task));
    await queue(Q).delete(["a"]);
    await queue(Q).add({ name: "b", ifExists: "replace" });
    expect(await rows()).toHaveLength(1);
    await queue(Q).purge();
    expect(await rows()).toEqual([]);
  });

  it("was asked to run now, and does not expire while it waits for a slot", async () => {
    const attempt = held("/_ah/queue/two-at-once");
    const q = queue("two-at-once");
    await q.add([{}, {}]);
    await fire("two-at-once");
    await until(() => attempt.started() === 2);
    await q.add({ name: "n", expires: 5 });
    expect((await q.get("n")).why).toMatch(/expires at/);
    await q.run("n");
    expect((await q.get("n")).why).not.toMatch(/expires at/);
    clock.now += 6000;
    await fire("two-at-once").catch(() => {});
    expect(await stateOf("n", "two-at-once")).toBe("due");
    for (const which of [0, 1, 2]) attempt.answer(which, 200);
    await pass("two-at-once", 1);
    expect(await stateOf("n", "two-at-once")).toBe("done");
  });

  it("is given no time at which it will have expired", async () => {
    await queue(Q).add({ name: "n", expires: 60, countdown: 30 });
    await expect(queue(Q).reschedule("n", { countdown: 60 })).rejects.toMatchObject({
      code: "INVALID_ETA",
      message: expect.stringMatching(
        /^time: found .* expected an instant before .* the task expires/,
      ),
    });
    expect(await queue(Q).reschedule("n", { countdown: 59 })).toMatchObject({ state: "scheduled" });
  });
});

describe("a pull task", () => {
  it("expires where nobody has leased it, and not once somebody has", async () => {
    const pull = queue("pull");
    await pull.add([
      { name: "leased", payload: "", expires: 5 },
      { name: "waits", payload: "", expires: 5 },
    ]);
    const [task] = await pull.lease({ leaseSeconds: 1, maxTasks: 1 });
    expect(await rows("pull")).toHaveLength(1);
    await pass("pull", 5);
    expect(await stateOf("waits", "pull")).toBe("expired");
    expect(await pull.get(task?.name as string)).toMatchObject({ name: "leased", state: "due" });
    clock.now += 1;
    expect(await pull.lease({ leaseSeconds: 60, maxTasks: 9 })).toMatchObject([{ name: "leased" }]);
  });
});

it("a lease passes over what has expired, though no alarm came for it", async () => {
  const pull = queue("pull");
  await pull.add({ name: "late", payload: "", expires: 5 });
  clock.now += 1;
  await pull.add({ name: "n", payload: "" });
  clock.now += 6000;
  expect(await pull.lease({ leaseSeconds: 60, maxTasks: 1 })).toMatchObject([{ name: "n" }]);
  expect(await stateOf("late", "pull")).toBe("expired");
});

it("is kept by a handler that fails as any other", async () => {
  handlers.set("/_ah/queue/brief", () => new Response(null, { status: 500 }));
  await queue("brief").add({ name: "n", expires: 5 });
  await pass("brief", 1);
  expect(await stateOf("n", "brief")).toBe("failed");
});
