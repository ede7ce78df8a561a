// Moving time: alarms fire in their order at the instants they were set for, and nothing waits.
import {
  abortAllDurableObjects,
  evictDurableObject,
  listDurableObjectIds,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { QueueConfig } from "../../src/core/config/queue-config.ts";
import { shardObject } from "../../src/core/sharding/shard-map.ts";
import type { QueueHandle } from "../../src/index.ts";
import type { ClassName } from "../../src/objects/exported.ts";
import { Batches } from "../../src/objects/queue/dispatch/batches.ts";
import { Search } from "../../src/objects/queue/inspect/search.ts";
import { ManyObjects } from "../../src/objects/queue/many-objects.ts";
import { rules } from "../../src/objects/queue/ruled-adds.ts";
import { TaskKeys } from "../../src/objects/queue/task-keys.ts";
import { CRON_NAME, DIRECTORY_NAME } from "../../src/objects/stubs.ts";
import { fireInOrder, untilQuiet } from "../../src/testing/order.ts";
import { clock, START } from "./clock.ts";
import {
  backendReceived,
  deployed,
  forgetHeld,
  get,
  handlers,
  queueFile,
  received,
  unanswered,
} from "./worker.ts";

export function queue(name: string): QueueHandle {
  for (const object of objectsOf(name)) touched.add(object);
  return get(env, name);
}

/** How many objects queues have or had since the last fresh start, where they had several. */
const shards = new Map<string, number>();

/** The names of a queue's objects, those that it had before it was deployed with fewer too. */
export function objectsOf(name: string): string[] {
  const now = deployed.queues.queues.get(name)?.shards ?? 1;
  const most = Math.max(now, shards.get(name) ?? 1);
  if (most > 1) shards.set(name, most);
  return Array.from({ length: most }, (_, index) => shardObject(name, index));
}

/** Objects that have been spoken to since the last fresh start. */
const touched = new Set<string>();

/** Names of objects that are no queues: each has a slash in front. */
export const DIRECTORY = "/queues";
export const CRON = "/cron";

export function groupObject(group: string): string {
  return `/groups/${group}`;
}

export function egressObject(queue: string, index: number): string {
  return `/egress/${queue}/${index}`;
}

/** The object of a queue, or of one of the names above. */
export function objectOf(name: string): DurableObjectStub {
  touched.add(name);
  const { className, own } = placeOf(name);
  return (exports as unknown as Record<ClassName, DurableObjectNamespace>)[className].getByName(
    own,
  );
}

function placeOf(name: string): { className: ClassName; own: string } {
  if (name === DIRECTORY) return { className: "TaskDirectory", own: DIRECTORY_NAME };
  if (name === CRON) return { className: "TaskCron", own: CRON_NAME };
  const [, kind, ...rest] = name.startsWith("/") ? name.split("/") : [];
  if (kind === "groups") return { className: "TaskGroup", own: rest.join("/") };
  if (kind === "egress") return { className: "TaskEgress", own: rest.join("/") };
  return { className: "TaskQueue", own: name };
}

/** The file of tests that has begun. */
let begunFile: string | undefined;

/** What the file before left in this workerd, which they share; nothing within a file. */
async function leftByOtherFile(): Promise<DurableObjectStub[]> {
  const { testPath } = expect.getState();
  if (testPath === begunFile) return [];
  begunFile = testPath;
  const { OBJECTS, GROUPS, EGRESS } = env as unknown as Record<string, DurableObjectNamespace>;
  const left = await Promise.all(
    [OBJECTS, GROUPS, EGRESS].map(async (space) => {
      const ids = await listDurableObjectIds(space as DurableObjectNamespace);
      return ids.map((id) => (space as DurableObjectNamespace).get(id));
    }),
  );
  return [...left.flat(), objectOf(CRON)];
}

/** Before each test: empty storage, the clock at its start, no handlers. */
export async function freshStart(): Promise<void> {
  // Only objects that are alive are emptied: one that has just ended would keep what it knows.
  const names = [DIRECTORY, ...touched];
  const objects = [...names.map(objectOf), ...(await leftByOtherFile())];
  await Promise.all(objects.map((object) => runInDurableObject(object, () => {})));
  await reset();
  touched.clear();
  shards.clear();
  clock.now = START;
  deployed.cron = new Map();
  deployed.queues = queueFile;
  deployed.Sharding = ManyObjects;
  deployed.Keys = TaskKeys;
  deployed.ruled = rules.ruled;
  deployed.Batches = Batches;
  deployed.Search = Search;
  handlers.clear();
  forgetHeld();
  received.length = 0;
  backendReceived.length = 0;
}

/** When the first alarm of a queue's objects is set for, or that of another object. */
export async function alarmOf(name: string): Promise<number | null> {
  return (await firstAlarm(objectsOf(name)))?.at ?? null;
}

/** The same of one object. */
export async function ownAlarm(object: string): Promise<number | null> {
  return runInDurableObject(objectOf(object), (_, state) => state.storage.getAlarm());
}

/** Fires the alarms of the queue's objects, each at its time, until none is left before `end` (ms). */
export async function runUntil(name: string, end: number): Promise<void> {
  await untilAnswersArrived(name);
  await fireAlarms(objectsOf(name), end, name);
}

/**
 * Fires the alarms of these objects, each at its time, until none is left before `end` (ms). After each it waits for
 * the attempts of the queue.
 */
export async function fireAlarms(
  names: readonly string[],
  end: number,
  queueName: string,
): Promise<void> {
  let isFired = false;
  await fireInOrder(
    {
      next: () => firstAlarm(names),
      reach: async ({ at, name }) => {
        clock.now = Math.max(clock.now, at);
        isFired = true;
        await runDurableObjectAlarm(objectOf(name));
      },
      settled: async () => {
        if (!isFired) return;
        // Whatever is asked of the queue is a step at which a test may make it fail: once is enough.
        await untilQuiet(() => hasAttempts(queueName), 1);
        // What one shard asks of another goes on behind the alarm.
        const objects = objectsOf(queueName);
        if (objects.length > 1) await Promise.all(objects.map(untilIdle));
      },
    },
    end,
  );
  clock.now = Math.max(clock.now, end);
}

/** Of these objects, the one whose alarm is first. */
export async function firstAlarm(
  names: readonly string[],
): Promise<{ name: string; at: number } | undefined> {
  const alarms = await Promise.all(names.map(async (name) => ({ name, at: await ownAlarm(name) })));
  const set = alarms.flatMap(({ name, at }) => (at === null ? [] : { name, at }));
  return set.sort((a, b) => a.at - b.at)[0];
}

/** Waits until every attempt that a test has answered is settled: its answer takes a moment to arrive. */
async function untilAnswersArrived(name: string): Promise<void> {
  const waiting = unanswered();
  if (waiting === undefined) return;
  await until(async () => (await queue(name).describe()).statistics.inFlight <= waiting);
}

async function hasAttempts(name: string): Promise<boolean> {
  return (await queue(name).describe()).statistics.inFlight > 0;
}

/** Waits until nothing is under way in the object, which may die meanwhile. */
export async function untilIdle(object: string): Promise<void> {
  const isBusy = (instance: object) => (instance as { isBusy: boolean }).isBusy;
  await until(async () => {
    try {
      return !(await runInDurableObject(objectOf(object), isBusy));
    } catch {
      return false;
    }
  });
}

/** Moves the clock by `seconds`, firing what is due on the way. */
export async function pass(name: string, seconds: number): Promise<void> {
  await runUntil(name, clock.now + seconds * 1000);
}

/** Fires the queue's next alarm and goes on without waiting for attempts that stay in flight. */
export async function fire(name: string): Promise<void> {
  const first = await firstAlarm(objectsOf(name));
  if (!first) throw new Error(`no alarm is set on "${name}"`);
  clock.now = Math.max(clock.now, first.at);
  if (objectsOf(name).length > 1) return fireDue(name);
  runDurableObjectAlarm(objectOf(first.name)).catch(() => {});
}

/** Looks without a due alarm after which none comes by itself: what one shard tells another takes a few. */
const IDLE_LOOKS = 10;

// Of several shards one says to another that there is something for it, which has its alarm then.
async function fireDue(name: string): Promise<void> {
  for (let idle = 0; idle < IDLE_LOOKS; idle++) {
    const next = await firstAlarm(objectsOf(name));
    if (next && next.at <= clock.now) {
      runDurableObjectAlarm(objectOf(next.name)).catch(() => {});
      idle = 0;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Fires the alarms that the queue's objects have, whenever they are set for. */
export async function fireAll(name: string): Promise<void> {
  await Promise.all(objectsOf(name).map((object) => runDurableObjectAlarm(objectOf(object))));
}

/** Puts the queue's objects away, as the platform does with those that are idle. */
export async function evict(name: string): Promise<void> {
  const objects = objectsOf(name);
  // Only what is alive can be put away.
  if (objects.length > 1) await inObjects(objects, () => {});
  await Promise.all(objects.map((object) => evictDurableObject(objectOf(object))));
}

/** Does something in each of these objects; what came of it. */
export async function inObjects<T>(
  objects: readonly string[],
  work: (state: DurableObjectState, instance: object) => T | Promise<T>,
): Promise<T[]> {
  const inOne = (object: string) =>
    runInDurableObject(objectOf(object), (instance, state) => work(state, instance));
  return Promise.all(objects.map(inOne));
}

/** Ends every object at once, attempts in flight and all, as a crash or a deploy does. */
export async function crash(): Promise<void> {
  await abortAllDurableObjects();
}

/** A queue that had these tasks, and that the next deploy took out of queue.yaml. */
export async function takeOutOfFile(name: string, tasks: readonly object[]): Promise<void> {
  const entry = queueFile.queues.get("default") as QueueConfig;
  const queues = new Map([...queueFile.queues, [name, { ...entry, name }]]);
  deployed.queues = { ...queueFile, queues };
  const object = objectOf(name) as unknown as { add(calls: object[]): Promise<unknown> };
  await object.add([{ tasks, atomic: false }]);
  deployed.queues = queueFile;
  await crash();
}

/** Waits for something that is about to happen by itself; fails after twenty seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 4000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never came true: ${condition}`);
}

/** Seconds since the start of the test's clock. */
export function elapsed(): number {
  return (clock.now - START) / 1000;
}
