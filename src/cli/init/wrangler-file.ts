// The wrangler file of a project: finding it, reading it, and editing it so that it says what is wanted.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { editJsonc, inJson, readJsonc } from "./jsonc.ts";
import { type Config, type Edit, withEdits } from "./needs.ts";
import type { Advice } from "./plan.ts";
import { editToml, inToml, readToml } from "./toml.ts";

/** In wrangler's own order. */
const FILES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

export function findWranglerFile(dir: string): string | undefined {
  return FILES.find((file) => existsSync(join(dir, file)));
}

export function readConfig(file: string, text: string): Config {
  return isToml(file) ? readToml(text) : readJsonc(text);
}

/** The text with the edits, and what has to be done by hand instead. */
export function editConfig(file: string, text: string, edits: readonly Edit[]): [string, Advice[]] {
  const advice: Advice[] = [];
  let edited = text;
  for (const edit of edits) {
    const next = editedOnce(file, edited, edit);
    if (next === undefined) advice.push(byHand(file, edit));
    else edited = next;
  }
  return [edited, advice];
}

// Read again: an edit counts only if the file then says exactly what it should.
function editedOnce(file: string, text: string, edit: Edit): string | undefined {
  const edited = isToml(file) ? editToml(text, [edit]) : editJsonc(text, [edit]);
  if (edited === undefined) return undefined;
  try {
    const wanted = withEdits(readConfig(file, text), [edit]);
    return isDeepStrictEqual(plain(readConfig(file, edited)), plain(wanted)) ? edited : undefined;
  } catch {
    return undefined;
  }
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function byHand(file: string, edit: Edit): Advice {
  const place = {
    set: file,
    append: `${file}, at the end of the list`,
    prepend: `${file}, at the beginning of the list`,
  };
  return { place: place[edit.kind], lines: [lineOf(file, edit)], isNeeded: true };
}

/** An edit as a line of the file, which shows a list with the new element alone. */
export function lineOf(file: string, { path, kind, value }: Edit): string {
  const shown = kind === "set" ? value : [value];
  const key = path.join(".");
  return isToml(file) ? `${key} = ${inToml(shown)}` : `${JSON.stringify(key)}: ${inJson(shown)}`;
}

function isToml(file: string): boolean {
  return file.endsWith(".toml");
}
