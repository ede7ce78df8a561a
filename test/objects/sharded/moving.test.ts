// A queue whose number of shards changes while it has tasks.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { shardObject, shardOf } from "../../../src/core/sharding/shard-map.ts";
import { readTask } from "../../../src/index.ts";
import { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import type { ShardRpc } from "../../../src/objects/rpc.ts";
import { clock } from "../../support/clock.ts";
import {
  deployShards,
  mapOf,
  passAll,
  restart,
  rowsOf,
  setShards,
  untilMoved,
} from "../../support/resharding.ts";
import {
  crash,
  freshStart,
  groupObject,
  inObjects,
  objectOf,
  objectsOf,
  queue,
  until,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { deployed, handlers, held, received } from "../../support/worker.ts";

const NAMES = Array.from({ length: 40 }, (_, i) => `n${i}`);
const Q = "four-shards";
const PULL = "four-pull-shards";
const HANDLER = `/_ah/queue/${Q}`;
const NO_RETRY = { limit: 0, minBackoff: 1, maxBackoff: 2, maxDoublings: 1 };

beforeEach(freshStart);
afterEach(() => vi.restoreAllMocks());

/** Names in the tables of each object, which are to be those that belong there. */
async function expectAtHome(shards: number, name = Q): Promise<string[]> {
  const all: string[] = [];
  for (const [index, object] of objectsOf(name).entries()) {
    const rows = await rowsOf(
      object,
      "SELECT name FROM tasks UNION SELECT name FROM names UNION SELECT name FROM failed",
    );
    const names = rows.map((row) => row.name as string);
    for (const one of names) expect(shardOf(one, shards), one).toBe(index);
    all.push(...names);
  }
  expect(new Set(all).size).toBe(all.length);
  return all.sort();
}

/** Of the queue's four shards only the first learns of the change by itself. */
async function changeTo(shards: number, name = Q): Promise<void> {
  setShards(name, shards);
  await restart(name);
}

/** Nothing that is handed over arrives; what this returns ends that. */
function holdUp(): () => void {
  const { onShard } = TaskQueueObject.prototype;
  vi.spyOn(console, "error").mockImplementation(() => {});
  let isHeldUp = true;
  vi.spyOn(TaskQueueObject.prototype, "onShard").mockImplementation(async function (
    this: TaskQueueObject,
    ...args: Parameters<typeof onShard>
  ) {
    if (isHeldUp && args[1] === "takeIn") throw new Error("held up by the test");
    return onShard.apply(this, args);
  });
  return () => {
    isHeldUp = false;
  };
}

const states = async (names: readonly string[], name = Q) =>
  Promise.all(names.map(async (one) => (await queue(name).get(one)).state));

describe("a queue of four shards", () => {
  it("that was paused before its first task, and stays so, has its tasks moved too", async () => {
    await queue(Q).pause();
    await queue(Q).add(NAMES.map((name) => ({ name })));
    setShards(Q, 8);
    deployed.queues = { ...deployed.queues, resumePausedQueues: false };
    await crash();
    await inObjects([Q], () => {});
    await untilMoved(Q, 8);
    expect(await expectAtHome(8)).toEqual([...NAMES].sort());
    expect((await queue(Q).describe()).state).toBe("paused");
  });

  it.each([8, 3, 1])("becomes one of %i, and has each task where its name says", async (shards) => {
    await queue(Q).add(NAMES.map((name) => ({ name, countdown: 3600 })));
    const unnamed = await queue(Q).add(NAMES.map(() => ({ countdown: 3600, payload: "p" })));
    await deployShards(Q, shards);
    for (const name of NAMES) expect((await queue(Q).get(name)).state).toBe("scheduled");
    await untilMoved(Q, shards);
    const names = [...NAMES, ...unnamed.map(({ task }) => task?.name as string)];
    expect(await expectAtHome(shards)).toEqual(names.sort());
    for (const name of names) expect((await queue(Q).get(name)).state).toBe("scheduled");
  });

  it("takes what has failed, what is done and what was deleted along", async () => {
    handlers.set(HANDLER, (request) => {
      const name = request.headers.get("X-AppEngine-TaskName") ?? "";
      return new Response(null, { status: /5$/.test(name) ? 500 : 200 });
    });
    await deployShards(Q, 4, { retry: NO_RETRY });
    await queue(Q).add(NAMES.map((name) => ({ name })));
    await queue(Q).add({ name: "gone", countdown: 3600 });
    await queue(Q).delete(["gone"]);
    await passAll(Q, 60);
    const before = await states([...NAMES, "gone"]);
    expect(new Set(before)).toEqual(new Set(["done", "failed", "deleted"]));
    await deployShards(Q, 7, { retry: NO_RETRY });
    await untilMoved(Q, 7);
    expect(await states([...NAMES, "gone"])).toEqual(before);
    expect(await expectAtHome(7)).toEqual([...NAMES, "gone"].sort());
    await expect(queue(Q).add({ name: "gone" })).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
    expect(await queue(Q).redrive(["n5"])).toEqual([{ name: "n5", redriven: true }]);
  });

  it("accepts no name twice, before, while and after", async () => {
    await queue(Q).add(NAMES.map((name) => ({ name, countdown: 3600 })));
    const letGo = holdUp();
    await deployShards(Q, 8);
    await passAll(Q, 5);
    const refused = async () => {
      const results = await queue(Q).add(NAMES.map((name) => ({ name })));
      expect(new Set(results.map(({ error }) => error?.code))).toEqual(
        new Set(["TASK_ALREADY_EXISTS"]),
      );
    };
    await refused();
    letGo();
    await refused();
    await untilMoved(Q, 8);
    await refused();
  });

  it("adds all or none while names are on their way", async () => {
    const together = NAMES.filter((name) => shardOf(name, 8) === 5);
    const [taken, ...others] = together as [string, ...string[]];
    expect(others.length).toBeGreaterThan(1);
    expect(shardOf(taken, 4)).not.toBe(5);
    await queue(Q).add({ name: taken, countdown: 3600 });
    const letGo = holdUp();
    await deployShards(Q, 8);
    await passAll(Q, 5);
    // Who adds knows of the change.
    await queue(Q).describe();
    const all = [...others, taken].map((name) => ({ name, countdown: 3600 }));
    const added = queue(Q).add(all, { atomic: true });
    await expect(added).rejects.toMatchObject({
      code: "TASK_ALREADY_EXISTS",
      details: [{ index: all.length - 1, code: "TASK_ALREADY_EXISTS" }],
    });
    expect((await queue(Q).describe()).statistics.tasks).toBe(1);
    const kept = all.map((task) => ({ ...task, ifExists: "keep" as const }));
    await expect(queue(Q).add(kept, { atomic: true })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/^atomic: 1 of the \d+ tasks have rules for names that are/),
    });
    expect((await queue(Q).describe()).statistics.tasks).toBe(1);
    letGo();
    await untilMoved(Q, 8);
    await queue(Q).add(kept, { atomic: true });
    expect(await expectAtHome(8)).toEqual([...together].sort());
  });

  it("does not split what is to be added as a whole when it learns of more shards meanwhile", async () => {
    const together = NAMES.filter((name) => shardOf(name, 4) === 2);
    expect(new Set(together.map((name) => shardOf(name, 8))).size).toBeGreaterThan(1);
    await queue(Q).add({ countdown: 3600 });
    await deployShards(Q, 8);
    await passAll(Q, 5);
    const added = queue(Q).add(
      together.map((name) => ({ name })),
      { atomic: true },
    );
    await expect(added).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/^atomic: the names are on \d of the queue's 8 shards/),
    });
  });

  it("has nothing left on shards that go", async () => {
    await queue(Q).add(NAMES.map((name, i) => ({ name, countdown: i % 2 ? 3600 : 0 })));
    await passAll(Q, 10);
    await deployShards(Q, 2);
    await untilMoved(Q, 2);
    // An alarm that was set for what is gone fires once.
    await passAll(Q, 3700);
    for (const object of objectsOf(Q).slice(2)) {
      for (const table of ["tasks", "names", "failed", "large_results", "accepted_groups"])
        expect(await rowsOf(object, `SELECT * FROM ${table}`)).toEqual([]);
      const meta = await rowsOf(object, "SELECT key FROM meta");
      expect(meta.map(({ key }) => key).sort()).toEqual(
        expect.arrayContaining(["moves", "name", "schema", "shards"]),
      );
      expect(meta.length).toBeLessThanOrEqual(6);
      const alarm = await runInDurableObject(objectOf(object), (_, { storage }) =>
        storage.getAlarm(),
      );
      expect(alarm).toBeNull();
    }
  });

  it("lets what is with a handler end where it is", async () => {
    const handler = held(HANDLER);
    // Those of the first shard end when it starts anew.
    const names = NAMES.filter((name) => shardOf(name, 4) !== 0);
    await queue(Q).add(names.map((name) => ({ name })));
    for (const object of objectsOf(Q)) runDurableObjectAlarm(objectOf(object)).catch(() => {});
    await until(() => handler.started() === names.length);
    await changeTo(8);
    for (const name of names) handler.answer(name, 200);
    await untilMoved(Q, 8);
    expect(handler.started()).toBe(names.length);
    expect(new Set(await states(names))).toEqual(new Set(["done"]));
    expect(await expectAtHome(8)).toEqual(names.sort());
  });

  it("keeps the order of times", async () => {
    await queue(Q).add(NAMES.map((name, i) => ({ name, countdown: 100 + i })));
    await deployShards(Q, 2);
    await untilMoved(Q, 2);
    await passAll(Q, 200);
    expect(received.map(({ headers }) => headers.get("X-AppEngine-TaskName"))).toEqual(NAMES);
  });

  it("sees a change through before it begins another one", async () => {
    await queue(Q).add(NAMES.map((name) => ({ name, countdown: 3600 })));
    const letGo = holdUp();
    await deployShards(Q, 8);
    await passAll(Q, 5);
    await deployShards(Q, 3);
    expect(await mapOf(Q)).toMatchObject({ shards: 8, former: 4 });
    letGo();
    await untilMoved(Q, 3);
    expect(await expectAtHome(3)).toEqual([...NAMES].sort());
  });

  it("says how far it is", async () => {
    await queue(Q).add(NAMES.map((name) => ({ name, countdown: 3600 })));
    const letGo = holdUp();
    await deployShards(Q, 8);
    await passAll(Q, 5);
    expect((await queue(Q).describe()).resharding).toEqual({
      ...{ from: 4, to: 8, shardsDone: 0, moved: 0 },
    });
    letGo();
    await passAll(Q, 300, async () => (await queue(Q).describe()).resharding === undefined);
    expect((await queue(Q).describe()).resharding).toBeUndefined();
    expect((await queue(Q).describe()).statistics.tasks).toBe(NAMES.length);
  });
});

