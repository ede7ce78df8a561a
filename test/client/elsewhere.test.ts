// The client for elsewhere beside the Worker's own: the same verbs with the same types, and for the same mistakes the
// same classes with the same codes.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type NewGroup, type QueueHandle, ResultError, TaskQueueError } from "../../src/index.ts";
import type { RemoteGroup, RemoteQueue } from "../../src/remote/index.ts";
import { elsewhere } from "../support/doors.ts";
import { freshStart, pass, queue } from "../support/time.ts";
import { work } from "../support/together.ts";
import { cron, group, handlers } from "../support/worker.ts";

beforeEach(freshStart);

/** What the client for elsewhere has not: waiting in a line step by step, the file's entry, and what is for routes. */
type Missing = "lineUp" | "addFrom" | "config" | "pulse" | "group";
const sameTypes = <P>(remote: RemoteQueue<P>): Omit<QueueHandle<P>, Missing> => remote;
type GroupVerbs = "name" | "add" | "close" | "cancel" | "progress" | "watch" | "results";
const sameGroup = (remote: RemoteGroup): Pick<ReturnType<typeof group>, GroupVerbs> => remote;

type Verbs = Pick<
  QueueHandle,
  Exclude<keyof QueueHandle, "lineUp" | "addFrom" | "config" | "pulse">
>;
type Sides = { queue: (name: string) => Verbs; group: typeof ownGroup; cron: typeof ownCron };

const ownGroup = (name: string) => group(env, name) as Pick<ReturnType<typeof group>, GroupVerbs>;
const ownCron = () => cron(env) as Pick<ReturnType<typeof cron>, "run" | "pause" | "resume">;
const inside: Sides = { queue, group: ownGroup, cron: ownCron };
const outside: Sides = {
  queue: (name) => {
    const remote = elsewhere().get(name);
    const group = (given: NewGroup) => remote.group(given);
    return new Proxy(sameTypes(remote), {
      get: (own, verb) =>
        verb === "group" ? group : (Reflect.get(own, verb, own) as () => unknown).bind(own),
    }) as unknown as Verbs;
  },
  group: (name) => sameGroup(elsewhere().group(name)),
  cron: () => elsewhere().cron(),
};

const circle: Record<string, unknown> = {};
circle.self = circle;

const MISTAKES: [what: string, call: (on: Sides) => Promise<unknown>][] = [
  ["a queue that is not there", (on) => on.queue("nowhere").add({})],
  ["a queue's name that leads up", (on) => on.queue("..").describe()],
  ["a queue's name of dots", (on) => on.queue(".").purge()],
  ["a queue's name that is empty", (on) => on.queue("").remove()],
  ["a queue's name with a verb in it", (on) => on.queue("push:purge").describe()],
  ["a queue's name with a query in it", (on) => on.queue("push?x").describe()],
  ["a task's name with a verb in it", (on) => on.queue("push").get("a:run")],
  ["a task's name with a slash", (on) => on.queue("push").run("a/b")],
  ["a task's name of dots", (on) => on.queue("push").release("..")],
  ["a task's name that is empty", (on) => on.queue("push").reschedule("", { countdown: 1 })],
  ["a task's name with half a pair", (on) => on.queue("push").get("\ud800")],
  ["a task that is not there", (on) => on.queue("push").get("nobody")],
  ["a task to run that is not there", (on) => on.queue("push").run("nobody")],
  ["a new name that is none", (on) => on.queue("push").add({ name: "a b" })],
  ["a url with another scheme", (on) => on.queue("push").add({ url: "ftp://x.example/" })],
  ["an eta that is none", (on) => on.queue("push").add({ eta: "tomorrow" })],
  ["a Date that is none", (on) => on.queue("push").add({ eta: new Date(Number.NaN) })],
  ["a countdown without an end", (on) => on.queue("push").add({ countdown: 1e99 })],
  ["a field nobody knows", (on) => on.queue("push").add({ nmae: "x" } as object)],
  ["tasks as a task", (on) => on.queue("push").add({ tasks: [{}] } as object)],
  ["a function as a payload", (on) => on.queue("push").add({ payload: () => {} })],
  ["a map as a payload", (on) => on.queue("push").add({ payload: new Map([["a", 1]]) })],
  ["a circle as a payload", (on) => on.queue("push").add({ payload: circle })],
  ["a bigint as a payload", (on) => on.queue("push").add({ payload: { n: 1n } })],
  ["a payload too large", (on) => on.queue("push").add({ payload: "x".repeat(200_000) })],
  ["a call too large", (on) => on.queue("pull").add({ payload: new Uint8Array(31 * 1024 ** 2) })],
  ["more than a thousand", (on) => on.queue("push").add(Array.from({ length: 1001 }, () => ({})))],
  ["a name twice", (on) => on.queue("push").add([{ name: "a" }, { name: "a" }])],
  ["a bad one among many", (on) => on.queue("push").add([{}, { name: "a b" }])],
  ["a lease of a push queue", (on) => on.queue("push").lease({ leaseSeconds: 1, maxTasks: 1 })],
  ["a lease too long", (on) => on.queue("pull").lease({ leaseSeconds: 1e9, maxTasks: 1 })],
  [
    "a lease of no number",
    (on) => on.queue("pull").lease({ leaseSeconds: Number.NaN, maxTasks: 1 }),
  ],
  [
    "a wait too long",
    (on) => on.queue("pull").lease({ leaseSeconds: 1, maxTasks: 1, waitSeconds: 61 }),
  ],
  ["a token that is none", (on) => on.queue("pull").modifyLease({ name: "x", lease: "y" }, 1)],
  ["a task to give up that is not there", (on) => on.queue("pull").fail({ name: "x", lease: "y" })],
  ["names that are none", (on) => on.queue("push").delete(["a", "b c"])],
  ["a name to delete twice", (on) => on.queue("push").delete(["a", "a"])],
  ["a limit of nothing", (on) => on.queue("push").list({ limit: 0 })],
  ["a cursor of nowhere", (on) => on.queue("push").list({ cursor: "x" })],
  ["a span nobody keeps", (on) => on.queue("push").history("1y" as "6h")],
  ["a timeout that is none", (on) => on.queue("push").result("x", { timeout: -1 })],
  ["a queue of the file", (on) => on.queue("push").define({ rate: "1/s" })],
  ["a queue of the file to remove", (on) => on.queue("push").remove()],
  ["a group that is not there", (on) => on.group("nobody").progress()],
  ["a group's name that leads up", (on) => on.group("..").close()],
  ["a group's name with half a pair", (on) => on.group("\ud800").cancel()],
  ["a group of nothing", (on) => on.queue("push").group({})],
  ["a group with a field nobody knows", (on) => on.queue("push").group({ tsaks: [] } as object)],
  ["an entry that is not there", (on) => on.cron().run("nobody")],
  ["an entry's name that leads up", (on) => on.cron().pause("..")],
  ["an entry's name with a slash", (on) => on.cron().resume("a/b")],
];

