// Adding by rules: ifExists, debounce and throttle, at the front door.
import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { NewTask } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import {
  crash,
  fire,
  freshStart,
  groupObject,
  objectOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { handlers, held, received } from "../../support/worker.ts";

const Q = "push";
const HANDLER = `/_ah/queue/${Q}`;
const TAKEN = { code: "TASK_ALREADY_EXISTS" };

beforeEach(freshStart);

const bodies = () => received.map(({ body }) => body);
const add = (task: NewTask, name = Q) => queue(name).add({ name: "n", ...task });
const statistics = async (name = Q) => (await queue(name).describe()).statistics;

describe("ifExists: keep", () => {
  const keep = (task: NewTask = {}) => add({ ifExists: "keep", ...task });

  it("adds where the name is free, and answers with the living task where it is not", async () => {
    const first = await keep({ payload: "a", countdown: 60 });
    expect(first).toMatchObject({ name: "n", state: "scheduled", outcome: "added" });
    const again = await keep({ payload: "b" });
    expect(again).toMatchObject({ state: "scheduled", outcome: "kept", eta: first.eta });
    expect(again).not.toHaveProperty("payload");
    expect((await queue(Q).get("n")).payload).toBe("a");
    expect((await statistics()).addedLastMinute).toBe(1);
  });

  it("answers with a task that runs, and with one that was added without a rule", async () => {
    const attempt = held(HANDLER);
    await add({});
    await fire(Q);
    await until(() => attempt.started() === 1);
    expect(await keep()).toMatchObject({ state: "running", outcome: "kept" });
    attempt.answer("n", 200);
  });

  it("is refused a tombstone's name as any task is", async () => {
    await add({});
    await pass(Q, 0);
    await expect(keep()).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
  });

  it("says in a batch what became of each", async () => {
    await add({ countdown: 60 });
    const results = await queue(Q).add([
      { name: "n", ifExists: "keep" },
      { name: "m", ifExists: "keep" },
      { name: "n2" },
      {},
    ]);
    expect(results.map(({ task }) => task?.outcome)).toEqual([
      ...["kept", "added", undefined, undefined],
    ]);
    const atomic = [{ name: "n", ifExists: "keep" as const }, { name: "o" }];
    expect(await queue(Q).add(atomic, { atomic: true })).toMatchObject([
      { task: { outcome: "kept" } },
      { task: { name: "o" } },
    ]);
  });

  it("takes a name once among adds that are sent together", async () => {
    const adds = [keep(), keep(), add({ name: "other" }), keep()];
    const outcomes = (await Promise.all(adds)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["added", "kept", undefined, "kept"]);
  });
});

describe("ifExists: replace", () => {
  const replace = (task: NewTask = {}, name = Q) => add({ ifExists: "replace", ...task }, name);

  it("puts the new one in the place of one that waits, which leaves nothing", async () => {
    await add({ payload: "a", countdown: 60, headers: { "X-A": "1" } });
    const replaced = await replace({ payload: "b", countdown: 30 });
    expect(replaced).toMatchObject({ state: "scheduled", outcome: "replaced" });
    expect(replaced.headers).toBeUndefined();
    const [point] = (await queue(Q).history()).points;
    expect(point).toMatchObject({ added: 2, deleted: 1, tasks: 1 });
    await evictDurableObject(objectOf(Q));
    await pass(Q, 90);
    expect(bodies()).toEqual(["b"]);
    expect(await statistics()).toMatchObject({ tasks: 0, failed: 0 });
  });

  it("replaces one that waits for a retry, whose attempts go with it", async () => {
    handlers.set("/_ah/queue/slow-retry", () => new Response(null, { status: 500 }));
    await add({}, "slow-retry");
    await pass("slow-retry", 1);
    expect((await queue("slow-retry").get("n")).retryCount).toBe(1);
    await replace({}, "slow-retry");
    expect((await queue("slow-retry").get("n")).retryCount).toBe(0);
  });

  it("is refused while the task runs, with the reason, and leaves it alone", async () => {
    const attempt = held(HANDLER);
    await add({});
    await fire(Q);
    await until(() => attempt.started() === 1);
    await expect(replace()).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringMatching(/which is running$/),
    });
    const results = queue(Q).add([{ name: "n", ifExists: "replace" }], { atomic: true });
    await expect(results).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringMatching(/which is running$/),
    });
    attempt.answer("n", 200);
    await until(async () => (await queue(Q).get("n")).state === "done");
  });

  it("is refused for a leased pull task, and not for one that waits", async () => {
    await add({ payload: "a" }, "pull");
    expect(await replace({ payload: "b" }, "pull")).toMatchObject({ outcome: "replaced" });
    const [task] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 2 });
    expect(task?.payload).toBe("b");
    await expect(replace({ payload: "c" }, "pull")).rejects.toMatchObject({
      message: expect.stringMatching(/which is leased$/),
    });
  });

  it("is refused for a group's subtask, whose group waits for that very task", async () => {
    await queue(Q).group({ name: "g", tasks: [{ name: "n", countdown: 60 }] });
    const isThere = async () => (await queue(Q).list()).tasks.length === 1;
    await work([Q, groupObject("g")], isThere);
    await expect(replace()).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringMatching(/of the group "g"$/),
    });
  });

  it("is refused a tombstone's name", async () => {
    await add({ countdown: 60 });
    await queue(Q).delete(["n"]);
    await expect(replace()).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
  });
});

