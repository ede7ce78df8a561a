// An entry of cron.yaml as its callers see it.
import type { RetryOptions } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { LastRun } from "../../store/cron/schedule-states.ts";
import type { ScheduleState } from "./schedule-state.ts";

/** A recurring task and its state; times RFC 3339 UTC with milliseconds. */
export interface CronView {
  name: string;
  description?: string;
  /** The path its tasks GET. */
  url: string;
  /** As written in cron.yaml. */
  schedule: string;
  timezone: string;
  target?: string;
  queue: string;
  /** As a new task's. */
  retry: RetryOptions;
  state: "running" | "paused";
  /** When the next task is added; absent while it is paused. */
  nextRun?: string;
  /** The task that was added last; `dueAt` is absent where somebody asked for it. */
  lastRun?: { task: string; queue: string; addedAt: string; dueAt?: string };
}

export function cronView({ entry: { next: _, ...entry }, row, next }: ScheduleState): CronView {
  const { paused, last } = row;
  return {
    ...entry,
    state: paused ? "paused" : "running",
    ...(paused || !Number.isFinite(next) ? {} : { nextRun: rfc3339(next) }),
    ...(last && { lastRun: lastView(last) }),
  };
}

function lastView({ task, queue, addedAt, dueAt }: LastRun): NonNullable<CronView["lastRun"]> {
  const at = { task, queue, addedAt: rfc3339(addedAt) };
  return dueAt === undefined ? at : { ...at, dueAt: rfc3339(dueAt) };
}
