// Tasks that expire, at the moment they start: what is too late does not, and what starts expires no more. Their rows
// say so before the attempt begins, so that after a crash too it counts as begun.
import { isLate } from "../../../core/task/expiry.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit } from "../../commit.ts";
import type { QueueDefinition } from "../context/definition.ts";

interface ExpiringDeps {
  store: QueueStore;
  commit: Commit;
  definition: QueueDefinition;
}

/** Those of the tasks that were to start before `now` (ms) expire; which did. */
export function expireLate(
  { store, commit, definition }: ExpiringDeps,
  tasks: readonly TaskRow[],
  now: number,
): TaskRow[] {
  const late = tasks.filter((task) => isLate(task, now));
  if (late.length === 0) return late;
  return commit.run(() => late.filter((task) => store.expireInTime(task, now, definition.config)));
}

/** These start now. */
export function noteStarts({ store, commit }: ExpiringDeps, tasks: readonly TaskRow[]): void {
  const expiring = tasks.filter(({ spec }) => spec.expires);
  if (expiring.length === 0) return;
  commit.run(() => {
    for (const task of expiring) store.ruled.unexpect(task);
  });
}
