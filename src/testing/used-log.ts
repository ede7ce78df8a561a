// Where the matchers look: the kit that is in use.
import type { AddedTask, TaskAttempt } from "./log.ts";

export interface UsedLog {
  added(queue: string): AddedTask[];
  attempts(queue: string): TaskAttempt[];
}

let used: UsedLog | undefined;

export function useLog(log: UsedLog): void {
  used = log;
}

export function usedLog(): UsedLog {
  if (used) return used;
  throw new Error("task queues: no test kit is in use; taskQueueTest() makes one");
}
