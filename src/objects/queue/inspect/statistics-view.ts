// A queue's statistics as they are shown. Nothing here reads more than a few thousand rows.
import { wholeTokens } from "../../../core/dispatch/bucket.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import { lastKeyOf } from "../../../store/queue/row-key.ts";
import type { TaskTally } from "../../../store/queue/task-counts.ts";
import type { Queue } from "../queue.ts";
import type { QueueView } from "../rpc.ts";

type StatisticsView = QueueView["statistics"];

export function statisticsView(queue: Queue, now: number): StatisticsView {
  const { statistics, store } = queue;
  const oldest = store.tasks.oldestDue();
  const tokens = queue.tokens();
  const tally = store.tally.tasks(now);
  const failed = store.tally.failed(now);
  const minute = statistics.lastMinute(now);
  return {
    tasks: tally.tasks,
    failed,
    states: { ...statesOf(queue, tally, now), failed },
    oldestEta: oldest === undefined ? null : rfc3339(oldest),
    executedLastMinute: minute.executed,
    addedLastMinute: minute.added,
    startedLastMinute: minute.started,
    doneLastMinute: minute.done,
    retriedLastMinute: minute.retried,
    failedLastMinute: minute.failed,
    lateness: statistics.lateness(now),
    runTime: statistics.runTime(now),
    inFlight: queue.running + leasedOf(queue, now),
    enforcedRate: tokens ? tokens.shape.rate : null,
    tokens: tokens ? wholeTokens(tokens.level) : null,
  };
}

// A task in flight keeps its row, so rows by time count it among those that wait.
function statesOf(queue: Queue, { due, scheduled, waiting }: TaskTally, now: number) {
  const { all, upTo } = queue.runningTasks(lastKeyOf(now));
  const leased = leasedOf(queue, now);
  return {
    scheduled: scheduled === undefined ? null : scheduled - (all - upTo),
    due: due === undefined ? null : due - upTo - leased,
    running: all,
    leased,
    waiting,
  };
}

// As far as they have been met since the object's start: an estimate until workers have come by.
function leasedOf({ leasing }: Queue, now: number): number {
  return leasing?.table.leasedAt(now) ?? 0;
}
