// Evictions: the platform puts idle objects away between any two events, and their memory is gone with them.
import { runDurableObjectAlarm } from "cloudflare:test";
import { clock } from "./clock.ts";
import { crash, objectOf, objectsOf, ownAlarm, untilIdle } from "./time.ts";

/**
 * Fires the alarms of these queues' objects, each at its time, until `condition` holds or `seconds` have passed; every
 * object is evicted before and after each of them. None is evicted under a call that is under way, as the platform
 * does not.
 */
export async function passEvicting(
  queues: readonly string[],
  seconds: number,
  condition: () => boolean | Promise<boolean> = () => false,
): Promise<void> {
  const names = queues.flatMap(objectsOf);
  const end = clock.now + seconds * 1000;
  while (!(await condition())) {
    await crash();
    const first = Math.min(...(await alarms(names)).map(({ at }) => at));
    if (first > end) break;
    clock.now = Math.max(clock.now, first);
    // Of several that are due each has its turn: a start alone may arm an alarm.
    for (const { name } of (await alarms(names)).filter(({ at }) => at <= clock.now)) {
      await crash();
      await runDurableObjectAlarm(objectOf(name));
      await Promise.all(names.map(untilIdle));
    }
  }
  if (!(await condition())) clock.now = end;
}

async function alarms(names: readonly string[]): Promise<{ name: string; at: number }[]> {
  const stored = await Promise.all(names.map(async (name) => ({ name, at: await ownAlarm(name) })));
  return stored.flatMap(({ name, at }) => (at === null ? [] : { name, at }));
}
