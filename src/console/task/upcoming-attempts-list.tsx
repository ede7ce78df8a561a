// The list of a task's upcoming attempts with their times.
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { Task } from "../../core/task/task.ts";
import { When } from "../format/when.tsx";
import { useNow } from "../live/now.ts";
import { retryOf } from "./retry-of.ts";
import { upcomingAttempts } from "./upcoming-attempts.ts";

export function UpcomingAttemptsList({ task, queue }: { task: Task; queue: QueueView }) {
  const now = useNow();
  const isTried = ["scheduled", "due", "running"].includes(task.state);
  if (queue.mode === "pull" || !isTried) return null;
  const { attempts, isAll } = upcomingAttempts(task, retryOf(task, queue), now);
  return (
    <section class="panel coming" aria-label="Coming attempts">
      <div class="panel-head">
        <h2>Coming attempts</h2>
        <span class="muted">
          {task.state === "running" ? "should this one fail now" : "should each fail at once"}
        </span>
      </div>
      {attempts.length === 0 ? (
        <p class="empty">No further one: if it fails it is given up, and kept as failed.</p>
      ) : (
        <ol class="coming-list">
          {attempts.map(({ number, at }) => (
            <li key={number}>
              <span class="number">{number}</span>{" "}
              <When at={new Date(at).toISOString()} as="both" />
            </li>
          ))}
          <li class="muted">{isAll ? "then it is given up, and kept as failed" : "and so on"}</li>
        </ol>
      )}
    </section>
  );
}
