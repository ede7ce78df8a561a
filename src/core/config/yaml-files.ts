// Both files, read at the Worker's start.
import { parseCronYaml } from "./cron-yaml.ts";
import type { Files } from "./files.ts";
import { parseQueueYaml } from "./queue-yaml.ts";

/** The texts of queue.yaml and, if there is one, cron.yaml; throws a QueueConfigError that lists all faults. */
export function fromYaml(queueYaml: string, cronYaml?: string): Files {
  const queues = parseQueueYaml(queueYaml);
  return { queues, cron: cronYaml === undefined ? new Map() : parseCronYaml(cronYaml, queues) };
}
