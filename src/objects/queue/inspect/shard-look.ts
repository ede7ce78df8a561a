// What a shard says of itself where its queue is looked at as a whole.
import type { HistorySpan } from "../../../core/metrics/history.ts";
import { entryMark } from "../../../core/metrics/queue-report.ts";
import type { ShardLook } from "../../shard-part.ts";
import type { QueueContext } from "../context/context.ts";
import { atRestOf, hasHappened, historyOf, queueView } from "./queries.ts";

/** `since` and `wakesAt` in ms since 1970: how new the history has to be, and when the object wakes by itself. */
export function shardLook(
  queue: QueueContext,
  span: HistorySpan,
  since: number,
  wakesAt: number,
): ShardLook {
  const view = queueView(queue);
  const { tasks } = view.statistics;
  return {
    view,
    history: historyOf(queue, span, since, tasks),
    isActive: hasHappened(historyOf(queue, "15m", 0, tasks)),
    entry: entryMark(queue.definition.fileEntry),
    ...queue.statistics.times(queue.now()),
    atRest: atRestOf(queue, wakesAt),
  };
}
