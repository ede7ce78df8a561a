// Adding to a queue of four shards.
import { beforeEach, describe, expect, it } from "vitest";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import { clock } from "../../support/clock.ts";
import { crash, freshStart, objectOf, queue } from "../../support/time.ts";

const Q = "four-shards";

/** Names, the i-th on shard i. */
const NAMES = [0, 1, 2, 3].map((shard) => {
  for (let i = 0; ; i++) if (shardOf(`a${i}`, 4) === shard) return `a${i}`;
});

beforeEach(freshStart);

describe("a batch on four shards", () => {
  it("is answered in the order given, names and none mixed", async () => {
    const tasks = NAMES.flatMap((name) => [{ name, payload: name }, { payload: "none" }]);
    const results = await queue(Q).add(tasks);
    const added = results.map(({ task }) => queue(Q).get(task?.name as string));
    const payloads = (await Promise.all(added)).map(({ payload }) => payload);
    expect(payloads).toEqual(tasks.map(({ payload }) => payload));
  });

  it("is refused as a whole for one bad task, and no name is taken", async () => {
    const bad = NAMES.map((name, i) => ({ name, ...(i === 2 && { countdown: -1e9, url: "x" }) }));
    await expect(queue(Q).add(bad)).rejects.toMatchObject({ code: "INVALID_URL" });
    const results = await queue(Q).add(NAMES.map((name) => ({ name })));
    expect(results.every(({ task }) => task)).toBe(true);
  });

  it.each([100, 101])("of %i without names is refused as a whole for one bad task", async (n) => {
    const bad = Array.from({ length: n }, (_, i) => (i === n - 1 ? { url: "x" } : {}));
    await expect(queue(Q).add(bad)).rejects.toMatchObject({ code: "INVALID_URL" });
    expect((await queue(Q).describe()).statistics.tasks).toBe(0);
  });

  it("has for each name that is taken its own error", async () => {
    await queue(Q).add({ name: NAMES[1] as string, countdown: 60 });
    const results = await queue(Q).add(NAMES.map((name) => ({ name })));
    expect(results.map(({ error }) => error?.code)).toEqual([
      ...[undefined, "TASK_ALREADY_EXISTS", undefined, undefined],
    ]);
  });

  it("that is twice the same name is refused", async () => {
    const name = NAMES[0] as string;
    await expect(queue(Q).add([{ name }, { name }])).rejects.toMatchObject({
      code: "DUPLICATE_TASK_NAME",
    });
  });

  it("that is empty adds nothing, whether or not its caller knows the queue's entry", async () => {
    expect(await queue(Q).add([])).toEqual([]);
    await queue("made").define({ rate: 0, extensions: { shards: 4 } });
    expect(await queue("made").add([])).toEqual([]);
  });

  it("of a thousand tasks without names goes to several", async () => {
    const results = await queue(Q).add(Array.from({ length: 1000 }, () => ({ countdown: 60 })));
    const shards = results.map(({ task }) => shardOf(task?.name as string, 4));
    expect(new Set(shards).size).toBeGreaterThan(1);
  });
});

describe("all or nothing", () => {
  it("is refused for names of several shards, with the reason", async () => {
    const tasks = NAMES.map((name) => ({ name }));
    await expect(queue(Q).add(tasks, { atomic: true })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/^atomic: the names are on 4 of the queue's 4 shards/),
    });
    await expect(queue(Q).get(NAMES[0] as string)).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
  });

  it("holds for names of one shard, and tasks without names beside them", async () => {
    const names = Array.from({ length: 60 }, (_, i) => `b${i}`).filter(
      (it) => shardOf(it, 4) === 2,
    );
    const tasks = [...names.map((name) => ({ name, countdown: 60 })), { countdown: 60 }];
    const results = await queue(Q).add(tasks, { atomic: true });
    expect(results.map(({ task }) => shardOf(task?.name as string, 4))).toEqual(tasks.map(() => 2));
    await expect(queue(Q).add(tasks, { atomic: true })).rejects.toMatchObject({
      code: "TASK_ALREADY_EXISTS",
    });
  });
});

describe("a name on four shards", () => {
  it("is a tombstone when its task was deleted, after an eviction too", async () => {
    const [name = ""] = NAMES;
    await queue(Q).add({ name, countdown: 60 });
    await queue(Q).delete([name]);
    await crash();
    await expect(queue(Q).add({ name })).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
    expect(await queue(Q).release(name)).toEqual({ name, released: true });
    await queue(Q).add({ name });
  });

  it("is accepted once by callers who know of one shard, and by those who know of four", async () => {
    const object = objectOf(Q) as unknown as { add(calls: object[]): Promise<unknown[]> };
    const calls = NAMES.map((name) => ({ tasks: [{ name, countdown: 60 }], atomic: false }));
    await object.add(calls);
    const results = await queue(Q).add(NAMES.map((name) => ({ name })));
    expect(results.map(({ error }) => error?.code)).toEqual(NAMES.map(() => "TASK_ALREADY_EXISTS"));
    const task = await queue(Q).get(NAMES[3] as string);
    expect(Date.parse(task.eta as string)).toBe(clock.now + 60_000);
  });
});
