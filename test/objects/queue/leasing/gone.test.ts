// A worker that goes away while it waits takes no task with it, by whichever door it came and at whatever moment.
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LeaseTurn } from "../../../../src/client/lease-turn.ts";
import type { Task } from "../../../../src/index.ts";
import { Leasing } from "../../../../src/objects/queue/leasing/leasing.ts";
import { clock } from "../../../support/clock.ts";
import { inject } from "../../../support/faults.ts";
import { crash, freshStart, objectsOf, queue, until } from "../../../support/time.ts";
import { get, handlers } from "../../../support/worker.ts";

beforeEach(freshStart);

const own = (exports as unknown as { default: Fetcher }).default;
const ORIGIN = "http://127.0.0.1:8787";
const WAIT = { leaseSeconds: 60, maxTasks: 1, waitSeconds: 60 };
const NOW = { leaseSeconds: 60, maxTasks: 1 };

type Request = Partial<typeof WAIT> & { tag?: string };

interface Poller {
  /** What it got, or undefined when it left before. */
  got: Promise<Task[] | undefined>;
  leave(): void;
}

type Door = (queue: string, request?: Request) => Poller;

function poller(ask: (signal: AbortSignal) => Promise<Task[]>): Poller {
  const controller = new AbortController();
  const got = ask(controller.signal).catch((error) => {
    if (!controller.signal.aborted) throw error;
    return undefined;
  });
  return { got, leave: () => controller.abort() };
}

const DOORS: Record<string, Door> = {
  "the client": (name, request) =>
    poller((signal) => queue(name).lease({ ...WAIT, ...request }, { signal })),
  HTTP: (name, request) =>
    poller(async (signal) => {
      const body = JSON.stringify({ ...WAIT, ...request });
      const url = `${ORIGIN}/_ah/api/queues/${name}/tasks:lease`;
      const response = await own.fetch(url, { method: "POST", body, signal });
      return ((await response.json()) as { tasks: Task[] }).tasks;
    }),
  // Its invocation ends with its client, and nothing of it runs any more.
  "a Worker that looks at no signal": (name, request) => {
    handlers.set("/poll", async () =>
      Response.json(await get(env, name).lease({ ...WAIT, ...request })),
    );
    return poller(async (signal) => (await own.fetch(`${ORIGIN}/poll`, { signal })).json());
  },
};

/** Counts the leases that the queue's objects are asked for from now on, each by as many workers. */
function leasesOf(name: string): () => number {
  const lease = vi.spyOn(Leasing.prototype, "lease");
  onTestFinished(() => lease.mockRestore());
  return () => Math.floor(lease.mock.calls.length / objectsOf(name).length);
}

/** Until the object has heard what was said to it. */
async function heard(name: string): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await queue(name).describe();
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

async function stateOf(name: string, task: string) {
  const { state, retryCount } = await queue(name).get(task);
  return { state, retryCount };
}

describe.each(Object.entries(DOORS))("a worker by %s that goes away", (_, come) => {
  const name = "pull-once";

  it("while it waits leaves the next task to a live one, and that is its first lease", async () => {
    const gone = come(name);
    await heard(name);
    gone.leave();
    await gone.got;
    await heard(name);
    await queue(name).add({ name: "n1", payload: "" });
    expect(await stateOf(name, "n1")).toEqual({ state: "due", retryCount: 0 });
    expect(await queue(name).lease(NOW)).toMatchObject([{ name: "n1", retryCount: 1 }]);
  });

  it("in the turn its task comes leaves it to a live one", async () => {
    const gone = come(name);
    await heard(name);
    const adding = queue(name).add({ name: "n1", payload: "" });
    gone.leave();
    await adding;
    await gone.got;
    await heard(name);
    expect(await queue(name).lease(NOW)).toMatchObject([{ name: "n1", retryCount: 1 }]);
  });

  it("before its call is there leaves it to a live one", async () => {
    const gone = come(name);
    gone.leave();
    await gone.got;
    await queue(name).add({ name: "n1", payload: "" });
    await heard(name);
    expect(await queue(name).lease(NOW)).toMatchObject([{ name: "n1", retryCount: 1 }]);
  });

  it("from the middle of the line wakes nobody and costs nobody the place", async () => {
    const first = come(name);
    await heard(name);
    const gone = come(name);
    await heard(name);
    const last = come(name);
    await heard(name);
    let ended = 0;
    for (const { got } of [first, last]) void got.finally(() => ended++);
    gone.leave();
    await gone.got;
    await heard(name);
    expect(ended).toBe(0);
    await queue(name).add({ name: "n1", payload: "" });
    expect(await first.got).toMatchObject([{ name: "n1", retryCount: 1 }]);
    await queue(name).add({ name: "n2", payload: "" });
    expect(await last.got).toMatchObject([{ name: "n2", retryCount: 1 }]);
  });

  it("keeps what it was answered before, though the signal aborts afterwards", async () => {
    const live = come(name);
    await heard(name);
    await queue(name).add({ name: "n1", payload: "" });
    const held = (await live.got) as Task[];
    live.leave();
    await heard(name);
    expect(await stateOf(name, "n1")).toEqual({ state: "leased", retryCount: 1 });
    expect(await queue(name).acknowledge(held)).toMatchObject([{ acknowledged: true }]);
  });

  it("by the two hundred leaves none behind", async () => {
    const leases = leasesOf(name);
    const gone = Array.from({ length: 200 }, () => come(name, { tag: "blue" }));
    await until(() => leases() >= 200);
    await heard(name);
    for (const { leave } of gone) leave();
    await Promise.all(gone.map(({ got }) => got));
    await heard(name);
    await queue(name).add({ name: "n1", payload: "", tag: "blue" });
    expect(await stateOf(name, "n1")).toEqual({ state: "due", retryCount: 0 });
    expect(await queue(name).lease({ ...NOW, tag: "blue" })).toMatchObject([{ retryCount: 1 }]);
  });
});

