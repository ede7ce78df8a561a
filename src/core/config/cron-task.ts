// The task an entry of cron.yaml adds. Its name is derived from the entry and the due time, which makes
// adding it idempotent.
import type { NewTask } from "../task/task.ts";
import type { CronEntry } from "./cron-config.ts";

/** A task, and the entry it is of. */
export interface CronTask {
  entry: string;
  task: NewTask & { name: string };
}

/** `cron-tally-2026-11-24T09-00-00Z`; `dueAt` in ms since 1970. */
export function dueTask(entry: CronEntry, dueAt: number): CronTask {
  return cronTask(entry, stamp(dueAt));
}

/** `cron-tally-run-2026-11-24T09-00-00-123Z`; `at` in ms since 1970, different for each run by hand. */
export function manualTask(entry: CronEntry, at: number): CronTask {
  return cronTask(entry, `run-${stamp(at)}`);
}

function cronTask({ name: entry, url, target, retry }: CronEntry, suffix: string): CronTask {
  const name = `cron-${entry}-${suffix}`;
  return { entry, task: { name, url, method: "GET", retry, ...(target ? { target } : {}) } };
}

function stamp(at: number): string {
  const instant = new Date(at).toISOString().replace(".000Z", "Z");
  return instant.replaceAll(/[:.]/g, "-");
}
