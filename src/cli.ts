#!/usr/bin/env node
// The command `durable-taskqueue`: checks queue.yaml and cron.yaml before anything runs, and prints their
// JSON Schemas.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exactText, fromUtf8 } from "./core/bytes.ts";
import { cronJsonSchema } from "./core/config/cron-schema.ts";
import { parseCronYaml } from "./core/config/cron-yaml.ts";
import { type QueueFile, UNLISTED_DEFAULT } from "./core/config/queue-config.ts";
import { queueJsonSchema } from "./core/config/queue-file-schema.ts";
import { parseQueueYaml } from "./core/config/queue-yaml.ts";
import { QueueConfigError } from "./core/config/yaml-document.ts";
import { faultInUtf8 } from "./core/utf8.ts";

const USAGE = `usage: durable-taskqueue check [queue.yaml [cron.yaml]]   says whether the files are good;
                                                          a cron.yaml beside queue.yaml is looked for
       durable-taskqueue schema [queue | cron]            prints the JSON Schema of queue.yaml or cron.yaml`;

const SCHEMAS = { queue: queueJsonSchema, cron: cronJsonSchema };

process.exitCode = main(process.argv.slice(2));

function main([command, ...args]: string[]): number {
  if (command === "check" && args.length <= 2) return check(...args);
  const [file = "queue"] = args;
  if (command === "schema" && args.length <= 1 && Object.hasOwn(SCHEMAS, file)) {
    return schema(file as keyof typeof SCHEMAS);
  }
  console.error(USAGE);
  return 2;
}

function check(queueFile = "queue.yaml", cronFile = cronBeside(queueFile)): number {
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

function schema(file: keyof typeof SCHEMAS): number {
  console.log(JSON.stringify(SCHEMAS[file](), null, 2));
  return 0;
}

function complaint(file: string, error: unknown): string {
  if (error instanceof QueueConfigError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${file}: no such file`;
  if (code !== undefined) return `${file}: cannot be read: ${message}`;
  throw error;
}
