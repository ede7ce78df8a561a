// Operations on a queue as a whole: pause, resume, purge, define, remove.
import type { Answer } from "../../core/errors.ts";
import { clear, erase, notePurge } from "./clearing.ts";
import { checkDeadLetterQueue } from "./dead-letter-check.ts";
import type { Queue } from "./queue.ts";

/** How long an answer waits for other objects; after that the alarm goes on. */
const PATIENCE_MS = 5_000;
const PURGE_PATIENCE_MS = 60_000;

/** A paused queue takes tasks and starts none; its bucket does not fill. */
export async function setPaused(queue: Queue, paused: boolean): Promise<void> {
  const { store, statistics } = queue;
  queue.commit.run(() => {
    if (paused === queue.isPaused) return;
    statistics.history.mark(paused ? "paused" : "resumed", queue.now());
    store.meta.set("paused", paused);
    queue.commit.after(() => queue.happenings.did(paused ? "paused" : "resumed"));
    queue.push.reshape();
    queue.sharding.tell();
  });
  await untilTold(queue);
}

async function untilTold({ sharding }: Queue): Promise<void> {
  if (!sharding.isTold) await within(PATIENCE_MS, sharding.told());
}

/** Deletes every task on the queue. */
export async function purge(queue: Queue): Promise<void> {
  if (!queue.shard.isSharded) return queue.sharding.act("all", () => clear(queue));
  queue.commit.run(() => {
    notePurge(queue);
    queue.sharding.tell("purged");
  });
  await within(PURGE_PATIENCE_MS, queue.sharding.told());
}

/** Makes or changes a queue that is not in queue.yaml, by an entry of that file's form. */
export async function define(queue: Queue, given: unknown): Promise<Answer<true>> {
  const { definition, store, listing } = queue;
  const refusal = definition.refusalInFile();
  if (refusal) return refusal;
  const { ok: config, failure } = definition.read(given);
  if (failure) return { failure };
  const refused = await checkDeadLetterQueue(queue.stubs, config);
  if (refused) return refused;
  if (store.meta.get("removing")) await untilTold(queue);
  await listing.finishRemoval();
  queue.commit.run(() => {
    const isNew = queue.shard.isNew || store.meta.get("removing");
    store.meta.clear("removing");
    definition.define(given as object, config);
    if (isNew) queue.shard.begin();
    queue.commit.after(() => queue.happenings.did("defined"));
    queue.push.reshape();
    queue.sharding.tell();
  });
  queue.shard.noticeDefinition();
  await listing.ensureListed();
  await untilTold(queue);
  return { ok: true };
}

/**
 * Removes a queue that is not in queue.yaml. Its tasks and all it knows are erased in one commit, in which
 * groups get the events that their tasks were deleted; then other shards do the same, the events are delivered, and
 * last the directory forgets the queue. What a crash interrupts is finished by the alarm.
 */
export async function remove(queue: Queue): Promise<Answer<true>> {
  const refusal = queue.definition.refusalInFile();
  if (refusal) return refusal;
  await queue.sharding.act("all", async () => queue.commit.run(() => eraseAll(queue)));
  const finished = Promise.all([queue.notifier.flush(), queue.sharding.told()]).then(() =>
    queue.listing.finishRemoval(),
  );
  await within(PATIENCE_MS, finished);
  return { ok: true };
}

// What the shards are told by outlives what is erased.
function eraseAll(queue: Queue): void {
  const { meta } = queue.store;
  const [map, orders] = [meta.get("shards"), meta.get("orders")];
  const { isSharded } = queue.shard;
  erase(queue);
  queue.commit.after(() => queue.happenings.did("removed"));
  if (!map || !isSharded) return;
  meta.set("shards", map);
  queue.sharding.tell("erased", orders);
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