describe("a task on its way", () => {
  const MOVED = NAMES.find((name) => shardOf(name, 4) !== shardOf(name, 8)) as string;

  async function onItsWay(): Promise<() => void> {
    await queue(Q).add({ name: MOVED, countdown: 100 });
    const letGo = holdUp();
    await deployShards(Q, 8);
    await passAll(Q, 5);
    return letGo;
  }

  it("is found, and does not start", async () => {
    await onItsWay();
    expect(await queue(Q).get(MOVED)).toMatchObject({ state: "scheduled" });
    await passAll(Q, 300);
    expect(received).toEqual([]);
    await crash();
    await passAll(Q, 300);
    expect(received).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["is deleted", () => queue(Q).delete([MOVED]), "deleted"],
    ["is asked to run", () => queue(Q).run(MOVED), "due"],
    ["is given another time", () => queue(Q).reschedule(MOVED, { countdown: 900 }), "scheduled"],
  ])("%s where it comes to", async (_, act, state) => {
    const letGo = await onItsWay();
    const acted = act();
    await new Promise((resolve) => setTimeout(resolve, 50));
    letGo();
    await passAll(Q, 300, async () => (await mapOf(Q)).former === undefined);
    await acted;
    expect((await queue(Q).get(MOVED)).state).toBe(state);
    expect(await expectAtHome(8)).toEqual([MOVED]);
  });

  it("is taken in once, however often it comes, though it has run since", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { onShard } = TaskQueueObject.prototype;
    const batches: [string, Parameters<typeof onShard>][] = [];
    vi.spyOn(TaskQueueObject.prototype, "onShard").mockImplementation(async function (
      this: TaskQueueObject,
      ...args: Parameters<typeof onShard>
    ) {
      const { ctx } = this as unknown as { ctx: DurableObjectState };
      if (args[1] === "takeIn") batches.push([ctx.id.name ?? "", args]);
      // Nobody says how far it is, so the change goes on.
      if (args[1] === "moves" && batches.length > 0) throw new Error("not told by the test");
      return onShard.apply(this, args);
    });
    await queue(Q).add({ name: MOVED, countdown: 1 });
    await changeTo(8);
    await passAll(Q, 0.5);
    await passAll(Q, 100);
    expect(received).toHaveLength(1);
    for (const [object, args] of [...batches])
      expect(await (objectOf(object) as unknown as ShardRpc).onShard(...args)).toEqual({
        answer: true,
      });
    await passAll(Q, 100);
    expect(received).toHaveLength(1);
    expect(batches.length).toBeGreaterThan(0);
  });

  it("goes with the others in a purge, wherever it is", async () => {
    const letGo = await onItsWay();
    const purged = queue(Q).purge();
    await new Promise((resolve) => setTimeout(resolve, 50));
    letGo();
    await work(objectsOf(Q), async () => (await mapOf(Q)).former === undefined);
    await purged;
    await passAll(Q, 300);
    expect((await queue(Q).get(MOVED)).state).toBe("deleted");
    expect(received).toEqual([]);
  });
});

