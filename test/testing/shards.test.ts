// The kit with a queue of several shards: its objects are one queue's.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { taskQueueTest } from "../../src/testing/index.ts";
import { get, handlers } from "../support/worker.ts";

const kit = taskQueueTest();
const QUEUE = "four-shards";
const NAMES = Array.from({ length: 12 }, (_, i) => `n${i}`);

beforeEach(async () => {
  handlers.clear();
  await kit.reset();
});

describe("a queue of four shards", () => {
  it("has what was added to any of them once, and what has run, as the queue's", async () => {
    await get(env, QUEUE).add(NAMES.map((name) => ({ name })));
    await kit.queue(QUEUE).add({ name: "by-the-object" });
    const names = kit.added(QUEUE).map(({ name }) => name);
    expect(names.toSorted()).toEqual([...NAMES, "by-the-object"].toSorted());
    await kit.drain(QUEUE);
    expect(kit.attempts(QUEUE).length).toBe(13);
    expect(kit.attempts({ queue: QUEUE, name: "n3" })).toMatchObject([{ ok: true }]);
  });

  it("is drained in the order of its times, though each shard has an alarm of its own", async () => {
    await get(env, QUEUE).add(NAMES.map((name, i) => ({ name, countdown: 10 * (12 - i) })));
    await kit.drain();
    expect(kit.attempts(QUEUE).map(({ name }) => name)).toEqual(NAMES.toReversed());
  });

  it("that cannot be drained says what is left, once", async () => {
    await get(env, QUEUE).pause();
    await get(env, QUEUE).add(NAMES.map((name) => ({ name })));
    const error = await kit.drain(QUEUE).catch(String);
    expect(error).toContain(`queue "${QUEUE}" has 12 left, paused`);
    expect(String(error).match(/has 12 left/g)?.length).toBe(1);
  });

  it("has attempts that are to fail on whatever shard is next", async () => {
    await get(env, QUEUE).add(NAMES.map((name) => ({ name })));
    kit.failNext(QUEUE, { status: 503 });
    await kit.settle();
    expect(kit.attempts(QUEUE).filter(({ ok }) => !ok).length).toBe(1);
  });

  it("runs the next one of all", async () => {
    await get(env, QUEUE).add(NAMES.map((name, i) => ({ name, countdown: 100 - i })));
    expect((await kit.runNext(QUEUE)).name).toBe("n11");
  });
});