describe("debounce", () => {
  const debounce = (payload: string, more: NewTask = {}) =>
    add({ payload, debounce: { seconds: 10, max: 25 }, ...more });

  it("runs the last one alone, so many seconds after it", async () => {
    expect(await debounce("a")).toMatchObject({ outcome: "added", state: "scheduled" });
    await pass(Q, 6);
    expect(await debounce("b")).toMatchObject({ outcome: "debounced" });
    await crash();
    await pass(Q, 9);
    expect(bodies()).toEqual([]);
    await pass(Q, 1);
    expect(bodies()).toEqual(["b"]);
    expect(await queue(Q).get("n")).toMatchObject({ state: "done" });
  });

  it("waits no longer than its max after the first, however many come", async () => {
    const begun = clock.now;
    for (let second = 0; second < 24; second += 6) {
      await debounce(`${second}`);
      await pass(Q, 6);
    }
    const last = await debounce("24");
    expect(Date.parse(last.eta as string)).toBe(begun + 25_000);
    await pass(Q, 1);
    expect(bodies()).toEqual(["24"]);
  });

  it("begins anew after its task has run, whatever the tombstone says", async () => {
    await debounce("a");
    await pass(Q, 10);
    expect(await debounce("b")).toMatchObject({ outcome: "added" });
    await pass(Q, 10);
    expect(bodies()).toEqual(["a", "b"]);
    await expect(add({})).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
  });

  it("has one wait behind a task that runs, which is neither lost nor beside it", async () => {
    const attempt = held(HANDLER);
    await debounce("a");
    await pass(Q, 9);
    await fire(Q);
    await until(() => attempt.started() === 1);
    expect(await debounce("b")).toMatchObject({ outcome: "added" });
    const next = await debounce("c");
    expect(next).toMatchObject({ outcome: "debounced", state: "scheduled" });
    expect(await queue(Q).get("n")).toMatchObject({ state: "running", next: { eta: next.eta } });
    expect(await queue(Q).get("n")).toMatchObject({ payload: "a" });
    clock.now += 60_000;
    expect(attempt.started()).toBe(1);
    attempt.answer("n", 200);
    await until(async () => (await queue(Q).get("n")).payload === "c");
    await fire(Q);
    await until(() => attempt.started() === 2);
    attempt.answer("n", 200);
    await until(async () => (await queue(Q).get("n")).state === "done");
    expect((await statistics()).tasks).toBe(0);
  });

  it("keeps what waits behind a task over a crash, and through its retries", async () => {
    let status = 500;
    handlers.set("/_ah/queue/slow-retry", () => new Response(null, { status }));
    const slow = (payload: string) =>
      queue("slow-retry").add({ name: "n", payload, debounce: { seconds: 1 } });
    await slow("a");
    await pass("slow-retry", 2);
    expect(await slow("b")).toMatchObject({ outcome: "added" });
    await crash();
    expect(await slow("c")).toMatchObject({ outcome: "debounced" });
    status = 200;
    await pass("slow-retry", 60);
    expect(bodies()).toEqual(["a", "a", "c"]);
  });

  it("starts what waits where the task before it fails, whose record has a name of its own", async () => {
    let status = 500;
    handlers.set("/_ah/queue/one-retry", () => new Response(null, { status }));
    const one = (payload: string) =>
      queue("one-retry").add({ name: "n", payload, debounce: { seconds: 1 } });
    await one("a");
    await pass("one-retry", 1.05);
    expect(await one("b")).toMatchObject({ outcome: "added" });
    await pass("one-retry", 0.5);
    const { tasks } = await queue("one-retry").list({ state: "failed" });
    expect(tasks).toMatchObject([{ payload: "a", state: "failed" }]);
    const [failed] = tasks;
    expect(failed?.name).not.toBe("n");
    expect(await queue("one-retry").get(failed?.name as string)).toMatchObject({ state: "failed" });
    status = 200;
    await pass("one-retry", 5);
    expect(await queue("one-retry").get("n")).toMatchObject({ state: "done" });
    expect(await queue("one-retry").redrive([failed?.name as string])).toMatchObject([
      { redriven: true },
    ]);
    await pass("one-retry", 1);
    expect(bodies().slice(-2)).toEqual(["b", "a"]);
  });

  it("makes room for a new window where the last one's task has failed", async () => {
    handlers.set("/_ah/queue/brief", () => new Response(null, { status: 500 }));
    const brief = () => queue("brief").add({ name: "n", debounce: { seconds: 1 } });
    await brief();
    await pass("brief", 2);
    expect(await queue("brief").get("n")).toMatchObject({ state: "failed" });
    expect(await brief()).toMatchObject({ outcome: "added" });
    expect((await queue("brief").list({ state: "failed" })).tasks).toHaveLength(1);
    expect(await queue("brief").get("n")).toMatchObject({ state: "scheduled" });
  });

  it("deletes what waits behind a task with it", async () => {
    const attempt = held(HANDLER);
    await debounce("a");
    await pass(Q, 9);
    await fire(Q);
    await until(() => attempt.started() === 1);
    await debounce("b");
    expect(await queue(Q).delete(["n"])).toEqual([{ name: "n", deleted: true }]);
    attempt.answer("n", 200);
    await until(async () => (await statistics()).inFlight === 0);
    await pass(Q, 60);
    expect(attempt.started()).toBe(1);
    expect(await queue(Q).get("n")).toMatchObject({ state: "deleted" });
  });

  it("purges what waits behind a task with it", async () => {
    const attempt = held(HANDLER);
    await debounce("a");
    await pass(Q, 9);
    await fire(Q);
    await until(() => attempt.started() === 1);
    await debounce("b");
    await queue(Q).purge();
    attempt.answer("n", 200);
    await until(async () => (await statistics()).inFlight === 0);
    await crash();
    await pass(Q, 60);
    expect(attempt.started()).toBe(1);
  });

  it("holds for pull tasks: behind a leased one", async () => {
    const pull = queue("pull");
    const one = (payload: string) => pull.add({ name: "n", payload, debounce: { seconds: 5 } });
    await one("a");
    clock.now += 5001;
    const [task] = await pull.lease({ leaseSeconds: 60, maxTasks: 2 });
    expect(task?.payload).toBe("a");
    expect(await one("b")).toMatchObject({ outcome: "added" });
    clock.now += 6000;
    expect(await pull.lease({ leaseSeconds: 60, maxTasks: 2 })).toEqual([]);
    await pull.acknowledge([task as { name: string; lease: string }]);
    clock.now += 1;
    expect(await pull.lease({ leaseSeconds: 60, maxTasks: 2 })).toMatchObject([{ payload: "b" }]);
  });

  it("is refused where a task of the name lives that was added without a window", async () => {
    await add({ countdown: 60 });
    await expect(debounce("a")).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringMatching(/added without debounce or throttle$/),
    });
  });
});

