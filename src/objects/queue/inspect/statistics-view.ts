// A queue's statistics as they are shown. Nothing here reads more than a few thousand rows.
import { wholeTokens } from "../../../core/dispatch/bucket.ts";
import type { QueueView } from "../../../core/metrics/queue-view.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import { lastKeyOf } from "../../../store/queue/row-key.ts";
import type { TaskCountsByState } from "../../../store/queue/task-counts.ts";
import type { QueueContext } from "../context/context.ts";

type StatisticsView = QueueView["statistics"];

export function statisticsView(queue: QueueContext, now: number): StatisticsView {
  const { statistics, store } = queue;
  const oldest = store.tasks.oldestDue();
  const tokens = queue.push.tokens();
  const counts = store.counts.tasks(now);
  const failed = store.counts.failed();
  const expired = store.counts.expired();
  const minute = statistics.lastMinute(now);
  return {
    tasks: counts.tasks,
    failed,
    expired,
    states: { ...statesOf(queue, counts, now), failed, expired },
    oldestEta: oldest === undefined ? null : rfc3339(oldest),
    executedLastMinute: minute.executed,
    addedLastMinute: minute.added,
    startedLastMinute: minute.started,
    doneLastMinute: minute.done,
    retriedLastMinute: minute.retried,
    failedLastMinute: minute.failed,
    expiredLastMinute: minute.expired,
    lateness: statistics.lateness(now),
    runTime: statistics.runTime(now),
    inFlight: queue.push.running + queue.pull.leasedAt(now),
    enforcedRate: tokens ? tokens.shape.rate : null,
    tokens: tokens ? wholeTokens(tokens.level) : null,
  };
}

// A task in flight keeps its row, so rows by time count it among those that wait.
function statesOf(
  queue: QueueContext,
  { due, scheduled, waiting }: TaskCountsByState,
  now: number,
) {
  const { all, upTo } = queue.push.runningTasks(lastKeyOf(now));
  const leased = queue.pull.leasedAt(now);
  return {
    scheduled: scheduled === undefined ? null : scheduled - (all - upTo),
    due: due === undefined ? null : due - upTo - leased,
    running: all,
    leased,
    waiting,
  };
}
