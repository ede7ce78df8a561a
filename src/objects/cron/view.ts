// An entry of cron.yaml as its callers see it.
import type { CronView } from "../../core/config/cron-view.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { LastRun } from "../../store/cron/schedule-states.ts";
import type { ScheduleState } from "./schedule-state.ts";

export function cronView({ entry: { next: _, ...entry }, row, next }: ScheduleState): CronView {
  const { paused, last, counts } = row;
  return {
    ...entry,
    state: paused ? "paused" : "running",
    ...(paused || !Number.isFinite(next) ? {} : { nextRun: rfc3339(next) }),
    ...(last && { lastRun: lastView(last) }),
    ...counts,
  };
}

function lastView({ task, queue, addedAt, dueAt }: LastRun): NonNullable<CronView["lastRun"]> {
  const at = { task, queue, addedAt: rfc3339(addedAt) };
  return dueAt === undefined ? at : { ...at, dueAt: rfc3339(dueAt) };
}
