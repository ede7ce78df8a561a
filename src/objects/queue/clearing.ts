// Taking tasks off a queue's object, many at once: purging it, and erasing all that it knows.
import { inSlices } from "../slices.ts";
import type { QueueContext } from "./context/context.ts";

/** What is cleared besides rows. */
export interface ClearableQueue extends QueueContext {
  readonly push: QueueContext["push"] & { reshape(): void };
  readonly resultWaiters: { tasksDeleted(): () => void };
}

/** So long after a purge was called (ms) its caller has no answer from a shard that has yet to purge. */
const MEANWHILE_MS = 4_000;
/** Rows that are read, with their bodies, to see how old they are. */
const OLDER_ROWS = 50;

/**
 * Deletes every task on the queue; what is in flight runs to its end and changes nothing. Few go in one commit.
 * Many go slice by slice, and between two the object serves: a task may still start before its slice comes, as in
 * App Engine, and one that is added meanwhile may go too; but not where the call, made at `calledAt` (ms), may have
 * been answered by now.
 */
export async function clear(queue: ClearableQueue, calledAt?: number): Promise<void> {
  const slices = await clearSlices(queue, calledAt);
  // A task that is moved meanwhile may come to lie before the slice that is next: a second round finds it.
  if (slices > 1) await clearSlices(queue, calledAt);
}

/** Goes through the tasks; in how many slices. */
function clearSlices(queue: ClearableQueue, calledAt = Number.POSITIVE_INFINITY): Promise<number> {
  let after = -1;
  return inSlices(
    () => queue.now(),
    (rows) => {
      const isMeanwhile = queue.now() < calledAt + MEANWHILE_MS;
      const most = isMeanwhile ? rows : OLDER_ROWS;
      const looked = isMeanwhile
        ? purgeSlice(queue, after, most)
        : deleteOlder(queue, after, most, calledAt);
      after = looked.at(-1)?.key ?? after;
      return looked.length < most;
    },
  );
}

/** Deletes up to `rows` tasks behind the key `after`, the first when that is -1; which they were. */
export function purgeSlice(
  queue: ClearableQueue,
  after: number,
  rows: number,
): { key: number; name: string }[] {
  const { store, definition } = queue;
  const now = queue.now();
  return queue.commit.run(() => {
    const gone = store.purge(now, definition.config, rows, after);
    if (after < 0 && !queue.shard.isSharded) notePurge(queue);
    queue.forget(...gone);
    return gone;
  });
}

/** Inside a commit. */
export function notePurge(queue: ClearableQueue): void {
  const now = queue.now();
  queue.store.meta.set("purgedAt", now);
  queue.statistics.history.mark("purged", now);
}

function deleteOlder(queue: ClearableQueue, after: number, rows: number, calledAt: number) {
  const { store, definition } = queue;
  const looked = store.tasks.list(after, Number.MAX_SAFE_INTEGER, rows);
  const now = queue.now();
  queue.commit.run(() => {
    for (const task of looked) {
      if (task.createdAt > calledAt) continue;
      if (store.delete(task, now, definition.config)) queue.forget(task);
    }
  });
  return looked;
}

/** Inside a commit. Tasks and all that is known of the queue are gone; but for its name, until that is done with. */
export function erase(queue: ClearableQueue): void {
  const { store, definition, statistics, name } = queue;
  queue.commit.after(queue.resultWaiters.tasksDeleted());
  queue.alerts?.clear();
  store.erase();
  store.meta.set("name", name);
  store.meta.set("removing", true);
  definition.forget();
  queue.push.reshape();
  queue.forgetAll();
  queue.commit.after(() => statistics.forget());
}
