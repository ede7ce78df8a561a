// What has to be so before the demo's Worker is bundled: its files are good, and the console is built. `npm start` sees
// to it itself, so that a bad file is all it says; wrangler does at each edit, and need not twice for the same files.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import check from "../src/cli/check.ts";
import { buildConsole } from "./console-assets.ts";

const FILES = ["queue.yaml", "cron.yaml"];

/** The variable by which a build in a process below knows the files that were checked. */
const CHECKED = "TASKQUEUE_CHECKED_FILES";

/** Whether it is so; what is wrong has been said. Processes started later know of it. */
export async function buildDemo(): Promise<boolean> {
  const hash = hashOfFiles();
  if (hash === undefined || process.env[CHECKED] !== hash) {
    if (check({ args: FILES }) !== 0) return false;
    if (hash !== undefined) process.env[CHECKED] = hash;
  }
  await buildConsole();
  return true;
}

/** Undefined when one cannot be read: the check says why. */
function hashOfFiles(): string | undefined {
  try {
    const hash = createHash("sha256");
    for (const file of FILES) hash.update(readFileSync(file)).update("\0");
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}