describe("a lease between its grant and its answer", () => {
  /** A turn that has been given `n1` of a queue that gives each task once, and has not taken it. */
  async function given(request: Request = {}, task: object = {}): Promise<[LeaseTurn, Task[]]> {
    const turn = (await queue("pull-once").lineUp({ ...WAIT, ...request })) as LeaseTurn;
    await queue("pull-once").add({ name: "n1", payload: "", ...task });
    return [turn, await turn.tasks()];
  }

  it.each<[string, Request, object]>([
    ["of a task with all its leases had", {}, {}],
    ["by a tag", { tag: "blue" }, { tag: "blue" }],
    ["of no seconds", { leaseSeconds: 0 }, {}],
    ["of a week", { leaseSeconds: 604_800 }, {}],
    ["of several", { maxTasks: 10 }, {}],
    ["of a task with its own limit", {}, { retry: { limit: 1 } }],
    ["of a task without an own name", {}, { name: undefined }],
    ["of a task with a body of 1 MB", {}, { payload: "x".repeat(1_000_000) }],
  ])(
    "%s is withdrawn when the worker goes: uncounted, and to be had at once",
    async (_, request, task) => {
      const [turn, tasks] = await given(request, task);
      const [{ name } = { name: "" }] = tasks;
      expect(await stateOf("pull-once", name)).toMatchObject({ retryCount: 1 });
      turn.leave();
      await heard("pull-once");
      expect(await queue("pull-once").get(name)).toMatchObject({ state: "due", retryCount: 0 });
      expect((await queue("pull-once").get(name)).attempts ?? []).toEqual([]);
      await expect(queue("pull-once").acknowledge(tasks)).resolves.toMatchObject([
        { acknowledged: false, error: { code: "TASK_LEASE_EXPIRED" } },
      ]);
      expect(await queue("pull-once").lease(NOW)).toMatchObject([{ name, retryCount: 1 }]);
    },
  );

  it("withdrawn goes to the next in the line, though the queue is full of those that go", async () => {
    const [turn] = await given();
    const next = queue("pull-once").lease(WAIT);
    await heard("pull-once");
    turn.leave();
    expect(await next).toMatchObject([{ name: "n1", retryCount: 1 }]);
  });

  it("is kept once it is taken, whatever happens to the place", async () => {
    const [turn, tasks] = await given();
    await turn.take(tasks);
    turn.leave();
    await heard("pull-once");
    expect(await stateOf("pull-once", "n1")).toEqual({ state: "leased", retryCount: 1 });
  });

  it("is not withdrawn from who has it since: acknowledged, deleted, or leased again", async () => {
    const [turn, tasks] = await given({ leaseSeconds: 5 });
    clock.now += 5001;
    await queue("pull-once").redrive(["n1"]);
    await queue("pull-once").delete(["n1"]);
    turn.leave();
    await heard("pull-once");
    expect(await stateOf("pull-once", "n1")).toMatchObject({ state: "deleted" });
    expect(await queue("pull-once").acknowledge(tasks)).toMatchObject([{ acknowledged: false }]);
  });

  it("that ended, and was given to another, stays that one's", async () => {
    const turn = (await queue("pull").lineUp({ ...WAIT, leaseSeconds: 5 })) as LeaseTurn;
    await queue("pull").add({ name: "n1", payload: "" });
    await turn.tasks();
    clock.now += 5001;
    const held = await queue("pull").lease(NOW);
    turn.leave();
    await heard("pull");
    expect(await stateOf("pull", "n1")).toEqual({ state: "leased", retryCount: 2 });
    expect(await queue("pull").acknowledge(held)).toMatchObject([{ acknowledged: true }]);
  });

  it("is withdrawn on a paused queue too, and leased when that goes on", async () => {
    const [turn] = await given();
    await queue("pull-once").pause();
    turn.leave();
    await heard("pull-once");
    expect(await stateOf("pull-once", "n1")).toEqual({ state: "due", retryCount: 0 });
    await queue("pull-once").resume();
    expect(await queue("pull-once").lease(NOW)).toMatchObject([{ name: "n1", retryCount: 1 }]);
  });

  it("keeps the attempt before it, and the count of the leases that were delivered", async () => {
    await queue("pull-twice").add({ name: "n1", payload: "" });
    await queue("pull-twice").lease({ leaseSeconds: 1, maxTasks: 1 });
    clock.now += 500;
    const turn = (await queue("pull-twice").lineUp(WAIT)) as LeaseTurn;
    clock.now += 501;
    await turn.tasks();
    turn.leave();
    await heard("pull-twice");
    const task = await queue("pull-twice").get("n1");
    expect(task).toMatchObject({ state: "due", retryCount: 1, attempts: [{}] });
    const [again] = await queue("pull-twice").lease(NOW);
    expect(again).toMatchObject({ retryCount: 2, attempts: [{}] });
  });

  it("comes back by itself when the object was reset in between, and is the live one's then", async () => {
    const [turn, tasks] = await given({ leaseSeconds: 5 });
    await crash();
    await expect(turn.take(tasks)).rejects.toThrow();
    turn.leave();
    expect(await queue("pull-once").lease(NOW)).toMatchObject([{ name: "n1", retryCount: 1 }]);
  });

  it.each([1, 2, 3, 4])(
    "that cannot be withdrawn, since step %i fails, ends by itself, and others are served",
    async (at) => {
      const [turn] = await given({ leaseSeconds: 5 });
      const fault = await inject("pull-once", { at, kind: "throw" });
      turn.leave();
      await heard("pull-once").catch(() => {});
      fault.stop();
      clock.now += 5001;
      await queue("pull-once").add({ name: "n2", payload: "" });
      expect(await queue("pull-once").lease({ ...NOW, maxTasks: 9 })).not.toEqual([]);
    },
  );

  it("is not given at all by a lease without a wait whose signal has aborted", async () => {
    await queue("pull-once").add({ name: "n1", payload: "" });
    const controller = new AbortController();
    const asking = queue("pull-once").lease(NOW, { signal: controller.signal });
    controller.abort(new Error("gone"));
    await expect(asking).rejects.toThrow("gone");
    await heard("pull-once");
    expect(await stateOf("pull-once", "n1")).toEqual({ state: "due", retryCount: 0 });
  });
});

