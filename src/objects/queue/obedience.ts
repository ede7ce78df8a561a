// A shard taking what the first shard has decided for all. Done twice it changes nothing, and what is older than what
// was taken is passed over, so it can come late, doubled and out of order.
import type { ShardOrders } from "../rpc.ts";
import { type ClearableQueue, clear, erase } from "./clearing.ts";
import type { DirectoryListing } from "./directory-listing.ts";
import type { GroupNotifier } from "./group-notifier.ts";
import type { Sharding } from "./sharding/sharding.ts";

/** A queue's object as one that can be told what holds. */
export interface ObedientQueue extends ClearableQueue {
  readonly notifier: GroupNotifier;
  readonly listing: DirectoryListing;
  readonly sharding: Pick<Sharding, "act">;
}

/** Before the first orders, whose number is 0. */
const NEVER = -1;

/** Answers once all of it holds here. */
export async function obey(queue: ObedientQueue, orders: ShardOrders): Promise<void> {
  const { purged, erased = NEVER } = orders;
  // What is on its way to another shard is gone, or is here again, before all there is goes.
  if (Math.max(purged?.number ?? NEVER, erased) > obeyedBy(queue, orders))
    await queue.sharding.act("all", () => take(queue, orders));
  else await take(queue, orders);
  if (queue.shard.index > 0 && queue.store.meta.get("removing")) await finishErasing(queue);
}

/** The number of the orders that hold here already. One that has nothing yet has missed nothing. */
function obeyedBy({ store: { meta } }: ObedientQueue, { number }: ShardOrders): number {
  return meta.get("shards") ? (meta.get("obeyed") ?? 0) : number - 1;
}

async function take(queue: ObedientQueue, orders: ShardOrders): Promise<void> {
  const { shard, store } = queue;
  const { meta } = store;
  const { number, purged, erased = NEVER, map } = orders;
  const obeyed = obeyedBy(queue, orders);
  const isErased = erased > obeyed;
  const purge = !isErased && purged && purged.number > obeyed ? purged : undefined;
  queue.commit.flush();
  queue.commit.run(() => {
    if (shard.index > 0 && number > obeyed) adopt(queue, orders, isErased);
    if (shard.index > 0 && !orders.isGone && map.version > (meta.get("shards")?.version ?? -1))
      shard.goBy(map);
    if (!purge && number > obeyed) meta.set("obeyed", number);
  });
  if (purge) await purgeTo(queue, number, purge.at);
}

/** Inside a commit. The first shard has done this when it decided it. */
function adopt(queue: ObedientQueue, orders: ShardOrders, isErased: boolean): void {
  const { definition, store, push } = queue;
  const { paused, made, config, isGone } = orders;
  if (isErased) erase(queue);
  if (isGone) return;
  store.meta.clear("removing");
  const own = made && !definition.fileEntry && definition.read(made).ok;
  if (made && own) definition.define(made, own);
  else definition.remember(config);
  if (paused !== queue.isPaused) store.meta.set("paused", paused);
  push.reshape();
}

async function purgeTo(queue: ObedientQueue, number: number, calledAt: number): Promise<void> {
  await clear(queue, calledAt);
  const { meta } = queue.store;
  // Meanwhile there may have come others.
  if (meta.get("shards") && number > (meta.get("obeyed") ?? 0))
    queue.commit.run(() => meta.set("obeyed", number));
}

async function finishErasing(queue: ObedientQueue): Promise<void> {
  await queue.notifier.flush();
  await queue.listing.finishRemoval();
  if (queue.store.meta.get("removing"))
    throw new Error(`"${queue.name}": its tasks' groups have yet to hear that they are deleted`);
}
