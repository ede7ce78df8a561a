// Keys and priorities on pull queues, at the front door: in which order leases take tasks, and what holds a key back.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LeaseRequest } from "../../../../src/core/task/lease.ts";
import type { NewTask, Task } from "../../../../src/index.ts";
import { LinedLeases } from "../../../../src/objects/queue/leasing/lined-leases.ts";
import { clock } from "../../../support/clock.ts";
import { deployQueues } from "../../../support/deploy.ts";
import {
  crash,
  fire,
  freshStart,
  groupObject,
  objectOf,
  pass,
  queue,
  until,
} from "../../../support/time.ts";
import { work } from "../../../support/together.ts";
import { handlers, held, received } from "../../../support/worker.ts";

beforeEach(freshStart);

const pull = () => queue("pull");

const deploy = (keys = "", more = "") =>
  deployQueues(
    `  - name: pull\n    mode: pull\n${more}${keys && `    extensions: { keys: ${keys} }`}`,
  );

/** Tasks `prefix0`, `prefix1`, ... */
function tasks(prefix: string, n: number, more: NewTask = {}): NewTask[] {
  return Array.from({ length: n }, (_, i) => ({ name: `${prefix}${i}`, payload: "", ...more }));
}

const add = (...given: NewTask[]) => pull().add(given.map((task) => ({ payload: "", ...task })));

const lease = (maxTasks: number, more: Partial<LeaseRequest> = {}) =>
  pull().lease({ leaseSeconds: 100, maxTasks, ...more });

const namesOf = (leased: Task[]) => leased.map(({ name }) => name).join(" ");

const names = async (maxTasks: number, more: Partial<LeaseRequest> = {}) =>
  namesOf(await lease(maxTasks, more));

async function acknowledge(...leased: Task[]): Promise<void> {
  const results = await pull().acknowledge(leased);
  expect(results.every(({ acknowledged }) => acknowledged)).toBe(true);
}

describe("priorities", () => {
  it("lease the least of due and minutes of priority first", async () => {
    await deploy();
    await add(...tasks("late", 2, { priority: 9 }), ...tasks("plain", 2), {
      name: "old",
      priority: 7,
    });
    clock.now += 3.5 * 60_000;
    await add(...tasks("urgent", 2, { priority: 0 }), { name: "later" });
    expect(await names(10)).toBe("urgent0 urgent1 plain0 plain1 old later late0 late1");
  });

  it("hold among the tasks of a tag, and of the tag that the first has", async () => {
    await deploy();
    const [a, b] = [{ tag: "a" }, { tag: "b" }];
    await add(
      ...tasks("a", 2, a),
      ...tasks("b", 2, b),
      { name: "n" },
      { name: "a9", ...a, priority: 9 },
    );
    await add({ name: "b-first", ...b, priority: 0 }, { name: "a-first", ...a, priority: 1 });
    expect(await names(2, { tag: "a" })).toBe("a-first a0");
    expect(await names(10, { oldestTag: true })).toBe("b-first b0 b1");
    expect(await names(1, { oldestTag: true })).toBe("a1");
    // Without a tag: those of the same window.
    expect(await names(2, { oldestTag: true })).toBe("n");
    expect(await names(2)).toBe("a9");
  });

  it("are kept by a task whose lease ran out, was given back or reached nobody", async () => {
    await deploy();
    await add({ name: "low", priority: 9 }, { name: "high", priority: 0 }, { name: "plain" });
    expect(await names(3, { leaseSeconds: 10 })).toBe("high plain low");
    clock.now += 10_001;
    await crash();
    expect(await names(3, { leaseSeconds: 0 })).toBe("high plain low");
    const [high] = await lease(1);
    await add({ name: "low-new", priority: 9 });
    await pull().modifyLease(high as Task, 0);
    expect(await names(10)).toBe("high plain low low-new");
  });

  it("are kept by a task that failed and was redriven, and by one that is rescheduled", async () => {
    await deploy("{}");
    await add(
      { name: "a", key: "k", priority: 1 },
      { name: "b", key: "k", priority: 2 },
      { name: "c" },
    );
    const [a] = await lease(1);
    await pull().fail(a as Task);
    await pull().redrive(["a"]);
    await pull().reschedule("b", { countdown: 0 });
    const got = await lease(10);
    expect(namesOf(got)).toBe("c a b");
    expect(got.slice(1)).toMatchObject([
      { key: "k", priority: 1 },
      { key: "k", priority: 2 },
    ]);
  });

  it("none waits for ever: urgent ones that come later have grown older by then", async () => {
    await deploy();
    await add({ name: "last", priority: 9 });
    const seen: string[] = [];
    for (let minute = 0; minute < 12; minute++) {
      await add({ name: `u${minute}`, priority: 0 });
      seen.push(await names(1, { leaseSeconds: 3600 }));
      clock.now += 60_000;
    }
    expect(seen.indexOf("last")).toBe(10);
  });
});

