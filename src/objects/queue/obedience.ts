// A shard taking what the first shard has decided for all. Done twice it changes nothing, and what is older than what
// was taken is passed over, so it can come late, doubled and out of order.
import type { ShardMap } from "../../core/sharding/shard-map.ts";
import type { ShardOrders } from "../rpc.ts";
import { type ClearableQueue, clear, erase } from "./clearing.ts";
import type { ShardPlace } from "./context/context.ts";
import type { DirectoryListing } from "./directory-listing.ts";
import type { GroupNotifier } from "./group-notifier.ts";

/** A queue's object as one that can be told what holds. */
export interface ObedientQueue extends ClearableQueue {
  readonly shard: ShardPlace & { adopt(map: ShardMap): void };
  readonly notifier: GroupNotifier;
  readonly listing: DirectoryListing;
}

/** Answers once all of it holds here. */
export async function obey(queue: ObedientQueue, orders: ShardOrders): Promise<void> {
  const { shard, store } = queue;
  const { meta } = store;
  const { number, purged, erased, map } = orders;
  // One that has nothing yet has missed nothing.
  const obeyed = meta.get("shards") ? (meta.get("obeyed") ?? 0) : number - 1;
  const isErased = erased !== undefined && erased > obeyed;
  const purge = !isErased && purged && purged.number > obeyed ? purged : undefined;
  // What was to be added by the map before is on disk before the new one is.
  queue.commit.flush();
  queue.commit.run(() => {
    if (shard.index > 0 && number > obeyed) adopt(queue, orders, isErased);
    if (shard.index > 0 && !orders.isGone && map.version > (meta.get("shards")?.version ?? -1))
      shard.adopt(map);
    if (!purge && number > obeyed) meta.set("obeyed", number);
  });
  if (purge) await purgeTo(queue, number, purge.at);
  if (shard.index > 0 && meta.get("removing")) await finishErasing(queue);
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
