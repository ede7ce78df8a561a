// An entry of cron.yaml as the API and the TypeScript client return it.
import type { RetryOptions } from "../task/task.ts";

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
  /** How many of its due times put a task on the queue. */
  added: number;
  /** How many had passed when a task could be put there: the last of those that pass together is caught up. */
  missed: number;
}
