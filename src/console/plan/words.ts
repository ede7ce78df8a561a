// A plan of a deploy, in words.
import type { CronPlan } from "../../core/config/cron-plan.ts";
import type { DeployPlan } from "../../core/config/plan.ts";
import type { QueuePlan } from "../../core/config/queue-plan.ts";
import { counted } from "../format/counts.ts";
import { duration } from "../format/times.ts";

export const CHANGES: Readonly<Record<QueuePlan["change"], string>> = {
  new: "new",
  changed: "changed",
  removed: "taken out",
  taken: "made over the API, the file's from then on",
  returns: "taken out before, in the file again",
};

/** What is on the queue, and how long what is due takes before and after. */
export function backlogWords({ backlog }: Pick<QueuePlan, "backlog">): string {
  if (!backlog) return "";
  const { tasks, due, drainSeconds } = backlog;
  if (tasks === 0) return "no tasks on it";
  const there = `${counted(tasks, "task")} on it, ${due} due`;
  if (due === 0) return there;
  const { before, after } = drainSeconds;
  // Workers lease from a pull queue, at a pace of their own.
  if (before === null && after === null) return there;
  return `${there}: done ${drainWords(before)} now, ${drainWords(after)} then`;
}

function drainWords(seconds: number | null): string {
  return seconds === null ? "never" : `in ${duration(seconds)}`;
}

export function nextRunWords({ nextRun: { before, after } }: CronPlan): string {
  return `next run ${before ?? "none"} → ${after ?? "none"}`;
}

/** What is not changed. */
export function restWords({ unchanged, untouched }: DeployPlan): string {
  const rest = [`${counted(unchanged, "queue")} of the file unchanged`];
  if (untouched > 0) rest.push(`${counted(untouched, "queue")} not the file's, left alone`);
  return rest.join("; ");
}

export function changesNothing({ file, limits, queues, cron = [] }: DeployPlan): boolean {
  return [file, limits, queues, cron].every((changes) => changes.length === 0);
}

/** A fault in one of the files, as the API tells it. */
export interface FileFault {
  file: "queue.yaml" | "cron.yaml";
  line: number;
  column: number;
  message: string;
}

/** Of a refusal's details those that are faults of a file. */
export function faultsIn(details: unknown): FileFault[] {
  if (!Array.isArray(details)) return [];
  return details.filter((it) => typeof it?.line === "number" && typeof it?.message === "string");
}

/** Where a line and a column are in a text, both from 1. */
export function placeIn(
  text: string,
  { line, column }: Pick<FileFault, "line" | "column">,
): number {
  const before = text.split("\n").slice(0, line - 1);
  const start = before.reduce((sum, one) => sum + one.length + 1, 0);
  return Math.min(text.length, start + column - 1);
}
