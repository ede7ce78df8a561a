// Several objects at work at once: their alarms fire in the order of their times until something is true.
import { runDurableObjectAlarm } from "cloudflare:test";
import { clock } from "./clock.ts";
import { alarmOf, objectOf } from "./time.ts";

const POLLS = 2000;
/** Polls without a due alarm after which the clock moves on: what one object tells another takes a few. */
const IDLE_POLLS = 8;

/**
 * Fires the alarms of these objects until `condition` holds. While none is due the clock moves to the next, if
 * that lies within `seconds` of now; fails when nothing is left to fire and it still does not hold.
 */
export async function work(
  names: readonly string[],
  condition: () => boolean | Promise<boolean>,
  seconds = 600,
): Promise<void> {
  const end = clock.now + seconds * 1000;
  let idle = 0;
  for (let i = 0; i < POLLS; i++) {
    if (await condition()) return;
    const next = await firstAlarm(names);
    if (next && (next.at <= clock.now || idle >= IDLE_POLLS) && next.at <= end) {
      clock.now = Math.max(clock.now, next.at);
      runDurableObjectAlarm(objectOf(next.name)).catch(() => {});
      idle = 0;
    } else idle++;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`never came true: ${condition}`);
}

async function firstAlarm(names: readonly string[]) {
  const alarms = await Promise.all(names.map(async (name) => ({ name, at: await alarmOf(name) })));
  const set = alarms.flatMap(({ name, at }) => (at === null ? [] : { name, at }));
  return set.sort((a, b) => a.at - b.at)[0];
}
