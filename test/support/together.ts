// Several objects at work at once: their alarms fire in the order of their times until something is true.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { clock } from "./clock.ts";
import { firstAlarm, objectOf, objectsOf } from "./time.ts";

const POLLS = 2000;
/** Polls without a due alarm after which the clock moves on: what one object tells another takes a few. */
const IDLE_POLLS = 8;
/** The same while something is under way, which on a busy machine only takes its time. */
const BUSY_POLLS = 30;

/**
 * Fires the alarms of these objects, all of a queue's for its name, until `condition` holds. While none is due the clock moves to the next, if
 * that lies within `seconds` of now; fails when nothing is left to fire and it still does not hold.
 */
export async function work(
  queues: readonly string[],
  condition: () => boolean | Promise<boolean>,
  seconds = 600,
): Promise<void> {
  const names = [...new Set(queues.flatMap(objectsOf))];
  const end = clock.now + seconds * 1000;
  let idle = 0;
  for (let i = 0; i < POLLS; i++) {
    if (await condition()) return;
    // One that dies meanwhile is looked at again.
    const next = await firstAlarm(names).catch(() => undefined);
    const mayMove =
      idle >= IDLE_POLLS && (idle >= BUSY_POLLS || !(await areBusy(names).catch(() => true)));
    if (next && (next.at <= clock.now || mayMove) && next.at <= end) {
      clock.now = Math.max(clock.now, next.at);
      runDurableObjectAlarm(objectOf(next.name)).catch(() => {});
      idle = 0;
    } else idle++;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`never came true: ${condition}`);
}

async function areBusy(names: readonly string[]): Promise<boolean> {
  const isBusy = (instance: object) => (instance as { isBusy?: boolean }).isBusy === true;
  const busy = names.map((name) => runInDurableObject(objectOf(name), isBusy));
  return (await Promise.all(busy)).includes(true);
}