describe("a group", () => {
  const objects = (...groups: string[]) => [...objectsOf(Q), ...groups.map(groupObject)];

  it("is done though its subtasks go to other shards", async () => {
    handlers.set("/sub", () => Response.json({ ok: true }));
    const tasks = NAMES.map((name) => ({ name, url: "/sub", countdown: 30 }));
    const made = await queue(Q).group({ name: "g", tasks });
    await work(objects("g"), async () => (await queue(Q).describe()).statistics.tasks === 40);
    await deployShards(Q, 7);
    await work(objects("g"), async () => (await made.progress()).state === "done");
    expect(await made.progress()).toMatchObject({ total: 40, done: 40, failed: 0 });
    await untilMoved(Q, 7);
    expect(received.filter(({ url }) => url.pathname === "/sub")).toHaveLength(40);
  });

  it("is cancelled on the shards that its subtasks have gone to", async () => {
    const tasks = NAMES.map((name) => ({ name, url: "/sub", countdown: 300 }));
    const made = await queue(Q).group({ name: "g", tasks });
    await work(objects("g"), async () => (await queue(Q).describe()).statistics.tasks === 40);
    const letGo = holdUp();
    await deployShards(Q, 7);
    await passAll(Q, 3);
    const cancelled = made.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    letGo();
    await work(objects("g"), async () => (await queue(Q).describe()).statistics.tasks === 0);
    await cancelled;
    expect(received).toEqual([]);
  });

  it("ends its master, wherever that waits by then", async () => {
    handlers.set("/master", async (request) => {
      const master = await readTask(request);
      const tasks = [{ queue: Q, url: "/sub", countdown: 100 }];
      await queue(Q).group({ name: "of-master", tasks, master });
      return new Response("fanned out");
    });
    const masters = NAMES.filter((name) => shardOf(name, 4) !== shardOf(name, 7));
    const name = masters[0] as string;
    await queue(Q).add({ name, url: "/master" });
    // A number of shards changes when no batch of a group is under way.
    const hasBatches = "SELECT 1 FROM meta WHERE key = 'batches'";
    await work(objects("of-master"), async () => {
      const { state } = await queue(Q).get(name);
      const isAccepted = (await rowsOf(Q, hasBatches)).length === 0;
      return (
        state === "waiting" && isAccepted && (await queue(Q).describe()).statistics.tasks === 2
      );
    });
    await deployShards(Q, 7);
    await untilMoved(Q, 7);
    expect((await queue(Q).get(name)).state).toBe("waiting");
    await work(objects("of-master"), async () => (await queue(Q).get(name)).state === "done");
  });
});