describe("turns between keys", () => {
  it("are fair within one lease, whoever came first and with however many", async () => {
    await deploy();
    await add(...tasks("a", 6, { key: "a" }), ...tasks("b", 2, { key: "b" }), ...tasks("p", 2));
    expect(await names(100)).toBe("a0 b0 p0 a1 b1 p1 a2 a3 a4 a5");
  });

  it("go on over leases, and by weight", async () => {
    await deploy(`{ per_key: { a: { weight: 2 } } }`);
    await add(...tasks("a", 5, { key: "a" }), ...tasks("b", 4, { key: "b" }));
    const seen: string[] = [];
    for (let i = 0; i < 9; i++) seen.push(await names(1));
    expect(seen.join(" ")).toBe("a0 a1 b0 a2 a3 b1 a4 b2 b3");
  });

  it("go on where leases are by tag: what a key had by one it has had", async () => {
    await deploy();
    await add(...tasks("a", 4, { key: "a", tag: "x" }), ...tasks("b", 4, { key: "b", tag: "y" }));
    await add(...tasks("c", 4, { key: "c" }));
    const seen: string[] = [];
    for (let i = 0; i < 12; i++) seen.push(await names(1, { oldestTag: true }));
    expect(seen.join(" ")).toBe("a0 b0 c0 a1 b1 c1 a2 b2 c2 a3 b3 c3");
  });

  it("start with a key whose tasks begin behind ten thousand of another", async () => {
    await deploy();
    for (let i = 0; i < 10; i++)
      await add(...Array.from({ length: 1000 }, () => ({ key: "a", payload: "" })));
    await add(...tasks("b", 2, { key: "b" }));
    // Some of one millisecond are put in the next ones, where there is room.
    clock.now += 10;
    const got = await lease(4);
    expect(got.map(({ key }) => key).join(" ")).toBe("a b a b");
  });

  it("leave out a key that is looked at and not leased from, no more than others", async () => {
    await deploy();
    await add(...tasks("a", 3, { key: "a", tag: "x" }), ...tasks("b", 3, { key: "b" }));
    // The first has a tag and the other none: of the same window only one of them is leased each time.
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) seen.push(await names(2, { oldestTag: true }));
    expect(seen.filter((got) => got.includes("a")).join(" ")).toBe("a0 a1 a2");
    expect(
      seen
        .join(" ")
        .split(" ")
        .filter((name) => name.startsWith("b")),
    ).toEqual(["b0", "b1", "b2"]);
  });
});

