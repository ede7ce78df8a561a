// Tasks, and what is left of some, that come from another shard of the queue.

import type { Moving } from "../../store/queue/moving.ts";
import { isParked } from "../../store/queue/row-key.ts";
import type { MovingBatch } from "../rpc.ts";
import { dropOne, type MembershipContext } from "./group-membership.ts";
import type { Transit } from "./sharding/transit.ts";

/**
 * Takes in what another shard hands over, once; false where it does not: that shard has yet to purge, or erase, what
 * this one has.
 */
export async function takeIn(
  queue: MembershipContext,
  moving: Moving,
  transit: Transit,
  batch: MovingBatch,
): Promise<boolean> {
  // A purge that is under way would miss some.
  await transit.idle();
  const { commit, store } = queue;
  const { from, number, obeyed, rows, groups, cancelled } = batch;
  const now = queue.now();
  return commit.run(() => {
    const taken = store.meta.get("taken") ?? {};
    if (number <= (taken[from] ?? 0)) return true;
    if (obeyed < (store.meta.get("obeyed") ?? 0)) return false;
    if (groups) store.acceptedGroups.takeIn(groups);
    for (const row of rows) {
      const task = moving.takeIn(row, now);
      if (!task) continue;
      if (!isParked(task.key)) queue.rowWritten(task.key);
      const { name = "" } = task.spec.group ?? {};
      // Cancelled while the task was on its way.
      if (store.acceptedGroups.isCancelled(name) && !cancelled.includes(name)) dropOne(queue, task);
    }
    store.meta.set("taken", { ...taken, [from]: number });
    return true;
  });
}
