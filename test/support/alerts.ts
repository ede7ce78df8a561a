// Queues with alerts, and what the server beside the tests was sent of them.
import { inject } from "vitest";
import type { QueueConfig } from "../../src/core/config/queue-config.ts";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import type { Arrival } from "./outside.ts";
import { until } from "./time.ts";
import { deployed, queueFile } from "./worker.ts";

/** Of this file alone. */
export const OUTSIDE = `${inject("outside")}/box/${crypto.randomUUID().replaceAll("-", "")}`;
/** The setting of the Worker under test that has the secrets. */
export const SECRET = "TASKQUEUE_SIGNING_SECRET";

/** Deploys one of the queues with these alerts, in the form of queue.yaml, on one object or on several. */
export function deployAlerts(
  name: string,
  alerts: readonly object[],
  entry: object = {},
  shards = 1,
): void {
  const made = parseQueueYaml(
    JSON.stringify({
      queue: [
        { name, rate: "500/s", bucket_size: 500, ...entry, extensions: { alerts, shards } },
        { name: "push", rate: "500/s" },
      ],
    }),
  ).queues;
  const queues = new Map([...queueFile.queues, [name, made.get(name) as QueueConfig]]);
  // A deploy leaves a queue paused that is.
  deployed.queues = { ...queueFile, queues, resumePausedQueues: false };
}

/** Where a webhook goes, answered with the status. */
export function hook(query = ""): string {
  return `${OUTSIDE}/hook${query}`;
}

export async function clearOutside(): Promise<void> {
  await fetch(`${OUTSIDE}/clear/`);
}

export async function arrivals(): Promise<Arrival[]> {
  return (await fetch(`${OUTSIDE}/arrived/`)).json();
}

interface AlertBody {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** What arrived, once there are so many. */
export async function messages(n: number): Promise<(AlertBody & { id: string })[]> {
  await until(async () => (await arrivals()).length >= n);
  return (await arrivals()).map(({ headers, body }) => ({
    id: String(headers["webhook-id"]),
    ...(JSON.parse(body) as AlertBody),
  }));
}
