// Moving time: alarms fire in their order at the instants they were set for, and nothing waits.
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { QueueHandle } from "../../src/index.ts";
import { clock, START } from "./clock.ts";
import { backendReceived, get, handlers, received } from "./worker.ts";

type Stub = DurableObjectStub;

export function queue(name: string): QueueHandle {
  return get(env, name);
}

export function objectOf(name: string): Stub {
  return (exports as unknown as { TaskQueue: DurableObjectNamespace }).TaskQueue.getByName(name);
}

/** Before each test: empty storage, the clock at its start, no handlers. */
export async function freshStart(): Promise<void> {
  await reset();
  clock.now = START;
  handlers.clear();
  received.length = 0;
  backendReceived.length = 0;
}

export async function alarmOf(name: string): Promise<number | null> {
  return runInDurableObject(objectOf(name), (_, state) => state.storage.getAlarm());
}

/** Fires the queue's alarms, each at its time, until none is left before `until` (ms). */
export async function runUntil(name: string, until: number): Promise<void> {
  for (let at = await alarmOf(name); at !== null && at <= until; at = await alarmOf(name)) {
    clock.now = Math.max(clock.now, at);
    await runDurableObjectAlarm(objectOf(name));
  }
  clock.now = Math.max(clock.now, until);
}

/** Moves the clock by `seconds`, firing what is due on the way. */
export async function pass(name: string, seconds: number): Promise<void> {
  await runUntil(name, clock.now + seconds * 1000);
}
