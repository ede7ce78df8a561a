// What reading a file has to come to: a configuration, or the one documented error with a place for each fault.
import { parseCronYaml } from "../src/core/config/cron-yaml.ts";
import type { QueueFile } from "../src/core/config/queue-config.ts";
import { parseQueueYaml } from "../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../src/core/config/yaml-document.ts";
import { MAX_MESSAGE } from "../src/core/errors.ts";
import type { YamlFile } from "./yaml-files.ts";

const NO_QUEUES: QueueFile = parseQueueYaml("queue: []");

/** What is wrong with how this file is read; nothing, as it should be. */
export function faultsOfReading({ kind, text }: YamlFile): string[] {
  try {
    if (kind === "queue") parseQueueYaml(text);
    else parseCronYaml(text, NO_QUEUES);
    return [];
  } catch (error) {
    return faultsOfError(error, text);
  }
}

export function faultsOfError(error: unknown, text: string): string[] {
  if (!(error instanceof QueueConfigError)) return [`threw ${String(error).slice(0, 200)}`];
  const { problems } = error;
  if (problems.length === 0) return ["an error without a fault"];
  const faults = problems.flatMap(({ line, column, message }) => [
    ...(isPlace(line, column, text) ? [] : [`no such place: ${line}:${column}`]),
    ...(message.trim() === "" ? ["a fault without words"] : []),
    ...(message.length > MAX_MESSAGE ? ["a fault of many words"] : []),
    ...(/\[object |\bfound undefined\b|\n\s+at /.test(withoutQuotes(message))
      ? [`odd words: ${message}`]
      : []),
  ]);
  return [...new Set(faults)];
}

// A fault may lie just behind the end, of a line or of the file.
function isPlace(line: number, column: number, text: string): boolean {
  const lines = text.split(/\r\n|[\n\r\u0085\u2028\u2029]/);
  if (!Number.isInteger(line) || !Number.isInteger(column) || line < 1 || column < 1) return false;
  return line <= lines.length + 1 && column <= text.length + 1;
}

function withoutQuotes(message: string): string {
  return message.replace(/"(\\.|[^"\\])*"/g, '""');
}
