// `build`: checks queue.yaml and cron.yaml and writes what they say as JSON, which a Worker imports in their place:
// then it carries no YAML reader, and reads nothing at its start.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { queueWarnings } from "../core/config/queue-warnings.ts";
import { compile } from "./compile.ts";
import type { Exit } from "./exit.ts";
import { complaint, cronBeside, textOf } from "./files.ts";

/** Beside queue.yaml, where `--out` does not say otherwise. */
const OUT = "taskqueue.json";

export default function build(args: readonly string[]): Exit {
  const { files, out } = argumentsOf(args) ?? {};
  if (!files || files.length > 2) return "usage";
  const [queueFile = "queue.yaml", cronFile = cronBeside(queueFile)] = files;
  const compiled = textFor(queueFile, cronFile);
  if (compiled === undefined) return 1;
  return write(out ?? join(dirname(queueFile), OUT), compiled);
}

function argumentsOf(args: readonly string[]): { files: string[]; out?: string } | undefined {
  try {
    const options = { out: { type: "string" } } as const;
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
    });
    return { files: positionals, ...values };
  } catch {
    return undefined;
  }
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
