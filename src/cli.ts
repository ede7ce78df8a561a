#!/usr/bin/env node
// The command `durable-taskqueue`: checks a queue.yaml before anything runs, and prints its JSON Schema.

import { readFileSync } from "node:fs";
import { parseQueueYaml } from "./core/queue-config.ts";
import { QueueConfigError } from "./core/queue-config-error.ts";
import { queueJsonSchema } from "./core/queue-schema.ts";

const USAGE = `usage: durable-taskqueue check [queue.yaml]   says whether the file is good
       durable-taskqueue schema               prints the file's JSON Schema`;

process.exitCode = main(process.argv.slice(2));

function main([command, ...args]: string[]): number {
  if (command === "check" && args.length <= 1) return check(args[0] ?? "queue.yaml");
  if (command === "schema" && args.length === 0) return schema();
  console.error(USAGE);
  return 2;
}

function check(file: string): number {
  try {
    const { size } = parseQueueYaml(readFileSync(file, "utf8"), file).queues;
    console.log(`${file}: ${size} ${size === 1 ? "queue" : "queues"}`);
    return 0;
  } catch (error) {
    console.error(complaint(file, error));
    return 1;
  }
}

function schema(): number {
  console.log(JSON.stringify(queueJsonSchema(), null, 2));
  return 0;
}

function complaint(file: string, error: unknown): string {
  if (error instanceof QueueConfigError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${file}: no such file`;
  if (code !== undefined) return `${file}: cannot be read: ${message}`;
  throw error;
}
