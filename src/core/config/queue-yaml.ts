// The text of queue.yaml -> what it says, checked; or everything that is wrong with it.
import { checkAgainst } from "./findings.ts";
import { type QueueFile, queueFile } from "./queue-config.ts";
import { type QueueDocument, queueDocument } from "./queue-file-schema.ts";
import { QueueConfigError, readYaml } from "./yaml-document.ts";

/** The text of a queue.yaml as configuration; throws a QueueConfigError that lists all its faults. */
export function parseQueueYaml(text: string, file?: string): QueueFile {
  return queueFile(readQueueYaml(text, file));
}

/** The text of a queue.yaml as the values it has, checked and not yet converted; throws likewise. */
export function readQueueYaml(text: string, file = "queue.yaml"): QueueDocument {
  const yaml = readYaml(text, file);
  const checked = checkAgainst(queueDocument, yaml.value);
  const findings = [...yaml.findings, ...("findings" in checked ? checked.findings : [])];
  if (findings.length > 0 || !("data" in checked)) {
    throw new QueueConfigError(file, findings.map(yaml.place));
  }
  return checked.data;
}
