// Recurring tasks under a moved clock: deploys, restarts and time that passes for all objects at once.

import { env } from "cloudflare:workers";
import { parseCronYaml } from "../../src/core/config/cron-yaml.ts";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import type { CronHandle } from "../../src/index.ts";
import { clock } from "./clock.ts";
import queueYaml from "./queue.yaml";
import { CRON, crash, fireAlarms, objectsOf } from "./time.ts";
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
  await fireAlarms([CRON, ...objectsOf(name)], end, name);
}

/** Names of the tasks whose requests arrived, without those of other paths. */
export function ran(): (string | null)[] {
  return received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));
}
