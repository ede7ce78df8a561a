// `check`: says whether queue.yaml and cron.yaml are good.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exactText, fromUtf8 } from "../core/bytes.ts";
import { parseCronYaml } from "../core/config/cron-yaml.ts";
import { type QueueFile, UNLISTED_DEFAULT } from "../core/config/queue-config.ts";
import { parseQueueYaml } from "../core/config/queue-yaml.ts";
import { QueueConfigError } from "../core/config/yaml-document.ts";
import { faultInUtf8 } from "../core/utf8.ts";
import type { Exit } from "./exit.ts";

export default function check(args: readonly string[]): Exit {
  if (args.length > 2) return "usage";
  const [queueFile = "queue.yaml", cronFile = cronBeside(queueFile)] = args;
  return checkFiles(queueFile, cronFile);
}

function checkFiles(queueFile: string, cronFile: string | undefined): Exit {
  let file = queueFile;
  try {
    const queues = parseQueueYaml(textOf(file), file);
    console.log(`${file}: ${countedQueues(queues)}`);
    if (cronFile === undefined) return 0;
    file = cronFile;
    const { size } = parseCronYaml(textOf(file), queues, file);
    console.log(`${file}: ${counted(size, "entry", "entries")}`);
    return 0;
  } catch (error) {
    console.error(complaint(file, error));
    return 1;
  }
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  const text = exactText(bytes);
  if (text !== undefined) return text;
  const { at, found } = faultInUtf8(bytes);
  const lines = fromUtf8(bytes.subarray(0, at)).split("\n");
  const message = `found bytes that are not UTF-8 (${found}), expected UTF-8`;
  const column = (lines.at(-1)?.length ?? 0) + 1;
  throw new QueueConfigError(file, [{ line: lines.length, column, message }]);
}

function cronBeside(queueFile: string): string | undefined {
  const beside = join(dirname(queueFile), "cron.yaml");
  return existsSync(beside) ? beside : undefined;
}

function countedQueues({ queues }: QueueFile): string {
  if (queues.get("default") !== UNLISTED_DEFAULT) return counted(queues.size, "queue", "queues");
  return `${counted(queues.size - 1, "queue", "queues")}, and default`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function complaint(file: string, error: unknown): string {
  if (error instanceof QueueConfigError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${file}: no such file`;
  if (code !== undefined) return `${file}: cannot be read: ${message}`;
  throw error;
}
