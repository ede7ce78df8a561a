// Background jobs where the other object does not answer, and what that costs.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../support/clock.ts";
import { hurry } from "../support/hurry.ts";
import { alarmOf, freshStart, groupObject, objectOf, queue, until } from "../support/time.ts";
import { work } from "../support/together.ts";
import { group } from "../support/worker.ts";

beforeEach(freshStart);

/** Counts the alarms that the object sets from now on. */
async function countAlarms(name: string): Promise<() => number> {
  let set = 0;
  await runInDurableObject(objectOf(name), (_, { storage }) => {
    const { setAlarm } = storage;
    storage.setAlarm = (...args) => {
      set++;
      return setAlarm.apply(storage, args);
    };
  });
  return () => set;
}

/** Makes the method of every group hang until `release` is called. */
async function hang(
  name: string,
  method: "receive",
): Promise<{ calls: () => number; release(): void }> {
  let calls = 0;
  let isReleased = false;
  const group = await runInDurableObject(objectOf(name), (instance) => instance.constructor);
  const own = group.prototype as Record<string, unknown>;
  const real = own[method] as (...args: unknown[]) => unknown;
  own[method] = async function (...args: unknown[]) {
    calls++;
    while (!isReleased) await scheduler.wait(5);
    return real.apply(this, args);
  };
  return {
    calls: () => calls,
    release: () => {
      isReleased = true;
      delete own[method];
    },
  };
}

describe("an object that does not answer", () => {
  it("makes no alarm fire again and again, and is asked again after a minute", async () => {
    await queue("stopped").group({ name: "g", tasks: [{ name: "a" }] });
    const names = ["stopped", groupObject("g")];
    await work(names, async () => (await queue("stopped").list()).tasks.length === 1);
    const hanging = await hang(groupObject("g"), "receive");
    await queue("stopped").delete(["a"]);
    const alarms = await countAlarms("stopped");
    // The handler is held open for ten seconds, and then there is a watchdog that lies in the future.
    hurry(20);
    for (let i = 0; i < 2; i++) {
      await runDurableObjectAlarm(objectOf("stopped"));
      expect(hanging.calls()).toBe(1);
      const at = (await alarmOf("stopped")) as number;
      expect(at).toBeGreaterThanOrEqual(clock.now + 10_000);
      clock.now = at;
    }
    expect(alarms()).toBeLessThan(5);
    clock.now += 61_000;
    // Given up, it is tried again after the back-off.
    await runDurableObjectAlarm(objectOf("stopped"));
    clock.now = (await alarmOf("stopped")) as number;
    void runDurableObjectAlarm(objectOf("stopped"));
    await until(() => hanging.calls() === 2);
    hanging.release();
    await work(names, async () => (await group(env, "g").progress()).deleted === 1);
  }, 60_000);
});