describe("slots of a key", () => {
  const two = "{ max_concurrent_requests: 2 }";
  const one = "{ max_concurrent_requests: 1 }";

  it("are its leases at once, over all ways of leasing", async () => {
    await deploy(two);
    await add(...tasks("a", 4, { key: "a", tag: "x" }), ...tasks("b", 1, { key: "b" }));
    expect(await names(1, { tag: "x" })).toBe("a0");
    expect(await names(10)).toBe("a1 b0");
    expect(await names(10)).toBe("");
    expect(await names(10, { tag: "x" })).toBe("");
    expect(await names(10, { oldestTag: true })).toBe("");
  });

  it.each<[string, (held: Task) => unknown, string]>([
    ["acknowledged", (held) => acknowledge(held), "a2"],
    ["given up", (held) => pull().fail(held), "a2"],
    ["given back", (held) => pull().modifyLease(held, 0), "a0"],
    ["deleted", (held) => pull().delete([held.name]), "a2"],
    ["out", () => (clock.now += 10_001), "a2"],
    ["made longer", (held) => pull().modifyLease(held, 50), ""],
  ])("are free again when a lease is %s", async (_, end, next) => {
    await deploy(two);
    await add(...tasks("a", 6, { key: "a" }));
    const [first] = await lease(1, { leaseSeconds: 10 });
    const [second] = await lease(5, { leaseSeconds: 100 });
    expect([first?.name, second?.name]).toEqual(["a0", "a1"]);
    await end(first as Task);
    expect(await names(10)).toBe(next);
    expect(await names(10)).toBe("");
  });

  it("are free again when a lease reached nobody, and the task is first", async () => {
    await deploy(one);
    await add(...tasks("a", 3, { key: "a" }));
    const left = new AbortController();
    const [held] = await lease(1);
    const gone = pull().lease(
      { leaseSeconds: 9, maxTasks: 1, waitSeconds: 60 },
      { signal: left.signal },
    );
    const refused = expect(gone).rejects.toBeDefined();
    await acknowledge(held as Task);
    left.abort();
    await refused;
    // Whether it was given a1 before it left or not.
    await until(async () => (await pull().get("a1")).state !== "leased");
    expect(await names(10)).toBe("a1");
  });

  it("are held over a crash by the leases that hold, wherever their tasks lie", async () => {
    await deploy(two);
    await add(...tasks("p", 30), ...tasks("a", 4, { key: "a" }));
    const held = (await lease(4)).filter(({ key }) => key === "a");
    expect(held).toHaveLength(2);
    await crash();
    expect(await pull().key("a")).toMatchObject({
      ...{ running: 2, waiting: 2 },
      why: "2 of 2 leased (max_concurrent_requests of its key)",
    });
    expect((await lease(100)).some(({ key }) => key === "a")).toBe(false);
    await acknowledge(held[0] as Task);
    expect(await names(10)).toBe("a2");
    await crash();
    clock.now += 100_001;
    expect(await names(10, { leaseSeconds: 5 })).toContain("a1");
  });

  it("of one: in order, and a lease that ended without an acknowledgement is first again", async () => {
    await deploy(one);
    await add(...tasks("a", 3, { key: "a" }), ...tasks("b", 2, { key: "b", priority: 0 }));
    expect(await names(10, { leaseSeconds: 10 })).toBe("a0 b0");
    await add({ name: "a-urgent", key: "a", priority: 0 });
    clock.now += 10_001;
    await crash();
    const again = await lease(10);
    expect(namesOf(again).split(" ").sort()).toEqual(["a0", "b0"]);
    await acknowledge(...again);
    expect((await names(10)).split(" ").sort()).toEqual(["a-urgent", "b1"]);
  });

  it("of one: one that has begun holds its key, whatever tags the others have", async () => {
    await deploy(one);
    await add({ name: "a0", key: "a", tag: "x" }, { name: "a1", key: "a", tag: "y" });
    const byY = (more: object = {}) => names(5, { tag: "y", ...more });
    expect(await names(1, { leaseSeconds: 1, tag: "x" })).toBe("a0");
    expect(await byY()).toBe("");
    clock.now += 1001;
    expect(await byY()).toBe("");
    expect((await pull().get("a1")).why).toContain("behind others of its key");
    const waiting = byY({ waitSeconds: 60 });
    // No more than that one is asked for, so that nobody sees that the slot is taken.
    await acknowledge(...(await lease(1)));
    expect(await waiting).toBe("a1");
    await add({ name: "a2", key: "a", tag: "x" });
    clock.now += 100_001;
    expect(await names(5, { tag: "x" })).toBe("");
    await pull().delete(["a1"]);
    expect(await names(5, { tag: "x" })).toBe("a2");
  });

  it("are not taken by a task that has had all its leases", async () => {
    await deploy(one, "    retry_parameters: { task_retry_limit: 1 }\n");
    await add(...tasks("a", 2, { key: "a" }));
    expect(await names(5, { leaseSeconds: 1 })).toBe("a0");
    clock.now += 1001;
    expect(await names(5, { waitSeconds: 1 })).toBe("a1");
    expect((await pull().get("a0")).state).toBe("failed");
  });
});

