// Rules at add, and expiry, on a queue of four shards, and while their number changes.
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
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
import { crash, freshStart, objectOf, objectsOf, queue, until } from "../../support/time.ts";
import { handlers, held, received } from "../../support/worker.ts";

const Q = "four-shards";
const HANDLER = `/_ah/queue/${Q}`;
const NAMES = Array.from({ length: 24 }, (_, i) => `n${i}`);
/** One that goes to another shard where there are eight; not of the first, which starts anew. */
const MOVED = NAMES.find(
  (name) => shardOf(name, 4) !== 0 && shardOf(name, 4) !== shardOf(name, 8),
) as string;

/** So long a call waits for what is on its way, or is answered before: what it comes to is the same. */
const A_MOMENT_MS = 30;

beforeEach(freshStart);
afterEach(() => vi.restoreAllMocks());

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

const bodies = () => received.map(({ body }) => body);
const rows = async (table: string) => {
  const all = await Promise.all(objectsOf(Q).map((one) => rowsOf(one, `SELECT * FROM ${table}`)));
  return all.flat();
};
const debounce = (payload: string, name = MOVED, seconds = 10) =>
  queue(Q).add({ name, payload, debounce: { seconds } });
const isMoved = async () => (await mapOf(Q)).former === undefined;

describe("on four shards", () => {
  it("rules hold for each name, in a batch and alone", async () => {
    const tasks = NAMES.map((name) => ({ name, countdown: 60, ifExists: "keep" as const }));
    const outcomes = async () =>
      new Set((await queue(Q).add(tasks)).map(({ task }) => task?.outcome));
    expect(await outcomes()).toEqual(new Set(["added"]));
    await crash();
    expect(await outcomes()).toEqual(new Set(["kept"]));
    const replaced = await queue(Q).add({ name: MOVED, ifExists: "replace", payload: "new" });
    expect(replaced.outcome).toBe("replaced");
    expect((await queue(Q).describe()).statistics.tasks).toBe(NAMES.length);
  });

  it("tasks expire on each while the queue is paused, and are counted and listed together", async () => {
    await queue(Q).pause();
    await queue(Q).add(NAMES.map((name) => ({ name, expires: 30 })));
    await passAll(Q, 30);
    const { statistics } = await queue(Q).describe();
    const { expired, expiredLastMinute, tasks } = statistics;
    expect({ expired, expiredLastMinute, tasks }).toEqual({
      ...{ expired: NAMES.length, expiredLastMinute: NAMES.length, tasks: 0 },
    });
    const listed = (await queue(Q).list({ state: "expired" })).tasks.map(({ name }) => name);
    expect(listed.sort()).toEqual([...NAMES].sort());
    expect(await queue(Q).redrive("all")).toEqual({ redriven: NAMES.length });
  });
});

describe("while their number changes", () => {
  it("what expires, has expired, or is debounced goes along", async () => {
    await queue(Q).pause();
    await queue(Q).add(NAMES.slice(0, 8).map((name) => ({ name, expires: 5 })));
    await queue(Q).add(NAMES.slice(8, 16).map((name) => ({ name, expires: 500 })));
    await passAll(Q, 5);
    const debounced = NAMES.slice(16);
    for (const name of debounced) await debounce("a", name);
    await deployShards(Q, 8);
    await queue(Q).pause();
    await untilMoved(Q, 8);
    expect((await queue(Q).describe()).statistics.expired).toBe(8);
    for (const name of NAMES.slice(0, 8)) expect((await queue(Q).get(name)).state).toBe("expired");
    for (const name of debounced) expect((await debounce("b", name)).outcome).toBe("debounced");
    await passAll(Q, 500);
    expect((await queue(Q).describe()).statistics).toMatchObject({ expired: 16, tasks: 8 });
    expect(await rows("expiries")).toEqual([]);
    await queue(Q).resume();
    await passAll(Q, 1);
    expect(new Set(bodies())).toEqual(new Set(["b"]));
    expect(bodies()).toHaveLength(debounced.length);
  });

  it("the shard that has a task of the name decides, until it is handed over", async () => {
    await debounce("a", MOVED, 100);
    await queue(Q).add({ name: "other", countdown: 200 });
    const letGo = holdUp();
    await deployShards(Q, 8);
    await passAll(Q, 3);
    const kept = queue(Q).add({ name: MOVED, ifExists: "keep" });
    await scheduler.wait(A_MOMENT_MS);
    letGo();
    await passAll(Q, 60, isMoved);
    expect((await kept).outcome).toBe("kept");
    expect((await debounce("b", MOVED, 100)).outcome).toBe("debounced");
    await untilMoved(Q, 8);
    await passAll(Q, 100);
    expect(bodies().filter((body) => body !== "")).toEqual(["b"]);
  });

  it("what waits behind a running task is neither lost nor beside it", async () => {
    const attempt = held(HANDLER);
    await debounce("a");
    clock.now += 10_000;
    for (const object of objectsOf(Q)) runDurableObjectAlarm(objectOf(object)).catch(() => {});
    await until(() => attempt.started() === 1);
    setShards(Q, 8);
    await restart(Q);
    await passAll(objectsOf(Q).slice(0, 1), 1);
    expect((await debounce("b")).outcome).toBe("added");
    expect((await debounce("c")).outcome).toBe("debounced");
    expect(await rows("successors")).toHaveLength(1);
    expect((await queue(Q).get(MOVED)).state).toBe("running");
    attempt.answer(0, 200);
    attempt.answer(1, 200);
    await untilMoved(Q, 8);
    await passAll(Q, 60);
    expect(attempt.started()).toBe(2);
    expect((await queue(Q).get(MOVED)).state).toBe("done");
    expect(bodies()).toEqual(["a", "c"]);
  });

  it("a name that has ended on the shard before begins anew on the other", async () => {
    let status = 500;
    handlers.set(HANDLER, () => new Response(null, { status }));
    const NO_RETRY = { limit: 0, minBackoff: 1, maxBackoff: 2, maxDoublings: 1 };
    await deployShards(Q, 4, { retry: NO_RETRY });
    await debounce("a");
    await passAll(Q, 15);
    expect((await queue(Q).get(MOVED)).state).toBe("failed");
    const letGo = holdUp();
    await deployShards(Q, 8, { retry: NO_RETRY });
    await passAll(Q, 3);
    const added = debounce("b");
    await scheduler.wait(A_MOMENT_MS);
    letGo();
    await passAll(Q, 60, isMoved);
    expect((await added).outcome).toBe("added");
    await untilMoved(Q, 8);
    status = 200;
    await passAll(Q, 60);
    expect((await queue(Q).get(MOVED)).state).toBe("done");
    const { tasks } = await queue(Q).list({ state: "failed" });
    expect(tasks).toMatchObject([{ payload: "a" }]);
    const name = tasks[0]?.name as string;
    expect(await queue(Q).redrive([name])).toEqual([{ name, redriven: true }]);
  });
});