describe("throttle", () => {
  const throttle = (payload: string, more: NewTask = {}) =>
    add({ payload, throttle: { seconds: 60 }, ...more });

  it("runs the first one of a window, and answers the others with it", async () => {
    expect(await throttle("a")).toMatchObject({ outcome: "added" });
    expect(await throttle("b")).toMatchObject({ outcome: "throttled", state: "due" });
    await pass(Q, 0);
    await crash();
    await pass(Q, 59);
    expect(await throttle("c")).toMatchObject({ outcome: "throttled", state: "done", name: "n" });
    await pass(Q, 1);
    expect(await throttle("d")).toMatchObject({ outcome: "added" });
    await pass(Q, 60);
    expect(bodies()).toEqual(["a", "d"]);
  });

  it("knows its window longer than the queue's tombstones live", async () => {
    const brief = () => queue("brief").add({ name: "n", throttle: { seconds: 3600 } });
    await brief();
    await pass("brief", 600);
    expect(await brief()).toMatchObject({ outcome: "throttled", state: "done" });
    await pass("brief", 3000);
    expect(await brief()).toMatchObject({ outcome: "added" });
  });

  it("has the one of the next window wait for the end of one that still runs", async () => {
    const attempt = held(HANDLER);
    await throttle("a");
    await fire(Q);
    await until(() => attempt.started() === 1);
    clock.now += 60_000;
    expect(await throttle("b")).toMatchObject({ outcome: "added" });
    expect(await throttle("c")).toMatchObject({ outcome: "throttled", state: "due" });
    attempt.answer("n", 200);
    await until(async () => (await queue(Q).get("n")).payload === "b");
    await fire(Q);
    await until(() => attempt.started() === 2);
    attempt.answer("n", 200);
    await until(async () => (await queue(Q).get("n")).state === "done");
  });

  it("opens where its task was deleted", async () => {
    await throttle("a", { countdown: 30 });
    await queue(Q).delete(["n"]);
    expect(await throttle("b")).toMatchObject({ outcome: "added" });
  });
});
