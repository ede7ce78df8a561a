// A queue whose number of shards changes, and what its objects have on disk.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { QueueConfig } from "../../src/core/config/queue-config.ts";
import { fireInOrder } from "../../src/testing/order.ts";
import { clock } from "./clock.ts";
import { crash, firstAlarm, objectOf, objectsOf, untilIdle } from "./time.ts";
import { deployed, queueFile } from "./worker.ts";

/** Deploys a queue.yaml in which the queue has so many shards; every object starts anew. */
export async function deployShards(
  name: string,
  shards: number,
  more: Partial<QueueConfig> = {},
): Promise<void> {
  setShards(name, shards, more);
  await crash();
  await runInDurableObject(objectOf(name), () => {});
}

/** The same without a start: objects learn of it when they start. */
export function setShards(name: string, shards: number, more: Partial<QueueConfig> = {}): void {
  objectsOf(name);
  const entry = queueFile.queues.get(name) as QueueConfig;
  const queues = new Map([...queueFile.queues, [name, { ...entry, ...more, shards }]]);
  deployed.queues = { ...queueFile, queues };
  objectsOf(name);
}

/** Rows of one object; none of a table that it has not made yet. */
export async function rowsOf(object: string, query: string): Promise<Record<string, unknown>[]> {
  const [, table = ""] = /\bFROM (\w+)/.exec(query) ?? [];
  return runInDurableObject(objectOf(object), (_, { storage }) => {
    const isThere = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray();
    return isThere.length > 0 ? storage.sql.exec(query).toArray() : [];
  });
}

/** The map that the queue's first object has on disk. */
export async function mapOf(name: string): Promise<{ shards: number; former?: number }> {
  const [row] = await rowsOf(name, "SELECT value FROM meta WHERE key = 'shards'");
  return row ? JSON.parse(row.value as string) : { shards: 1 };
}

/** Ends this object alone, as an eviction does, and starts it again. */
export async function restart(object: string): Promise<void> {
  await runInDurableObject(objectOf(object), (_, state) => state.abort("ended by the test")).catch(
    () => {},
  );
  await runInDurableObject(objectOf(object), () => {});
}

/** Fires the alarms of all objects of the queue, or of these objects, until `seconds` have passed or `isDone` says so. */
export async function passAll(
  of: string | readonly string[],
  seconds: number,
  isDone: () => boolean | Promise<boolean> = () => false,
): Promise<void> {
  const names = typeof of === "string" ? objectsOf(of) : of;
  const end = clock.now + seconds * 1000;
  await fireInOrder(
    {
      next: () => firstAlarm(names),
      reach: async ({ at, name: object }) => {
        clock.now = Math.max(clock.now, at);
        // One that dies in it is started anew.
        await runDurableObjectAlarm(objectOf(object)).catch(() => {});
      },
      settled: async () => {
        await Promise.all(names.map(untilIdle));
      },
    },
    end,
    isDone,
  );
  if (!(await isDone())) clock.now = Math.max(clock.now, end);
}

/** Lets the queue come to rest with so many shards. */
export async function untilMoved(name: string, shards: number): Promise<void> {
  const isDone = async () => {
    const map = await mapOf(name);
    return map.shards === shards && map.former === undefined;
  };
  await passAll(name, 600, isDone);
  if (!(await isDone())) throw new Error(`the tasks of "${name}" did not come to rest`);
}
