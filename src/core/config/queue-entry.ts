// One entry of a queue.yaml given as JSON, for queues made while running: a part that a Worker may leave out.
import { utf8 } from "../bytes.ts";
import { type Answer, jsonOf, refuse } from "../errors.ts";
import { MAX_ENTRY_BYTES } from "../limits.ts";
import { checkAgainst } from "./findings.ts";
import { splitQueueName } from "./names.ts";
import { type QueueConfig, queueConfig, type ReadEntry } from "./queue-config.ts";
import { queueEntry } from "./queue-entry-schema.ts";

export interface DefinitionsPart {
  readonly part: "definitions";
  readonly readEntry: ReadEntry;
}

/** Its name may have a namespace. */
export function parseQueueEntry(entry: unknown): Answer<QueueConfig> {
  const size = utf8(jsonOf(entry) ?? "").byteLength;
  if (size > MAX_ENTRY_BYTES) {
    const message = `queue: found ${size} bytes of JSON, expected at most ${MAX_ENTRY_BYTES}`;
    return refuse("INVALID_REQUEST", message);
  }
  const { name } = Object(entry) as { name?: unknown };
  const { namespace, short } = splitQueueName(typeof name === "string" ? name : "");
  const checked = checkAgainst(queueEntry, namespace ? { ...Object(entry), name: short } : entry);
  if ("data" in checked) {
    const config = queueConfig(checked.data);
    return { ok: Object.freeze({ ...config, name: namespace + config.name }) };
  }
  const messages = checked.findings.map(({ message }) => message);
  return refuse("INVALID_REQUEST", messages.join("; "), messages);
}

/** Queues made while running: `define` of a handle. The doors `api` and `cloudTasks` bring it along. */
export const definitions: DefinitionsPart = { part: "definitions", readEntry: parseQueueEntry };
