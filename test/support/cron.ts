// Recurring tasks under a moved clock: deploys, restarts and time that passes for all objects at once.

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { parseCronYaml } from "../../src/core/config/cron-yaml.ts";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import type { CronHandle } from "../../src/index.ts";
import { clock } from "./clock.ts";
import queueYaml from "./queue.yaml";
import { alarmOf, CRON, crash, objectOf, queue, until } from "./time.ts";
import { cron as cronOf, deployed, received } from "./worker.ts";

export const cron = (): CronHandle => cronOf(env);

/** Another version of the Worker, with this cron.yaml: every object ends, and the scheduler is woken. */
export async function deploy(cronYaml: string): Promise<void> {
  deployed.cron = parseCronYaml(cronYaml, parseQueueYaml(queueYaml));
  await crash();
  await cron().wake();
}

/** Fires the alarms of the scheduler and of the queue, each at its time, until `seconds` have passed. */
export async function passAll(seconds: number, name = "default"): Promise<void> {
  const end = clock.now + seconds * 1000;
  for (;;) {
    const [scheduler, tasks] = [await alarmOf(CRON), await alarmOf(name)];
    const at = Math.min(scheduler ?? Infinity, tasks ?? Infinity);
    if (at > end) break;
    clock.now = Math.max(clock.now, at);
    await runDurableObjectAlarm(objectOf(scheduler === at ? CRON : name));
    await until(async () => (await queue(name).describe()).statistics.inFlight === 0);
  }
  clock.now = end;
}

/** Names of the tasks whose requests arrived, without those of other paths. */
export function ran(): (string | null)[] {
  return received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));
}