describe("the rate of a key", () => {
  it("is leases a second, strict over crashes", async () => {
    await deploy("{ rate: 30/m, bucket_size: 3 }");
    await add(...tasks("a", 40, { key: "a" }), ...tasks("b", 2, { key: "b" }));
    expect(await names(10)).toBe("a0 b0 a1 b1 a2");
    expect(await names(10)).toBe("");
    let leased = 3;
    for (let second = 1; second <= 12; second++) {
      clock.now += 1000;
      await crash();
      leased += (await lease(100)).length;
      expect(leased).toBeLessThanOrEqual(3 + second / 2);
    }
    expect(leased).toBe(9);
  });

  it("is to be had token by token, without a crash to the very one", async () => {
    await deploy("{ rate: 100/s, bucket_size: 10 }");
    await add(...tasks("a", 30, { key: "a" }));
    expect((await lease(100)).length).toBe(10);
    for (let i = 0; i < 5; i++) {
      clock.now += 10;
      expect((await lease(100)).length).toBe(1);
    }
  });

  it("of 0 leases nothing; limits set while it runs hold at once, for those who wait too", async () => {
    await deploy("{ rate: 0 }");
    await add(...tasks("a", 2, { key: "a" }));
    expect(await names(10)).toBe("");
    expect((await pull().get("a0")).why).toBe("the rate of its key is 0");
    const waiting = lease(10, { waitSeconds: 60 });
    expect(await pull().limitKey("a", { rate: "none" })).toMatchObject({ set: { rate: "none" } });
    expect(namesOf(await waiting)).toBe("a0 a1");
    await add(...tasks("c", 2, { key: "a" }));
    await pull().resetKey("a");
    expect(await names(10)).toBe("");
  });

  it("is that of the file for its name, and set limits hold over a crash", async () => {
    await deploy(
      `{ per_key: { acme: { rate: 1/s, bucket_size: 2 }, "free-*": { max_concurrent_requests: 1 } } }`,
    );
    const of = (key: string) => tasks(`${key}-`, 5, { key });
    await pull().limitKey("set", { max_concurrent_requests: 3 });
    await crash();
    await add(...of("acme"), ...of("free-1"), ...of("set"), ...of("other"));
    const counts: Record<string, number> = {};
    for (const { key = "" } of await lease(100)) counts[key] = (counts[key] ?? 0) + 1;
    expect(counts).toEqual({ acme: 2, "free-1": 1, set: 3, other: 5 });
  });
});

