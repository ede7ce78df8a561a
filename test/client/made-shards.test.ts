// A queue of several shards that was made over the API: callers come to know how many it has.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { shardOf } from "../../src/core/sharding/shard-map.ts";
import { TaskQueueObject } from "../../src/objects/queue/task-queue.ts";
import { freshStart, queue, until } from "../support/time.ts";

beforeEach(freshStart);
afterEach(() => vi.restoreAllMocks());

const made = () => queue("made");
const define = (shards: number) => made().define({ rate: 0, extensions: { shards } });
/** One for each shard of four. */
const NAMES = [0, 1, 2, 3].map((shard) => {
  for (let i = 0; ; i++) if (shardOf(`n${i}`, 4) === shard) return `n${i}`;
});

/** Whether a call of a name goes by way of the queue's own object. */
async function isRouted(): Promise<boolean> {
  const get = vi.spyOn(TaskQueueObject.prototype, "get");
  await Promise.all(NAMES.map((name) => made().get(name)));
  const { length } = get.mock.calls;
  get.mockRestore();
  return length > 0;
}

describe("callers of a queue made over the API", () => {
  it("call its shards themselves from the second call on", async () => {
    await define(4);
    await made().add(NAMES.map((name) => ({ name })));
    await until(async () => !(await isRouted()));
  });

  it("go by what is true when it has another number of shards, or was made again", async () => {
    await define(4);
    await made().add(NAMES.map((name) => ({ name })));
    await until(async () => !(await isRouted()));
    await define(2);
    for (const name of NAMES) expect((await made().get(name)).name).toBe(name);
    await made().remove();
    await define(1);
    for (const name of NAMES) await expect(made().get(name)).rejects.toThrow(name);
    await made().add({ name: "alone" });
    expect((await made().list()).tasks.map(({ name }) => name)).toEqual(["alone"]);
  });
});
