#!/usr/bin/env node
// The command `durable-taskqueue`. Exit 0 done, 1 refused or something was found, 2 used wrongly.
import { readFileSync } from "node:fs";
import { COMMANDS, usage, usageOf } from "./cli/command.ts";

const HELP = ["--help", "-h", "help"];
const VERSION = ["--version", "-v", "version"];

process.exitCode = await main(process.argv.slice(2));

async function main([name = "", ...args]: string[]): Promise<number> {
  if (VERSION.includes(name)) return print(version());
  const asked = HELP.includes(name) ? args[0] : name;
  const known = asked !== undefined && Object.hasOwn(COMMANDS, asked) ? asked : undefined;
  if (HELP.includes(name) || (known && args.some((arg) => HELP.slice(0, 2).includes(arg)))) {
    return print(known ? usageOf(known) : usage());
  }
  const command = known && COMMANDS[known];
  const exit = command ? await (await command.load()).default(args) : "usage";
  if (exit !== "usage") return exit;
  console.error(known ? usageOf(known) : usage());
  return 2;
}

function print(text: string): 0 {
  console.log(text);
  return 0;
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}