describe("a deploy with another number of shards", () => {
  it("has another shard that starts with it ask the first, which then begins the change", async () => {
    await queue(Q).add(NAMES.map((name) => ({ name, countdown: 300 })));
    setShards(Q, 7);
    await crash();
    const asked = vi.spyOn(TaskQueueObject.prototype, "shardOrders");
    const other = objectOf(shardObject(Q, 2));
    await runInDurableObject(other, () => {});
    await runDurableObjectAlarm(other);
    await until(() => asked.mock.calls.length > 0);
    await untilMoved(Q, 7);
    await expectAtHome(7);
  });
});

describe("a pull queue of four shards", () => {
  it.each([
    ["", () => ({})],
    [", of some of which have priorities", (i: number) => ({ priority: [0, 4, 9][i % 3] })],
  ])("keeps leases where they are, and hands over what is not leased%s", async (_, more) => {
    await queue(PULL).add(NAMES.map((name, i) => ({ name, payload: "p", ...more(i) })));
    clock.now += 10;
    const leased = await queue(PULL).lease({ leaseSeconds: 60, maxTasks: 10 });
    expect(leased).toHaveLength(10);
    await changeTo(8, PULL);
    await passAll(PULL, 20);
    const tokens = leased.map(({ name, lease }) => ({ name, lease: lease as string }));
    const acked = await queue(PULL).acknowledge(tokens.slice(0, 5));
    expect(acked.every(({ acknowledged }) => acknowledged)).toBe(true);
    await untilMoved(PULL, 8);
    await expectAtHome(8, PULL);
    clock.now += 60_000;
    const again = await queue(PULL).lease({ leaseSeconds: 60, maxTasks: 100 });
    expect(again.map(({ name }) => name).sort()).toEqual(
      NAMES.filter((name) => !tokens.slice(0, 5).some((token) => token.name === name)).sort(),
    );
  });
});