async function thrownBy(work: () => Promise<unknown>): Promise<TaskQueueError> {
  const error = await work().then(
    () => "nothing was thrown",
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(TaskQueueError);
  return error as TaskQueueError;
}

describe("what is refused inside is refused from elsewhere", () => {
  it.each(MISTAKES)("%s", async (_, call) => {
    const own = await thrownBy(() => call(inside));
    const theirs = await thrownBy(() => call(outside));
    expect([theirs.name, theirs.code, theirs.status]).toEqual([own.name, own.code, own.status]);
    expect(theirs.constructor).toBe(own.constructor);
  });
});

describe("from elsewhere", () => {
  it("a name that is taken is the error of its own entry", async () => {
    const push = elsewhere().get("push");
    await push.add({ name: "once" });
    const error = await thrownBy(() => push.add({ name: "once" }));
    expect(error.code).toBe("TASK_ALREADY_EXISTS");
    const [taken, added] = await push.add([{ name: "once" }, { name: "other" }]);
    expect(taken?.error).toBeInstanceOf(TaskQueueError);
    expect(added?.task?.name).toBe("other");
    const all = push.add([{ name: "once" }, { name: "third" }], { atomic: true });
    expect((await thrownBy(() => all)).code).toBe("TASK_ALREADY_EXISTS");
    await pass("push", 0);
    expect((await thrownBy(() => push.add({ name: "once" }))).code).toBe("TOMBSTONED_TASK");
  });

  it("a task without a name gets one, unless that is not wanted", async () => {
    const push = elsewhere().get("stopped");
    const { name } = await push.add({ payload: "x" });
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    const plain = await push.add({ payload: "x" }, { idempotent: false });
    expect(plain.name).toMatch(/^[0-9a-z]{20}$/);
    const [first, chosen] = await push.add([{}, { name: "mine" }]);
    expect(first?.task?.name).toMatch(/^[0-9a-f]{32}$/);
    expect(chosen?.task?.name).toBe("mine");
  });

  it("bytes and dates arrive as they were", async () => {
    const pull = elsewhere().get("pull");
    const eta = new Date(Date.UTC(2050, 0, 2));
    await pull.add([
      { name: "bytes", payload: new Uint16Array([1, 2]) },
      { name: "late", payload: "", eta },
    ]);
    expect((await pull.get("bytes")).payloadBase64).toBe("AQACAA==");
    expect((await pull.get("late")).eta).toBe(eta.toISOString());
  });

  it("results are values, or an error that has the task", async () => {
    handlers.set("/_ah/queue/results", () => Response.json({ sum: 3 }));
    handlers.set("/bad", () => new Response("no", { status: 500 }));
    const results = elsewhere().get("results");
    await results.add([{ name: "good" }, { name: "bad", url: "/bad" }]);
    await pass("results", 0);
    expect(await results.result("good")).toEqual({ sum: 3 });
    const failed = results.result("bad");
    await expect(failed).rejects.toBeInstanceOf(ResultError);
    await results.add({ name: "late", countdown: 60 });
    await expect(results.result("late", { timeout: 0.1 })).rejects.toThrow("has not ended");
  });

  it("pull tasks are leased, kept and acknowledged", async () => {
    const pull = elsewhere().get("pull");
    await pull.add([
      { name: "a", payload: 1 },
      { name: "b", payload: 2, tag: "t" },
    ]);
    const [task] = await pull.lease({ leaseSeconds: 10, maxTasks: 5, tag: "t" });
    const longer = await pull.modifyLease(task as { name: string }, 60);
    expect(longer.lease).not.toBe(task?.lease);
    expect(await pull.acknowledge([task as { name: string }])).toMatchObject([
      { name: "b", acknowledged: false, error: { code: "TASK_LEASE_EXPIRED" } },
    ]);
    expect(await pull.acknowledge([longer])).toEqual([{ name: "b", acknowledged: true }]);
  });

  it("the rest of the verbs answer as inside", async () => {
    const made = elsewhere().get("made");
    expect(await made.define({ rate: "500/s", bucket_size: 5 })).toMatchObject({ name: "made" });
    expect((await made.pause()).state).toBe("paused");
    expect((await made.resume()).state).toBe("running");
    await made.add([
      { name: "x", countdown: 60 },
      { name: "y", countdown: 60 },
    ]);
    expect((await made.list({ prefix: "x" })).tasks.map(({ name }) => name)).toEqual(["x"]);
    expect(await made.delete(["x", "z"])).toEqual([
      { name: "x", deleted: true },
      { name: "z", deleted: false },
    ]);
    expect((await made.tombstones()).tombstones.map(({ name }) => name)).toEqual(["x"]);
    expect(await made.release("x")).toEqual({ name: "x", released: true });
    expect((await made.reschedule("y", { countdown: 90 })).state).toBe("scheduled");
    expect((await made.purge()).statistics.tasks).toBe(0);
    expect(await made.redrive("all")).toEqual({ redriven: 0 });
    expect(await made.redrive(["y"])).toEqual([{ name: "y", redriven: false }]);
    expect((await made.history("6h")).slotSeconds).toBe(120);
    const page = await elsewhere().list({ limit: 1 });
    expect([page.queues.length, typeof page.cursor]).toEqual([1, "string"]);
    expect(await elsewhere().cron().list()).toEqual([]);
    const { queues, total } = await elsewhere().costs();
    expect(queues.find(({ name }) => name === made.name)?.rowsWritten).toBeGreaterThan(0);
    expect(total.perMonth.dollarsPastIncluded).toBeGreaterThanOrEqual(0);
    await made.remove();
    expect((await thrownBy(() => made.describe())).code).toBe("UNKNOWN_QUEUE");
  });

  it("groups are made, watched and read", async () => {
    handlers.set("/_ah/queue/results", () => Response.json("done"));
    const made = await elsewhere()
      .get("results")
      .group({ tasks: [{}, { payload: 1 }], open: true });
    await made.add([{ queue: "results" }]);
    await made.close();
    const states: string[] = [];
    const watched = (async () => {
      for await (const { state } of elsewhere().group(made.name).watch()) states.push(state);
    })();
    const isDone = async () => (await made.progress()).state === "done";
    await work(["results", `/groups/${made.name}`], isDone);
    await watched;
    expect(states.at(-1)).toBe("done");
    const results = [];
    for await (const result of made.results()) results.push(result);
    expect(results.map(({ index, result }) => [index, result])).toEqual([
      [0, "done"],
      [1, "done"],
      [2, "done"],
    ]);
  });

  it("a signal ends a call", async () => {
    const reason = new Error("enough");
    const pull = elsewhere().get("pull");
    const wait = { leaseSeconds: 1, maxTasks: 1, waitSeconds: 60 };
    const controller = new AbortController();
    const leased = pull.lease(wait, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(leased).rejects.toBe(reason);
    await expect(pull.describe({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
