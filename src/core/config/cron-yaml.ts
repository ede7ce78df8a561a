// The text of cron.yaml -> what it says, checked; or everything that is wrong with it.
import { type CronFile, cronFile } from "./cron-config.ts";
import { lostTasks } from "./cron-queues.ts";
import { type CronDocument, cronDocument } from "./cron-schema.ts";
import { checkAgainst } from "./findings.ts";
import type { QueueFile } from "./queue-config.ts";
import { QueueConfigError, readYaml } from "./yaml-document.ts";

/**
 * The text of a cron.yaml as configuration, whose tasks go to these queues; throws a QueueConfigError that
 * lists all its faults.
 */
export function parseCronYaml(text: string, queues: QueueFile, file?: string): CronFile {
  return cronFile(readCronYaml(text, queues, file));
}

/** The text of a cron.yaml as the values it has, checked and not yet converted; throws likewise. */
export function readCronYaml(text: string, queues: QueueFile, file = "cron.yaml"): CronDocument {
  const yaml = readYaml(text, file);
  const checked = checkAgainst(cronDocument, yaml.value);
  const faults = "findings" in checked ? checked.findings : lostTasks(checked.data, queues);
  const findings = [...yaml.findings, ...faults];
  if (findings.length > 0 || !("data" in checked)) {
    throw new QueueConfigError(file, findings.map(yaml.place));
  }
  return checked.data;
}
