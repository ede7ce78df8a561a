// The queue list, queues with problems first.

import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { useNow } from "../live/now.ts";
import { useQueues } from "../live/queues.ts";
import { Loading } from "../shell/loading.tsx";
import { problemsOf, urgencyOf } from "./problems.ts";
import { COLUMNS, QueueRow } from "./queue-row.tsx";
import { QueuesSummary } from "./summary.tsx";

export function QueuesPage() {
  const queues = useQueues();
  const now = useNow();
  if (!queues) return <Loading what="the queues" />;
  const looked = queues.map((queue) => ({ queue, problems: problemsOf(queue, now) }));
  // The sort is stable, so a row moves only when its problems change.
  looked.sort((a, b) => urgencyOf(b.problems) - urgencyOf(a.problems));
  return (
    <>
      <h1 class="hidden">Queues</h1>
      <QueuesSummary queues={queues} />
      <div class="panel">
        <table class="queues cards">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th
                  key={column}
                  scope="col"
                  class={`column-${column.toLowerCase().replaceAll(" ", "-")}`}
                >
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {looked.map(({ queue, problems }) => (
              <QueueRow key={queue.name} queue={queue} problems={problems} now={now} />
            ))}
          </tbody>
        </table>
      </div>
      <FirstSteps queues={queues} />
    </>
  );
}

function FirstSteps({ queues }: { queues: readonly WatchedQueue[] }) {
  const hasHadTasks = queues.some(
    ({ statistics, history }) => statistics.tasks + statistics.failed + history.points.length > 0,
  );
  if (hasHadTasks) return null;
  const [first] = queues.filter(({ mode }) => mode === "push");
  return (
    <section class="empty">
      <h2>Nothing has been queued yet</h2>
      <p>Open a queue to add a task by a form, or paste this into a shell:</p>
      <pre>{`curl -d from=1 -d to=10 '${location.origin}/_ah/api/queues/${first?.name ?? "default"}/tasks'`}</pre>
    </section>
  );
}
