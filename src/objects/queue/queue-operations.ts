// Operations on a queue as a whole: pause, resume, purge, define, remove.
import type { Answer } from "../../core/errors.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { inSlices } from "../slices.ts";
import { checkDeadLetterQueue } from "./dead-letter-check.ts";
import { queueView } from "./inspect/queries.ts";
import type { Queue } from "./queue.ts";

/** How long the answer to a removal waits for groups and the directory; after that the alarm goes on. */
const REMOVAL_PATIENCE_MS = 5_000;

/** A paused queue takes tasks and starts none; its bucket does not fill. */
export function setPaused(queue: Queue, paused: boolean): void {
  const { store, statistics } = queue;
  queue.commit.run(() => {
    if (paused === queue.isPaused) return;
    statistics.history.mark(paused ? "paused" : "resumed", queue.now());
    store.meta.set("paused", paused);
    queue.push.reshape();
  });
}

/**
 * Deletes every task on the queue; what is in flight runs to its end and changes nothing. Few go in one commit.
 * Many go slice by slice, and between two the object serves: a task may still start before its slice comes, as in
 * App Engine, and one that is added meanwhile may go too.
 */
export async function purge(queue: Queue): Promise<void> {
  const slices = await purgeSlices(queue);
  // A task that is moved meanwhile may come to lie before the slice that is next: a second round finds it.
  if (slices > 1) await purgeSlices(queue);
}

/** Goes through the tasks; in how many slices. */
function purgeSlices(queue: Queue): Promise<number> {
  let after = -1;
  return inSlices(
    () => queue.now(),
    (rows) => {
      const gone = purgeSlice(queue, after, rows);
      after = gone.at(-1)?.key ?? after;
      return gone.length < rows;
    },
  );
}

/** Deletes up to `rows` tasks behind the key `after`, the first when that is -1; which they were. */
export function purgeSlice(
  queue: Queue,
  after: number,
  rows: number,
): { key: number; name: string }[] {
  const { store, definition, statistics } = queue;
  const now = queue.now();
  return queue.commit.run(() => {
    const gone = store.purge(now, definition.config, rows, after);
    if (after < 0) {
      store.meta.set("purgedAt", now);
      statistics.history.mark("purged", now);
    }
    queue.forget(...gone);
    return gone;
  });
}

/** Makes or changes a queue that is not in queue.yaml, by an entry of that file's form. */
export async function define(queue: Queue, given: unknown): Promise<Answer<QueueView>> {
  const { definition, store, listing } = queue;
  const refusal = definition.refusalInFile();
  if (refusal) return refusal;
  const { ok: config, failure } = definition.read(given);
  if (failure) return { failure };
  const refused = await checkDeadLetterQueue(queue.stubs, config);
  if (refused) return refused;
  await listing.finishRemoval();
  queue.commit.run(() => {
    store.meta.clear("removing");
    definition.define(given as object, config);
    queue.push.reshape();
  });
  await listing.ensureListed();
  return { ok: queueView(queue) };
}

/**
 * Removes a queue that is not in queue.yaml. Its tasks and all it knows are erased in one commit, in which
 * groups get the events that their tasks were deleted; then the events are delivered, and last the directory
 * forgets the queue. What a crash interrupts is finished by the alarm.
 */
export async function remove(queue: Queue): Promise<Answer<true>> {
  const refusal = queue.definition.refusalInFile();
  if (refusal) return refusal;
  queue.commit.run(() => erase(queue));
  const finished = queue.notifier.flush().then(() => queue.listing.finishRemoval());
  await within(REMOVAL_PATIENCE_MS, finished);
  return { ok: true };
}

function erase(queue: Queue): void {
  const { store, definition, statistics } = queue;
  const { name } = queue;
  queue.commit.after(queue.resultWaiters.tasksDeleted());
  store.erase();
  store.meta.set("name", name);
  store.meta.set("removing", true);
  definition.forget();
  queue.push.reshape();
  queue.forgetAll();
  queue.commit.after(() => statistics.history.forget());
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
