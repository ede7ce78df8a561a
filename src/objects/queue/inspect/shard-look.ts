// What a shard says of itself where its queue is looked at as a whole.
import type { HistorySpan } from "../../../core/metrics/history.ts";
import { entryMark, isOfFigures, type ReportReader } from "../../../core/metrics/queue-report.ts";
import type { ShardLook } from "../../shard-part.ts";
import type { QueueContext } from "../context/context.ts";
import { atRestOf, hasHappened, historyOf, queueView } from "./queries.ts";

/** What a look is for; `since` in ms since 1970: how new the history has to be. */
export interface LookAsk {
  span: HistorySpan;
  since: number;
  reader: ReportReader | undefined;
}

/** `wakesAt`: when the object wakes by itself (ms). */
export function shardLook(
  queue: QueueContext,
  { span, since, reader }: LookAsk,
  wakesAt: number,
): ShardLook {
  const view = queueView(queue);
  const { tasks } = view.statistics;
  const atRest = atRestOf(queue, wakesAt);
  return {
    view,
    history: historyOf(queue, span, since, tasks),
    isActive: hasHappened(historyOf(queue, "15m", 0, tasks)),
    entry: entryMark(queue.definition.fileEntry),
    ...queue.statistics.times(queue.now()),
    atRest,
    ...(isOfFigures(reader) && queue.statistics.totals?.report(view, atRest, reader)),
  };
}
