#!/usr/bin/env node
// The command `durable-taskqueue`. Exit 0 done, 1 refused or something was found, 2 used wrongly.
import { readFileSync } from "node:fs";
import { run } from "./cli/program.ts";
import { Terminal } from "./cli/terminal/terminal.ts";

const args = process.argv.slice(2);
process.exitCode =
  args[0] === "__complete"
    ? await completed(args.slice(2))
    : await run(args, version(), new Terminal());

/** Asked by the scripts of `completion`. */
async function completed(words: string[]): Promise<number> {
  const { complete } = await import("./cli/complete.ts");
  const { queueNames } = await import("./cli/remote/complete-queues.ts");
  for (const word of await complete(words, queueNames)) console.log(word);
  return 0;
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}
