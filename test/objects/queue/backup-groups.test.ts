// Groups go along with their queues: saved while they are under way, taken in by a Worker that has nothing yet, they
// come to the end they would have come to.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { nameOfRecord, type SavedRecord } from "../../../src/core/backup/record.ts";
import { shardObject } from "../../../src/core/sharding/shard-map.ts";
import { type GroupHandle, type GroupResult, readTask } from "../../../src/index.ts";
import { TaskGroupObject } from "../../../src/objects/group/task-group.ts";
import { clock } from "../../support/clock.ts";
import { some } from "../../support/histories.ts";
import { passAll } from "../../support/resharding.ts";
import { copyOf, savedOf, seeded } from "../../support/saved.ts";
import { crash, freshStart, groupObject, objectsOf, pass, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const at = (...groups: string[]) => ["push", "paced", "one-retry", ...groups.map(groupObject)];
const paths = () => received.map(({ url }) => url.pathname);

async function resultsOf(handle: GroupHandle): Promise<GroupResult[]> {
  const all: GroupResult[] = [];
  for await (const result of handle.results()) all.push(result);
  return all;
}

/** What is saved goes to a Worker that has nothing yet, a moment later. */
async function elsewhere(): Promise<void> {
  const { now } = clock;
  const kept = new Map(handlers);
  await freshStart();
  for (const [path, handler] of kept) handlers.set(path, handler);
  clock.now = now + 1000;
}

async function takeIn(name: string, records: readonly SavedRecord[], most = 1000) {
  const taken: string[] = [];
  for (let i = 0; i < records.length; i += most) {
    taken.push(...(await copyOf(name).importRecords(records.slice(i, i + most))));
  }
  return taken.filter((it) => it === "imported").length;
}

/** A master whose group has 2 subtasks that are done, 1 that has failed, 3 that wait for an hour. */
async function halfDone(): Promise<void> {
  handlers.set("/answer", async (request) =>
    Response.json({ of: (await readTask<number>(request)).payload }),
  );
  handlers.set("/fails", () => new Response("no", { status: 500 }));
  handlers.set("/master", async (request) => {
    await queue("push").group({
      ...{ name: "g", onFailure: 1, master: await readTask(request) },
      then: { url: "/then", queue: "push" },
      tasks: [
        { url: "/answer", payload: 0, name: "s0" },
        { url: "/answer", payload: 1 },
        { url: "/fails", retry: { limit: 0 }, name: "s2" },
        ...[3, 4, 5].map((payload) => ({ url: "/answer", payload, countdown: 3600 })),
      ],
    });
    return new Response("fanned out");
  });
  await queue("push").add({ name: "m", url: "/master" });
  await work(at("g"), async () => {
    const progress = await group(env, "g")
      .progress()
      .catch(() => undefined);
    return progress?.done === 2 && progress.failed === 1 && !progress.open;
  });
}

const told = async () => {
  const { createdAt, ...progress } = await group(env, "g").progress();
  return progress;
};

describe("a group under way", () => {
  it.each(["in one call", "record by record"])("is as it was, taken in %s", async (way) => {
    await halfDone();
    const [before, results] = [await told(), await resultsOf(group(env, "g"))];
    const records = await savedOf("push");
    await elsewhere();
    expect(await takeIn("push", records, way === "in one call" ? 1000 : 1)).toBeGreaterThan(7);
    expect(await told()).toEqual(before);
    expect(await resultsOf(group(env, "g"))).toEqual(results);
    expect(await queue("push").get("m")).toMatchObject({ state: "waiting", waitsFor: "g" });
  });

  it("comes to its end: its master is done, and `then` is added, once", async () => {
    await halfDone();
    const records = await savedOf("push");
    await elsewhere();
    await takeIn("push", records);
    await crash();
    await takeIn("push", records);
    await work(at("g"), async () => (await queue("push").get("m")).state === "done", 7200);
    await work(at("g"), async () => (await queue("push").get("g-then")).state === "done", 7200);
    expect(paths().sort()).toEqual(["/answer", "/answer", "/answer", "/then"]);
    expect(await told()).toMatchObject({ state: "done", total: 6, done: 5, failed: 1 });
    expect((await resultsOf(group(env, "g"))).map(({ result }) => result)).toEqual([
      ...[{ of: 0 }, { of: 1 }, undefined, { of: 3 }, { of: 4 }, { of: 5 }],
    ]);
  });

  it.each(["push", "four-shards"])("is saved with tasks added all the while: %s", async (name) => {
    await queue(name).group({ name: "g", tasks: [{ countdown: 3600 }] });
    await work([...objectsOf(name), groupObject("g")], async () => {
      return (await queue(name).describe()).statistics.tasks === 1;
    });
    const records = await savedOf(name, async (page) => {
      if (page > 40) throw new Error("the walk has no end");
      await queue(name).add(Array.from({ length: 8 }, () => ({ countdown: 7200 + page })));
    });
    expect(records.some(({ kind }) => kind === "group")).toBe(true);
    const subtasks = records.filter((it) => it.kind === "task" && it.task.spec.group);
    expect(subtasks).toHaveLength(1);
  });

  it("taken in a second time is skipped", async () => {
    await halfDone();
    const records = await savedOf("push");
    await elsewhere();
    await takeIn("push", records);
    expect(await takeIn("push", records)).toBe(0);
    // Where it has come from, too.
    await elsewhere();
    await halfDone();
    const own = await savedOf("push");
    const before = await told();
    expect(await takeIn("push", own)).toBe(0);
    expect(await told()).toEqual(before);
  });

  it("goes to a queue of another name, and of several shards", async () => {
    await halfDone();
    const records = await savedOf("push");
    await elsewhere();
    await takeIn("four-shards", records);
    expect((await told()).master).toEqual({ queue: "four-shards", name: "m" });
    const again = await savedOf("four-shards");
    await elsewhere();
    await takeIn("push", again);
    await work(at("g"), async () => (await queue("push").get("m")).state === "done", 7200);
    expect(await told()).toMatchObject({ state: "done", done: 5, failed: 1 });
  });

  it("of several queues is whole when all of them are there, in whatever order", async () => {
    await queue("push").group({
      name: "wide",
      tasks: [{ queue: "push", countdown: 900 }, { queue: "paced", countdown: 900 }, {}],
    });
    await work(at("wide"), async () => (await group(env, "wide").progress()).done === 1);
    const [push, paced] = [await savedOf("push"), await savedOf("paced")];
    for (const order of [
      ["push", "paced"],
      ["paced", "push"],
    ]) {
      await elsewhere();
      for (const name of order) await takeIn(name, name === "push" ? push : paced);
      expect(await group(env, "wide").progress()).toMatchObject({ total: 3, done: 1 });
      await work(
        at("wide"),
        async () => (await group(env, "wide").progress()).state === "done",
        7200,
      );
    }
  });
});

describe("another group of the name", () => {
  it("stays as it is, whatever comes", async () => {
    await halfDone();
    const records = await savedOf("push");
    await elsewhere();
    await queue("paced").group({ name: "g", tasks: [{ countdown: 9000 }, { countdown: 9000 }] });
    await work(at("g"), async () => (await queue("paced").describe()).statistics.tasks === 2);
    const before = await told();
    const groups = records.filter(({ kind }) => kind === "group" || kind === "subtasks");
    expect(await takeIn("push", groups)).toBe(0);
    await takeIn("push", records);
    await pass("push", 4000);
    await work(at("g"), () => paths().filter((path) => path === "/answer").length === 3);
    expect(await told()).toEqual(before);
    expect((await queue("push").get("m")).state).toBe("waiting");
  });
});

describe("while groups go on", () => {
  it("one that ends before the walk is over has its end", async () => {
    await queue("push").add(
      Array.from({ length: 600 }, (_, i) => ({ name: `a${i}`, countdown: 9e3 })),
    );
    handlers.set("/master", async (request) => {
      await queue("push").group({
        name: "g",
        master: await readTask(request),
        tasks: [{ name: "z", countdown: 5 }],
      });
      return new Response("fanned out");
    });
    await queue("push").add({ name: "a", url: "/master" });
    await work(at("g"), async () => (await queue("push").get("a")).state === "waiting");
    const records = await savedOf("push", async (page) => {
      if (page === 0)
        await work(at("g"), async () => (await queue("push").get("a")).state === "done", 60);
      if (page === 0) await pass("push", 5);
    });
    await elsewhere();
    await takeIn("push", records);
    await work(at("g"), async () => (await queue("push").get("a")).state === "done", 60);
  });

  it("one that gets more subtasks has them all", async () => {
    await queue("push").add(
      Array.from({ length: 600 }, (_, i) => ({ name: `m${i}`, countdown: 9e3 })),
    );
    const open = await queue("push").group({
      name: "g",
      open: true,
      tasks: [{ name: "x", countdown: 60 }],
    });
    await work(at("g"), async () => (await queue("push").describe()).statistics.tasks === 601);
    const records = await savedOf("push", async (page) => {
      if (page > 0) return;
      await open.add([
        { queue: "push", name: "a", countdown: 60 },
        { queue: "push", name: "z", countdown: 60 },
      ]);
      await open.close();
      await work(at("g"), async () => (await queue("push").describe()).statistics.tasks === 603);
    });
    await elsewhere();
    await takeIn("push", records);
    await work(at("g"), async () => (await told()).state === "done", 600);
    expect(await told()).toMatchObject({ total: 3, done: 3 });
  });
});

it("subtasks on their way to their queues go along", async () => {
  const open = await queue("push").group({ name: "g", open: true, tasks: [{ countdown: 60 }] });
  await work(at("g"), async () => (await queue("push").describe()).statistics.tasks === 1);
  await open.add([{ queue: "push" }, { queue: "paced", name: "other" }]);
  await open.close();
  const records = await savedOf("push");
  expect(records.filter((it) => it.kind === "group" && it.batch)).toHaveLength(2);
  await elsewhere();
  await takeIn("push", records);
  expect(await takeIn("push", records)).toBe(0);
  await work(at("g"), async () => (await told()).state === "done", 600);
  expect((await resultsOf(group(env, "g"))).map(({ state }) => state)).toEqual(
    Array(3).fill("done"),
  );
  expect(await takeIn("push", records)).toBe(1);
  expect(paths()).toHaveLength(3);
});

it("what a task does next with its group's results goes along with them", async () => {
  handlers.set("/square", async (request) =>
    Response.json((await readTask<number>(request)).payload),
  );
  await queue("push").group({
    ...{ name: "g", tasks: [1, 2].map((payload) => ({ queue: "paced", url: "/square", payload })) },
    then: { queue: "push", url: "/then", countdown: 600 },
  });
  await work(at("g"), async () => (await told()).then?.name !== undefined);
  await work(at("g"), async () => (await queue("push").describe()).statistics.tasks === 1);
  const before = [await told(), await resultsOf(group(env, "g"))];
  const records = await savedOf("push");
  await elsewhere();
  await takeIn("push", records);
  expect([await told(), await resultsOf(group(env, "g"))]).toEqual(before);
  await pass("push", 601);
  expect(paths()).toEqual(["/then"]);
});

describe("while the queue gets more shards", () => {
  it("nothing is taken in where nobody would look for it", async () => {
    await halfDone();
    const records = await savedOf("push");
    await elsewhere();
    const define = (shards: number) =>
      queue("made").define({ rate: "100/s", extensions: { shards } });
    await define(1);
    await queue("made").add({ name: "first", countdown: 3600 });
    const { takeInSaved } = TaskGroupObject.prototype;
    vi.spyOn(TaskGroupObject.prototype, "takeInSaved").mockImplementationOnce(async function (
      this: TaskGroupObject,
      saved,
    ) {
      await define(4);
      return takeInSaved.call(this, saved);
    });
    await expect(takeIn("made", records)).rejects.toThrow("the number of shards");
    await passAll(shardsOfMade, 60);
    await takeIn("made", records);
    for (const name of new Set(records.map(nameOfRecord)))
      if (name !== "g") expect(await queue("made").get(name)).toMatchObject({ name });
  });
});

const shardsOfMade = [0, 1, 2, 3].map((index) => shardObject("made", index));

describe("whatever state its groups are in", () => {
  it.each(some(2, [31, 34, 32, 33]))("a queue comes to the same end, seed %i", async (seed) => {
    const random = seeded(seed);
    const of = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    handlers.set("/fails", () => new Response("no", { status: 500 }));
    handlers.set("/answer", async (request) =>
      Response.json((await readTask<number>(request)).payload),
    );
    const names = Array.from({ length: 4 }, (_, i) => `g${i}`);
    for (const name of names) {
      const made = await queue("push").group({
        ...{ name, open: random() < 0.3, onFailure: of(["all", "any", 2] as const) },
        tasks: Array.from({ length: Math.floor(random() * 8) }, (_, i) => ({
          ...{ payload: i, url: random() < 0.2 ? "/fails" : "/answer", retry: { limit: 1 } },
          ...(random() < 0.4 && { name: `${name}-${i}` }),
          ...(random() < 0.6 && { countdown: Math.floor(random() * 100) }),
        })),
        ...(random() < 0.5 && { then: { queue: "push", url: "/answer", payload: name } }),
      });
      if (random() < 0.1) await made.cancel();
    }
    // Something is due then, so that time goes on until it.
    const seconds = Math.floor(random() * 90);
    const end = clock.now + seconds * 1000;
    await queue("paced").add({ countdown: seconds });
    await work(at(...names), () => clock.now >= end);
    const parsed = await savedOf("push");
    const settled = async () => {
      for (const name of names) await group(env, name).close();
      const isOver = async () => {
        const all = await Promise.all(names.map((name) => group(env, name).progress()));
        return all.every(({ state }) => state !== "running");
      };
      await work(at(...names), isOver, 7200);
      return Promise.all(
        names.map(async (name) => {
          const { createdAt, endedAt, expiresAt, ...rest } = await group(env, name).progress();
          return [rest, await resultsOf(group(env, name))];
        }),
      );
    };
    const { now } = clock;
    const known = new Set(parsed.flatMap((it) => (it.kind === "group" ? it.name : [])));
    const there = await settled();
    clock.now = now;
    await elsewhere();
    await takeIn("push", parsed, 1 + Math.floor(random() * 40));
    // A group that was over by then is not the queue's any more.
    for (const name of names) if (!known.has(name)) await queue("push").group({ name, tasks: [] });
    const here = await settled();
    for (const [i, name] of names.entries()) if (known.has(name)) expect(here[i]).toEqual(there[i]);
  });
});
