// What a deploy would change of recurring tasks.
import { rfc3339 } from "../task/task-view.ts";
import { type SettingChange, settingChange } from "./config-changes.ts";
import type { CronEntry, CronFile } from "./cron-config.ts";
import type { CronView } from "./cron-view.ts";

export interface CronPlan {
  name: string;
  change: "new" | "changed" | "removed";
  changes: SettingChange[];
  /** It will not come round any more. */
  lost: boolean;
  /** RFC 3339; null where there is none, as of one that is paused. */
  nextRun: { before: string | null; after: string | null };
}

/** Those that change, in the order of their names; `now` in ms since 1970. */
export function cronPlans(present: readonly CronView[], next: CronFile, now: number): CronPlan[] {
  const there = new Map(present.map((view) => [view.name, view]));
  const names = [...new Set([...there.keys(), ...next.keys()])].sort();
  return names.flatMap((name) => cronPlan(there.get(name), next.get(name), now) ?? []);
}

function cronPlan(
  before: CronView | undefined,
  after: CronEntry | undefined,
  now: number,
): CronPlan | undefined {
  const changes = before && after ? changesOf(before, after) : [];
  const change = before ? (after ? "changed" : "removed") : "new";
  if (change === "changed" && changes.length === 0) return undefined;
  const { name } = (before ?? after) as { name: string };
  return {
    ...{ name, change, changes, lost: !after },
    nextRun: {
      before: before?.nextRun ?? null,
      after: after && before?.state !== "paused" ? nextOf(after, now) : null,
    },
  };
}

function nextOf({ next }: CronEntry, now: number): string | null {
  const at = next(now);
  return at === undefined ? null : rfc3339(at);
}

function changesOf(before: CronView, after: CronEntry): SettingChange[] {
  return [
    ...settingChange("description", before.description, after.description),
    ...settingChange("url", before.url, after.url),
    ...settingChange("schedule", before.schedule, after.schedule),
    ...settingChange("timezone", before.timezone, after.timezone),
    ...settingChange("target", before.target, after.target),
    ...settingChange("queue", before.queue, after.queue),
    ...settingChange("retry_parameters", retryText(before), retryText(after)),
  ];
}

// In one order, whatever order its source has.
function retryText({ retry }: Pick<CronEntry, "retry">): string {
  const given = Object.entries(retry).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1))));
}
