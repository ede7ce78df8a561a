// Queue page: state, charts, tasks and configuration.
import { useState } from "preact/hooks";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { queuePath } from "../api.ts";
import { count, perSecond } from "../format/counts.ts";
import { Crumbs } from "../format/crumbs.tsx";
import { QueueStateMark } from "../format/state.tsx";
import { duration } from "../format/times.ts";
import { useNow } from "../live/now.ts";
import { useLiveQueue } from "../live/queues.ts";
import { drainOf, drainText } from "../queues/drain.ts";
import { ProblemLines } from "../queues/problem-lines.tsx";
import { oldestDueSeconds, problemsOf } from "../queues/problems.ts";
import { SlotGauge, TokenGauge } from "../queues/queue-row.tsx";
import { CostFigure, Figure, SpreadFigure } from "../queues/summary.tsx";
import { Loading, Refused } from "../shell/loading.tsx";
import { useFetch } from "../use-fetch.ts";
import { AddTask } from "./add-task.tsx";
import { Charts } from "./charts.tsx";
import { Configuration } from "./configuration.tsx";
import { QueueActions } from "./queue-actions.tsx";
import { Tasks } from "./tasks.tsx";

export function QueuePage({ name }: { name: string }) {
  const queue = useLiveQueue(name);
  // Fetched only for the API's error when the queue is not in the stream.
  const fallback = useFetch<QueueView>(queue ? undefined : queuePath(name));
  const [isAdding, setAdding] = useState(false);
  if (!queue) {
    return fallback.error ? <Refused error={fallback.error} /> : <Loading what={`queue ${name}`} />;
  }
  const add = () => setAdding(true);
  return (
    <>
      <div class="page-head">
        <Crumbs above={[]} here={name} />
        <span class="subtitle line">
          <QueueStateMark state={queue.state} /> · {queue.mode}
        </span>
        <QueueActions queue={queue} onAdd={add} />
      </div>
      <QueueSummary queue={queue} />
      <Charts queue={queue} />
      <Tasks queue={queue} onAdd={add} />
      <Configuration queue={queue} />
      {isAdding && <AddTask queue={name} mode={queue.mode} onClose={() => setAdding(false)} />}
    </>
  );
}

function QueueSummary({ queue }: { queue: WatchedQueue }) {
  const now = useNow();
  const { statistics, mode } = queue;
  const oldest = oldestDueSeconds(queue, now);
  return (
    <>
      <ProblemLines problems={problemsOf(queue, now)} />
      <dl class="strip" aria-label="How it stands">
        <Figure name="Added" value={perSecond(statistics.addedLastMinute / 60)} unit="/s" />
        <Figure name="Done" value={perSecond(statistics.doneLastMinute / 60)} unit="/s" />
        <Figure name="On the queue" value={count(statistics.tasks)} />
        {mode === "push" && <Figure name="Tokens" isWide value={<TokenGauge queue={queue} />} />}
        <Figure name={mode === "pull" ? "Leased" : "Running"} value={<SlotGauge queue={queue} />} />
        <Figure name="Oldest due" value={oldest === 0 ? "–" : duration(oldest)} />
        <Figure name="Drains in" value={drainText(drainOf(queue, now))} />
        <SpreadFigure name="Lateness" spread={statistics.lateness.lastMinute} />
        <SpreadFigure name="Run time" spread={statistics.runTime.lastMinute} />
        <CostFigure queue={queue.name} />
      </dl>
    </>
  );
}
