// What is decided for a queue as a whole holds on every shard, whatever ends or does not answer in between.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { shardObject, shardOf } from "../../../src/core/sharding/shard-map.ts";
import { clock } from "../../support/clock.ts";
import { breakDown, injectInto } from "../../support/faults.ts";
import { crash, freshStart, objectOf, pass, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { deployed, queueFile, received } from "../../support/worker.ts";

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
        // Not each: all take minutes.
        for (let at = 1, reached = true; reached; at += 3) {
          await freshStart();
          await later();
          const fault = await injectInto([shardObject(QUEUE, shard)], { at, kind });
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

describe("a purge", () => {
  const isLeft = (name: string) =>
    four()
      .get(name)
      .then(
        ({ state }) => state === "scheduled",
        () => false,
      );

  it("that a shard hears of late takes what was added before it was called, and nothing else", async () => {
    await later();
    const [, , third = ""] = OBJECTS;
    const mend = await breakDown(third);
    const name = NAMES[2] as string;
    await four().purge();
    expect(await isLeft(name)).toBe(true);
    clock.now += 5_000;
    mend();
    await four().add({ name: "n5-after", countdown: 3600 });
    const all = Array.from({ length: 40 }, (_, i) => ({ name: `after${i}`, countdown: 3600 }));
    await four().add(all);
    await work(OBJECTS, async () => (await untold()) === undefined, 60);
    expect(await isLeft(name)).toBe(false);
    expect((await four().list({ limit: 100 })).tasks).toHaveLength(41);
  }, 60_000);

  it("is finished by its alarm though the first shard ends in it", async () => {
    // Not each: all take minutes.
    for (let at = 1, reached = true; reached; at += 3) {
      await freshStart();
      await later();
      const fault = await injectInto([QUEUE], { at, kind: "kill" });
      await four()
        .purge()
        .catch(() => {});
      reached = fault.hit();
      await crash();
      const isBegun = (await metaOf("orders"))[0] !== undefined;
      await work(OBJECTS, async () => (await untold()) === undefined, 60);
      expect({ at, left: await tasksLeft() }).toEqual({ at, left: isBegun ? 0 : 4 });
    }
  }, 60_000);
});

describe("a deploy", () => {
  /** With another rate, each object as it starts anew. */
  async function deploy(resume = true): Promise<void> {
    const entry = queueFile.queues.get(QUEUE) as QueueConfig;
    const queues = new Map([...queueFile.queues, [QUEUE, { ...entry, rate: 400 }]]);
    deployed.queues = { ...queueFile, queues, resumePausedQueues: resume };
    await crash();
  }

  it.each([0, 1, 3])(
    "that changes the queue resumes all shards, whichever starts first: %i",
    async (first) => {
      await later();
      await four().pause();
      await deploy();
      await runInDurableObject(objectOf(OBJECTS[first] as string), () => {});
      await work(OBJECTS, async () => !(await pausedOnes()).includes(true), 60);
      expect(await pausedOnes()).toEqual([false, false, false, false]);
    },
  );

  it("resumes none where the file says so", async () => {
    await later();
    await four().pause();
    await deploy(false);
    await pass(QUEUE, 10);
    expect(await pausedOnes()).toEqual([true, true, true, true]);
  });

  it("does not resume what was paused after it, on a shard that starts late", async () => {
    await later();
    await four().pause();
    await deploy();
    await work(OBJECTS, async () => (await pausedOnes())[0] === false, 60);
    await four().pause();
    await pass(QUEUE, 10);
    await crash();
    await pass(QUEUE, 10);
    expect(await pausedOnes()).toEqual([true, true, true, true]);
  });
});

it("an entry by PUT holds on every shard", async () => {
  const made = () => queue("made");
  await made().define({ rate: 0, extensions: { shards: 4 } });
  await made().add(NAMES.map((name) => ({ name })));
  await made().define({ rate: "500/s", bucket_size: 100, extensions: { shards: 4 } });
  const objects = SHARDS.map((shard) => shardObject("made", shard));
  await work(objects, () => received.length === 4, 10);
});
