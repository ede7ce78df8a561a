// The watchdog: a scheduled trigger makes the directory visit queues whose alarms may have been lost.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import {
  alarmOf,
  crash,
  DIRECTORY,
  evict,
  fire,
  freshStart,
  objectOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { scheduled as visitAll } from "../../support/worker.ts";

beforeEach(freshStart);

type Method = (this: { ctx: DurableObjectState }) => Promise<unknown>;
let undo: (() => void)[] = [];

afterEach(() => {
  for (const restore of undo) restore();
  undo = [];
});

/** Names of the queues that are visited from now on; `instead` is what a visit does of its own. */
async function visits(instead?: (name: string) => Promise<unknown> | undefined): Promise<string[]> {
  const names: string[] = [];
  await runInDurableObject(objectOf("default"), (instance) => {
    const methods = Object.getPrototypeOf(instance) as Record<string, Method>;
    const wake = methods.wake as Method;
    methods.wake = function () {
      const name = this.ctx.id.name ?? "";
      names.push(name);
      return instead?.(name) ?? wake.call(this);
    };
    undo.push(() => delete methods.wake);
  });
  return names;
}

const scheduled = () => visitAll(env);

const isBusy = (instance: object) => (instance as { isBusy: boolean }).isBusy;

/** Runs the round's steps to its end. */
async function round(): Promise<void> {
  await scheduled();
  for (;;) {
    await until(async () => !(await runInDurableObject(objectOf(DIRECTORY), isBusy)));
    if ((await alarmOf(DIRECTORY)) === null) return;
    await fire(DIRECTORY);
    await until(async () => (await alarmOf(DIRECTORY)) !== clock.now);
  }
}

async function made(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `made-${`${i}`.padStart(3, "0")}`);
  const directory = objectOf(DIRECTORY) as unknown as { register(name: string): Promise<void> };
  for (const name of names) await directory.register(name);
  return names;
}

async function loseAlarm(name: string): Promise<void> {
  await runInDurableObject(objectOf(name), (_, state) => state.storage.deleteAlarm());
  await evict(name);
}

it("arms an alarm that was lost", async () => {
  await queue("push").add({ countdown: 60 });
  const at = await alarmOf("push");
  await loseAlarm("push");
  expect(at).not.toBeNull();
  clock.now += 1000;
  await round();
  expect(await alarmOf("push")).toBe(at);
});

it("goes through hundreds of queues in steps, each an alarm of its own", async () => {
  const names = await made(130);
  const visited = await visits();
  await scheduled();
  expect(visited).toEqual([]);
  await fire(DIRECTORY);
  await until(() => visited.length === 100);
  await until(async () => (await alarmOf(DIRECTORY)) !== null);
  await round();
  expect([...visited].sort()).toEqual(names);
});

it("goes on where it was when the directory ends in between", async () => {
  const names = await made(130);
  const visited = await visits();
  await scheduled();
  await fire(DIRECTORY);
  await until(() => visited.length === 100);
  await until(async () => (await alarmOf(DIRECTORY)) !== null);
  await crash();
  await round();
  expect(new Set(visited)).toEqual(new Set(names));
  expect(visited.length).toBeLessThanOrEqual(names.length + 100);
});

it("visits within the hour only those that are not at rest, and after it all", async () => {
  const names = ["made-a", "made-b", "made-c"];
  for (const name of names) await queue(name).define({ rate: "1/s" });
  for (const name of names) await pass(name, 0);
  clock.now += 3_700_000;
  await round();
  clock.now += 60_000;
  await queue("made-b").pause();
  const visited = await visits();
  await round();
  expect(visited).toEqual(["made-b"]);
  clock.now += 3_600_000;
  visited.length = 0;
  await round();
  expect([...visited].sort()).toEqual(names);
});

it("is not held up by a queue that fails, or one that hangs", async () => {
  const names = await made(30);
  const visited = await visits((name) => {
    if (name === "made-003") return Promise.reject(new Error("injected"));
    return name === "made-004" ? new Promise(() => {}) : undefined;
  });
  await scheduled();
  await fire(DIRECTORY);
  await until(() => visited.length === names.length);
});

it("is not begun twice at once, and leaves nothing where there is nothing", async () => {
  await scheduled();
  expect(await alarmOf(DIRECTORY)).toBeNull();
  await made(3);
  const visited = await visits();
  await Promise.all([scheduled(), scheduled()]);
  await round();
  expect(visited).toHaveLength(3);
});
