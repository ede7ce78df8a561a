// `build`: checks queue.yaml and cron.yaml and writes what they say as JSON, which a Worker imports in their place:
// then it carries no YAML reader, and reads nothing at its start.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { queueWarnings } from "../core/config/queue-warnings.ts";
import { compile } from "./files/compile.ts";
import { complaint, cronBeside, textOf } from "./files/read.ts";
import { type Given, textOption } from "./given/command.ts";
import type { Exit } from "./terminal/exit.ts";

/** Beside queue.yaml, where `--out` does not say otherwise. */
const OUT = "taskqueue.json";

export default function build(given: Given): Exit {
  const [queueFile = "queue.yaml", cronFile = cronBeside(queueFile)] = given.args;
  const compiled = textFor(queueFile, cronFile);
  if (compiled === undefined) return 1;
  return write(textOption(given, "out") ?? join(dirname(queueFile), OUT), compiled);
}

/** What the files say as JSON; undefined after a complaint. */
function textFor(queueYaml: string, cronYaml: string | undefined): string | undefined {
  let file = queueYaml;
  const named = (next: string) => {
    file = next;
    return next;
  };
  try {
    const compiled = compile(queueYaml, cronYaml, named);
    for (const warning of queueWarnings(textOf(queueYaml), queueYaml)) console.error(warning);
    return `${JSON.stringify(compiled, null, 2)}\n`;
  } catch (error) {
    console.error(complaint(file, error));
    return undefined;
  }
}

// A file that says the same already is left alone: whoever watches it would start again for nothing.
function write(out: string, text: string): Exit {
  try {
    const isSame = existsSync(out) && readFileSync(out, "utf8") === text;
    if (!isSame) writeFileSync(out, text);
    console.log(`${out}: ${isSame ? "as it was" : "written"}`);
    return 0;
  } catch (error) {
    console.error(`${out}: cannot be written: ${(error as Error).message}`);
    return 1;
  }
}