const POSTS: [door: string, path: string, body: object][] = [
  ["the API", "/_ah/api/queues/pull-once/tasks:lease", NOW],
  ["the API, ready to wait", "/_ah/api/queues/pull-once/tasks:lease", WAIT],
  [
    "Google's API",
    "/v2beta2/projects/p/locations/l/queues/pull-once/tasks:lease",
    { maxTasks: 1, leaseDuration: "60s" },
  ],
];

describe.each(POSTS)("a lease by %s that finds a task at once", (_, path, body) => {
  it.each([0, 1, 2, 3, 5, 8])(
    "is the client's, or if that hangs up within %i ms nobody's",
    async (ms) => {
      await queue("pull-once").add({ name: "n1", payload: "" });
      const controller = new AbortController();
      const { signal } = controller;
      const init = { method: "POST", body: JSON.stringify(body), signal };
      const answer = own.fetch(ORIGIN + path, init).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => setTimeout(resolve, ms));
      controller.abort();
      const isLeased = await answer;
      await heard("pull-once");
      const expected = isLeased ? { retryCount: 1 } : { state: "due", retryCount: 0 };
      expect(await stateOf("pull-once", "n1")).toMatchObject(expected);
    },
  );
});

it("two tasks whose time comes at once go to the one that waits, and to nobody: each is leased once", async () => {
  await queue("pull").add([
    { name: "n1", payload: "", countdown: 0.02 },
    { name: "n2", payload: "", countdown: 0.02 },
  ]);
  const waiting = queue("pull").lease(WAIT);
  await heard("pull");
  clock.now += 21;
  expect(await waiting).toMatchObject([{ name: "n1" }]);
  expect(await stateOf("pull", "n2")).toEqual({ state: "due", retryCount: 0 });
});

it("a task that has had all its leases stands in nobody's way who waits for the next", async () => {
  const brief = { leaseSeconds: 1, maxTasks: 1 };
  await queue("pull-once").add({ name: "n1", payload: "" });
  await queue("pull-once").lease(brief);
  clock.now += 1001;
  await queue("pull-once").add({ name: "n2", payload: "" });
  expect(await queue("pull-once").lease({ ...WAIT, ...brief })).toMatchObject([{ name: "n2" }]);
  expect(await stateOf("pull-once", "n1")).toEqual({ state: "failed", retryCount: 1 });
  const waiting = queue("pull-once").lease(WAIT);
  await heard("pull-once");
  clock.now += 1001;
  await queue("pull-once").add({ name: "n3", payload: "" });
  expect(await waiting).toMatchObject([{ name: "n3" }]);
  expect(await stateOf("pull-once", "n2")).toEqual({ state: "failed", retryCount: 1 });
});

it("a worker whose wait ends with a reset of the object is told that there is nothing, and asks again", async () => {
  const live = DOORS.HTTP?.("pull-once");
  await heard("pull-once");
  await crash();
  expect(await live?.got).toEqual([]);
  await queue("pull-once").add({ name: "n1", payload: "" });
  expect(await queue("pull-once").lease(NOW)).toMatchObject([{ name: "n1", retryCount: 1 }]);
});
