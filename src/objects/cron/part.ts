// The recurring tasks as a part: a Worker that has none does not carry what runs them.
import { type CronFile, cronFile } from "../../core/config/cron-config.ts";
import type { CronDocument } from "../../core/config/cron-schema.ts";
import { TaskCronObject } from "./task-cron.ts";

export interface CronPart {
  readonly part: "cron";
  /** The entries of a compiled cron.yaml. */
  read(document: CronDocument): CronFile;
  readonly Object: typeof TaskCronObject;
}

/** Recurring tasks: runs the entries of cron.yaml. */
export const cron: CronPart = { part: "cron", read: cronFile, Object: TaskCronObject };