describe("a queue that was made over the API", () => {
  const made = () => queue("made");
  const all = Array.from({ length: 8 }, (_, index) => shardObject("made", index));

  async function define(shards: number, more: object = {}): Promise<void> {
    for (const object of all) objectOf(object);
    await made().define({ rate: "100/s", extensions: { shards, ...more } });
  }

  async function untilAt(shards: number): Promise<void> {
    const isThere = async () => {
      const map = await mapOf("made");
      return map.shards === shards && map.former === undefined;
    };
    await passAll(all, 300, isThere);
    expect(await isThere()).toBe(true);
  }

  it("becomes many, and one again, by PUT", async () => {
    await made().define({ rate: "100/s" });
    await made().add(NAMES.map((name) => ({ name, countdown: 3600 })));
    await define(4);
    await untilAt(4);
    expect(new Set(await states(NAMES, "made"))).toEqual(new Set(["scheduled"]));
    const counts = all.slice(0, 4).map((object) => rowsOf(object, "SELECT name FROM tasks"));
    expect((await Promise.all(counts)).every((rows) => rows.length > 0)).toBe(true);
    await made().define({ rate: "100/s" });
    await untilAt(1);
    expect(await rowsOf("made", "SELECT name FROM tasks")).toHaveLength(NAMES.length);
    expect(new Set(await states(NAMES, "made"))).toEqual(new Set(["scheduled"]));
  });

  it("answers who waits for the result of a task that goes to another shard", async () => {
    handlers.set("/_ah/queue/made", () => Response.json({ a: 1 }));
    await define(4, { keep_results: true });
    const name = NAMES.find((one) => shardOf(one, 4) !== shardOf(one, 8)) as string;
    await made().add({ name, countdown: 10 });
    const result = made().result(name, { timeout: 50 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await define(8, { keep_results: true });
    await untilAt(8);
    await passAll(all, 20);
    expect(await result).toEqual({ a: 1 });
  });

  it("can be removed while tasks are on their way, and made again", async () => {
    await define(4);
    await made().add(NAMES.map((name) => ({ name, countdown: 100 })));
    const letGo = holdUp();
    await define(8);
    await passAll(all, 3);
    const removed = made().remove();
    await new Promise((resolve) => setTimeout(resolve, 50));
    letGo();
    await work(all, async () => {
      const left = await Promise.all(all.map((object) => rowsOf(object, "SELECT key FROM meta")));
      return left.every((rows) => rows.length < 3);
    });
    await removed;
    await passAll(all, 100);
    for (const object of all)
      expect(await rowsOf(object, "SELECT name FROM tasks UNION SELECT name FROM names")).toEqual(
        [],
      );
    await define(2);
    await made().add(NAMES.map((name) => ({ name, countdown: 100 })));
    await passAll(all, 200);
    expect(received).toHaveLength(NAMES.length);
  });
});
