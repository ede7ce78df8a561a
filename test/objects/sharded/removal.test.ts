// Removing a queue of several shards: nothing of it stays on any of them, whatever ends in between.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { shardObject, shardOf } from "../../../src/core/sharding/shard-map.ts";
import type { DirectoryRpc, QueueCalls } from "../../../src/objects/rpc.ts";
import { clock } from "../../support/clock.ts";
import { breakDown, injectInto } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import { rowsOf } from "../../support/resharding.ts";
import {
  crash,
  DIRECTORY,
  freshStart,
  groupObject,
  objectOf,
  ownAlarm,
  queue,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { deployed, group, queueFile, received } from "../../support/worker.ts";

const SHARDS = [0, 1, 2, 3];
const OBJECTS = SHARDS.map((shard) => shardObject("made", shard));
/** One for each shard. */
const NAMES = SHARDS.map((shard) => {
  for (let i = 0; ; i++) if (shardOf(`n${i}`, 4) === shard) return `n${i}`;
});

beforeEach(freshStart);

const made = () => queue("made");
const define = (shards: number, entry: object = { rate: 0 }) =>
  made().define({ ...entry, extensions: { shards } });
const fill = () => made().add(NAMES.map((name) => ({ name })));

async function isListed(): Promise<boolean> {
  return (objectOf(DIRECTORY) as unknown as DirectoryRpc).isKnown("made");
}

/** What is left in the tables of the queue's objects, without the schema's version. */
async function rowsLeft(): Promise<number[]> {
  const count = (_: unknown, { storage }: DurableObjectState) => {
    const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meta'").toArray();
    if (tables.length === 0) return 0;
    const counts = ["tasks", "names", "failed", "tags", "outbox", "accepted_groups"].map(
      (table) => storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one().n as number,
    );
    const values = storage.sql.exec("SELECT count(*) AS n FROM meta WHERE key <> 'schema'").one();
    return counts.reduce((sum, n) => sum + n, values.n as number);
  };
  return Promise.all(OBJECTS.map((name) => runInDurableObject(objectOf(name), count)));
}

const isGone = async () => !(await isListed()) && (await rowsLeft()).every((rows) => rows === 0);

describe("a removed queue of several shards", () => {
  it("leaves no row behind on any shard, and no alarm", async () => {
    await define(4, { rate: "1/m", bucket_size: 1 });
    await fill();
    expect((await rowsLeft()).every((rows) => rows > 0)).toBe(true);
    await made().remove();
    expect(await rowsLeft()).toEqual([0, 0, 0, 0]);
    expect(await isListed()).toBe(false);
    clock.now += 600_000;
    for (const name of OBJECTS) {
      await runDurableObjectAlarm(objectOf(name));
      expect(await ownAlarm(name)).toBeNull();
    }
    expect(received).toHaveLength(0);
  });

  it.each([2, 8, 1])("can be made again with %i shards", async (shards) => {
    await define(4);
    await fill();
    await made().pause();
    await made().remove();
    await define(shards, { rate: "10/s" });
    expect((await made().add(NAMES.map((name) => ({ name })))).map(({ error }) => error)).toEqual(
      NAMES.map(() => undefined),
    );
    await expect(made().get("x")).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
    for (const name of NAMES) expect((await made().get(name)).state).not.toBe("unknown");
  });

  it("counts tasks of groups as deleted, on whichever shard", async () => {
    await define(4);
    const tasks = NAMES.map((name) => ({ queue: "made", name }));
    await queue("push").group({ name: "g", tasks });
    const names = [...OBJECTS, groupObject("g")];
    await work(names, async () => {
      const found = await Promise.allSettled(NAMES.map((name) => made().get(name)));
      return found.every(({ status }) => status === "fulfilled");
    });
    await made().remove();
    await work(names, async () => (await group(env, "g").progress()).state === "failed");
    expect(await group(env, "g").progress()).toMatchObject({ deleted: 4 });
    expect(await isGone()).toBe(true);
  });

  it("answers whoever waits for a result: the task was deleted", async () => {
    await made().define({ rate: 0, extensions: { shards: 4, keep_results: true } });
    await fill();
    const refused = NAMES.map((name) =>
      expect(made().result(name, { timeout: 50 })).rejects.toThrow("was deleted"),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await made().remove();
    await Promise.all(refused);
  });

  it.each([
    ["throw", 0],
    ["kill", 0],
    ["throw", 2],
    ["kill", 2],
  ] as const)(
    "is finished whatever step fails (%s, shard %i)",
    async (kind, shard) => {
      // Not each: all take minutes.
      for (let at = kind === "throw" ? 1 : 2, reached = true; reached; at += 3 * STRIDE) {
        await freshStart();
        await define(4);
        await fill();
        const fault = await injectInto([shardObject("made", shard)], { at, kind });
        const answered = await made()
          .remove()
          .then(
            () => true,
            () => false,
          );
        reached = fault.hit();
        fault.stop();
        await crash();
        if (!answered && (await isListed()))
          await made()
            .remove()
            .catch(() => {});
        await work(OBJECTS, isGone, 120);
      }
    },
    240_000,
  );
});

describe("a queue that is made again before all shards have erased", () => {
  it.each([2, 4])("has no old task, with %i shards", async (shards) => {
    await define(4);
    await fill();
    await made().pause();
    const mend = await Promise.all([1, 3].map((shard) => breakDown(shardObject("made", shard))));
    await made().remove();
    expect(await isListed()).toBe(true);
    await define(shards, { rate: "1/m", bucket_size: 1 });
    for (const one of mend) one();
    for (const name of NAMES) {
      await expect(made().get(name)).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
    }
    await fill();
    for (const name of NAMES) expect((await made().get(name)).name).toBe(name);
  });
});

describe("a queue that is taken out of queue.yaml, removed, and put back before all shards have erased", () => {
  const four = () => queue("four-shards");
  const objects = SHARDS.map((shard) => shardObject("four-shards", shard));
  const [, , third = ""] = objects;

  async function deploy(isIn: boolean): Promise<void> {
    const queues = [...queueFile.queues].filter(([name]) => isIn || name !== "four-shards");
    deployed.queues = { ...queueFile, queues: new Map(queues) };
    await crash();
  }

  beforeEach(async () => {
    await four().add(NAMES.map((name) => ({ name, countdown: 3600 })));
    await deploy(false);
    await breakDown(third);
    await (objectOf("four-shards") as unknown as QueueCalls).remove();
    await deploy(true);
  });

  it("has no old task", async () => {
    expect((await four().list()).tasks).toEqual([]);
    for (const name of NAMES) await expect(four().get(name)).rejects.toThrow(name);
  });

  it("keeps every task that is added then", async () => {
    const added: string[] = [];
    await work(
      objects,
      async () => {
        const results = await Promise.allSettled(
          NAMES.map((name) => four().add({ name: `${name}-new`, countdown: 3600 })),
        );
        for (const it of results) if (it.status === "fulfilled") added.push(it.value.name);
        return added.length === 4;
      },
      60,
    );
    await work(objects, async () => !(await isRemoving()), 60);
    const left = (await four().list()).tasks.map(({ name }) => name);
    expect(left.toSorted()).toEqual(added.toSorted());
  });

  async function isRemoving(): Promise<boolean> {
    const rows = await Promise.all(
      objects.map((object) => rowsOf(object, "SELECT 1 FROM meta WHERE key = 'removing'")),
    );
    return rows.some((some) => some.length > 0);
  }
});
