// What the wrangler file beside a queue.yaml lacks, as sentences. `check` runs before each build, and so can speak
// before a bundler ends with a riddle.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Edit, needsOf } from "./init/needs.ts";
import { usesVite } from "./init/vite.ts";
import { findWranglerFile, lineOf, readConfig } from "./init/wrangler-file.ts";

const NEEDED = ["compatibility_date", "rules", "migrations", "exports"];

export function lacksIn(dir: string): string[] {
  const file = findWranglerFile(dir);
  if (file === undefined) return [];
  try {
    const config = readConfig(file, readFileSync(join(dir, file), "utf8"));
    const about = { file, isVite: usesVite(dir), hasScheduled: false };
    return needsOf(config, about)
      .edits.filter(isNeeded)
      .map((edit) => sentenceOf(file, edit));
  } catch {
    // Wrangler itself says best what is wrong with its file.
    return [];
  }
}

function isNeeded({ path }: Edit): boolean {
  return path.some((key) => NEEDED.includes(key));
}

function sentenceOf(file: string, edit: Edit): string {
  return `${file}: the queues need the line: ${lineOf(file, edit)}; npx durable-taskqueue init adds it`;
}