describe("a worker that waits", () => {
  /** How often it was looked what there is. */
  function looks() {
    const looked = vi.spyOn(LinedLeases.prototype, "available");
    onTestFinished(() => looked.mockRestore());
    return looked.mock.calls;
  }

  it("is served by a token's time, and nobody looks before", async () => {
    await deploy("{ rate: 20/s, bucket_size: 1 }");
    await add(...tasks("a", 2, { key: "a" }));
    expect(await names(10)).toBe("a0");
    const calls = looks();
    const waiting = lease(10, { waitSeconds: 60 });
    await until(() => calls.length >= 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = calls.length;
    expect(before).toBeLessThan(6);
    clock.now += 50;
    // The timer that was set for the token came early by the test's clock, and is set again.
    expect(namesOf(await waiting)).toBe("a1");
  });

  it.each<[string, (held: Task) => unknown]>([
    ["is acknowledged", (held) => acknowledge(held)],
    ["runs out", () => (clock.now += 21)],
    ["is given up", (held) => pull().fail(held)],
  ])("is served when the lease that has the slot %s, by its tag too", async (_, end) => {
    await deploy("{ max_concurrent_requests: 1 }");
    await add(...tasks("a", 2, { key: "a", tag: "x" }));
    const [held] = await lease(5, { leaseSeconds: 0.02 });
    const waiting = lease(1, { waitSeconds: 60, tag: "x" });
    await end(held as Task);
    expect(await waiting).toMatchObject([{ key: "a" }]);
  });

  it("is given what comes of another key, not what is held back", async () => {
    await deploy("{ max_concurrent_requests: 1 }");
    await add(...tasks("a", 200, { key: "a" }));
    await lease(1);
    const waiting = lease(1, { waitSeconds: 60 });
    await add({ name: "b", key: "b" });
    expect(namesOf(await waiting)).toBe("b");
  });
});

describe("a blocked key", () => {
  it("is skipped without being scanned", async () => {
    await deploy("{ max_concurrent_requests: 1 }");
    for (let i = 0; i < 3; i++) await add(...Array.from({ length: 1000 }, () => ({ key: "a" })));
    clock.now += 10;
    await lease(1);
    expect(await names(10)).toBe("");
    await add(...tasks("b", 5, { key: "b" }));
    const reads = await countReads();
    for (let i = 0; i < 5; i++) await acknowledge(...(await lease(1)));
    expect(reads()).toBeLessThan(5 * 60);
  });

  /** Rows that the queue's object reads from now on; it takes tasks whatever its size. */
  async function countReads(): Promise<() => number> {
    const cursors: { rowsRead: number }[] = [];
    await runInDurableObject(objectOf("pull"), (_, { storage: { sql } }) => {
      Object.defineProperty(sql, "databaseSize", { value: 0 });
      const { exec } = sql;
      sql.exec = ((...args: Parameters<typeof exec>) => {
        const cursor = exec.apply(sql, args);
        cursors.push(cursor);
        return cursor;
      }) as typeof exec;
    });
    return () => cursors.splice(0).reduce((sum, { rowsRead }) => sum + rowsRead, 0);
  }
});

describe("what is said", () => {
  it("of a task that waits: for its key, or behind others of it", async () => {
    await deploy("{ max_concurrent_requests: 2, per_key: { r: { rate: 6/m, bucket_size: 1 } } }");
    await add(...tasks("a", 4, { key: "a" }), ...tasks("r", 2, { key: "r" }), ...tasks("p", 1));
    const why = async (name: string) => (await pull().get(name)).why;
    expect(await why("a0")).toBe("waiting to be leased");
    expect(await why("a1")).toBe("waiting to be leased, behind others of its key");
    expect(await why("p0")).toBe("waiting to be leased");
    const held = await lease(4);
    expect(namesOf(held)).toBe("a0 r0 p0 a1");
    expect(await why("a2")).toBe("2 of 2 leased (max_concurrent_requests of its key)");
    const { blockedUntil } = await pull().key("r");
    expect(await why("r1")).toBe(`its key is out of tokens (6/m), until ${blockedUntil}`);
    await acknowledge(held[0] as Task);
    expect(await why("a2")).toBe("waiting to be leased");
    expect(await why("a3")).toBe("waiting to be leased, behind others of its key");
    clock.now += 100_001;
    // The one whose lease ran out is last by its time.
    expect(await why("a1")).toBe("waiting to be leased, behind others of its key");
    expect(await pull().key("a")).toMatchObject({ running: 0, waiting: 3 });
  });

  it("of the queue: what is leased, waits and is scheduled, of each key", async () => {
    await deploy("{ rate: 5/s, bucket_size: 2 }");
    await add(...tasks("a", 3, { key: "a" }), ...tasks("b", 1, { key: "b", countdown: 60 }));
    await lease(5);
    const { keys } = await pull().keys();
    expect(keys).toMatchObject([
      { key: "a", waiting: 1, scheduled: 0, running: 2, tokens: 0, limits: { rate: "5/s" } },
      { key: "b", waiting: 0, scheduled: 1, running: 0, tokens: 2 },
    ]);
    expect((await pull().describe()).statistics).toMatchObject({
      ...{ tasks: 4, inFlight: 2 },
      states: { leased: 2, due: 1, scheduled: 1 },
    });
    expect((await pull().describe()).extensions).toMatchObject({ keys: { rate: "5/s" } });
  });
});

describe("a queue that changes its mode", () => {
  const made = () => queue("made");
  const keys = { max_concurrent_requests: 1 };
  const asPush = () => made().define({ rate: "500/s", bucket_size: 100, extensions: { keys } });
  const asPull = () => made().define({ mode: "pull", extensions: { keys } });
  const leaseOne = async () => namesOf(await made().lease({ leaseSeconds: 60, maxTasks: 10 }));

  it("sends what was leased, whose slots are no more", async () => {
    await asPull();
    await made().add(tasks("a", 3, { key: "a" }));
    expect(await leaseOne()).toBe("a0");
    await asPush();
    await pass("made", 5);
    expect(received).toHaveLength(3);
    expect(await made().key("a")).toMatchObject({ running: 0, waiting: 0 });
    await asPull();
    await made().add(tasks("b", 2, { key: "a" }));
    expect(await leaseOne()).toBe("b0");
  });

  it("leases what it has not sent: an attempt under way has its slot until it ends", async () => {
    await asPush();
    const attempts = held("/_ah/queue/made");
    await made().add([0, 1].map((i) => ({ name: `a${i}`, key: "a" })));
    await fire("made");
    await until(() => attempts.started() === 1);
    await asPull();
    expect(await leaseOne()).toBe("");
    const waiting = made().lease({ leaseSeconds: 60, maxTasks: 10, waitSeconds: 60 });
    attempts.answer("a0", 200);
    expect(namesOf(await waiting)).toBe("a1");
  });

  it("leases first what is to be tried again on a key that runs one at a time", async () => {
    await made().define({
      ...{ rate: "500/s", retry_parameters: { min_backoff_seconds: 60 } },
      extensions: { keys },
    });
    handlers.set("/_ah/queue/made", () => new Response(null, { status: 500 }));
    await made().add([{ name: "a0", key: "a" }]);
    await pass("made", 1);
    await made().add([{ name: "a1", key: "a", priority: 0 }]);
    await asPull();
    expect(await leaseOne()).toBe("");
    clock.now += 61_000;
    expect(await leaseOne()).toBe("a0");
  });
});

describe("tasks that come by other ways", () => {
  it("of a group, and as dead letters, keep their keys and priorities", async () => {
    await deployQueues(
      "  - name: pull\n    mode: pull\n    extensions: { failed_queue: push, keys: { max_concurrent_requests: 2 } }",
      "  - name: push\n    rate: 0/s",
    );
    const own = [
      ...tasks("s", 2, { key: "a", priority: 9 }),
      ...tasks("f", 1, { key: "a", priority: 0 }),
    ];
    await pull().group({ name: "g", tasks: own });
    await work(["pull", groupObject("g")], async () => (await pull().key("a")).waiting === 3);
    const got = await lease(10);
    expect(namesOf(got)).toBe("f0 s0");
    await pull().fail(got[0] as Task);
    await work(["pull", "push"], async () => (await queue("push").list()).tasks.length === 1);
    expect((await queue("push").list()).tasks).toMatchObject([{ key: "a", priority: 0 }]);
    expect(await names(10)).toBe("s1");
  });

  it("after a purge, and on a queue that was made again, begin anew", async () => {
    await deploy("{ max_concurrent_requests: 1 }");
    await add(...tasks("a", 3, { key: "a" }));
    await lease(1);
    await pull().purge();
    expect(await pull().key("a")).toMatchObject({ running: 0, waiting: 0 });
    await add(...tasks("b", 2, { key: "a" }));
    expect(await names(5)).toBe("b0");
  });
});
