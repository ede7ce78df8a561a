// What is decided for a queue as a whole holds on every shard, whatever ends or does not answer in between.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { shardObject, shardOf } from "../../../src/core/sharding/shard-map.ts";
import { inject } from "../../support/faults.ts";
import { crash, freshStart, objectOf, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";

const QUEUE = "four-shards";
const SHARDS = [0, 1, 2, 3];
const OBJECTS = SHARDS.map((shard) => shardObject(QUEUE, shard));
/** One for each shard. */
const NAMES = SHARDS.map((shard) => {
  for (let i = 0; ; i++) if (shardOf(`n${i}`, 4) === shard) return `n${i}`;
});

beforeEach(freshStart);

const four = () => queue(QUEUE);
const later = () => four().add(NAMES.map((name) => ({ name, countdown: 3600 })));

/** A value that each shard keeps, by shard. */
async function metaOf(key: string): Promise<unknown[]> {
  const read = (_: unknown, { storage }: DurableObjectState) => {
    const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meta'").toArray();
    if (tables.length === 0) return undefined;
    const [row] = storage.sql.exec("SELECT value FROM meta WHERE key = ?", key).toArray();
    return row && JSON.parse(row.value as string);
  };
  return Promise.all(OBJECTS.map((name) => runInDurableObject(objectOf(name), read)));
}

const pausedOnes = async () => (await metaOf("paused")).map((paused) => paused === true);
const untold = async () => ((await metaOf("orders"))[0] as { untold?: number })?.untold;
const tasksLeft = async () => {
  const found = NAMES.map((name) => four().get(name));
  const states = (await Promise.allSettled(found)).map((it) =>
    it.status === "fulfilled" ? it.value.state : "none",
  );
  return states.filter((state) => state === "scheduled").length;
};

describe("an order", () => {
  it("holds on every shard once it is answered", async () => {
    await later();
    await four().pause();
    expect(await pausedOnes()).toEqual([true, true, true, true]);
    await four().resume();
    expect(await pausedOnes()).toEqual([false, false, false, false]);
    expect(await untold()).toBeUndefined();
  });

  it("holds on a shard that had nothing until then", async () => {
    await four().pause();
    expect(await pausedOnes()).toEqual([true, false, false, false]);
    await later();
    expect(await pausedOnes()).toEqual([true, true, true, true]);
  });

  it("of purge leaves nothing on any shard", async () => {
    await later();
    await four().purge();
    expect(await tasksLeft()).toBe(0);
  });

  it.each(["throw", "kill"] as const)(
    "is finished whatever step of a shard fails (%s)",
    async (kind) => {
      for (const shard of [0, 2]) {
        for (let at = 1, reached = true; reached; at++) {
          await freshStart();
          await later();
          const fault = await inject(shardObject(QUEUE, shard), { at, kind });
          const answered = await four()
            .pause()
            .then(
              () => true,
              () => false,
            );
          reached = fault.hit();
          fault.stop();
          await crash();
          if (!answered && !(await pausedOnes())[0]) continue;
          await work(OBJECTS, async () => (await untold()) === undefined, 60);
          expect({ at, shard, paused: await pausedOnes() }).toEqual({
            ...{ at, shard },
            paused: [true, true, true, true],
          });
        }
      }
    },
    120_000,
  );
});
