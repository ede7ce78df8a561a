// The attempts before a task, by the clock.
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { Task } from "../../core/task/task.ts";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { retryParametersOf } from "./retry-parameters.ts";
import { upcomingAttempts } from "./upcoming-attempts.ts";

export function UpcomingAttempts({ task, queue }: { task: Task; queue: QueueView }) {
  const now = useNow();
  const isTried = ["scheduled", "due", "running"].includes(task.state);
  if (queue.mode === "pull" || !isTried) return null;
  const { attempts, isAll } = upcomingAttempts(task, retryParametersOf(task, queue), now);
  return (
    <section class="panel coming" aria-label="Upcoming attempts">
      <div class="panel-head">
        <h2>Upcoming attempts</h2>
        <span class="muted">
          {task.state === "running" ? "should this one fail now" : "should each fail at once"}
        </span>
      </div>
      {attempts.length === 0 ? (
        <p class="empty">No further one: if it fails, the task is kept as failed.</p>
      ) : (
        <ol class="coming-list">
          {attempts.map(({ number, at }) => (
            <li key={number}>
              <span class="number">{number}</span>{" "}
              <When at={new Date(at).toISOString()} as="both" />
            </li>
          ))}
          <li class="muted">{isAll ? "then it is kept as failed" : "and so on"}</li>
        </ol>
      )}
    </section>
  );
}
