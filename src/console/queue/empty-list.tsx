// Empty state of the task list, with a hint how to add tasks.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { mayWrite } from "../access.ts";
import { FILTER_FIELDS, type Filter } from "./filter.ts";

interface Props {
  queue: WatchedQueue;
  filter: Filter;
  onAdd: () => void;
}

const SAYS: Record<Filter["state"], string> = {
  "": "There is nothing on this queue.",
  scheduled: "No task waits for its time. Add one with a countdown, and it shows here until then.",
  due: "No task waits for a token or a slot: whatever is due has begun.",
  running: "No task is with its handler.",
  leased: "No task is leased. Workers lease with POST …/tasks:lease.",
  waiting:
    "No task waits for a group. A master that makes one shows here until its subtasks have ended.",
  failed:
    "No task was given up. One that was is kept here with its attempts, to be looked at and redriven.",
  expired:
    "No task came too late. One with `expires` that was not started in time is kept here, to be looked at and redriven.",
  ended:
    "No name is taken by a task that has ended. Tasks with a name of their own leave it here for a while.",
};

export function EmptyList({ queue, filter, onAdd }: Props) {
  if (FILTER_FIELDS.some((field) => filter[field] !== "")) {
    return <p class="empty">Nothing matches the filter.</p>;
  }
  const isAll = filter.state === "";
  return (
    <div class="empty">
      <p>{SAYS[filter.state]}</p>
      {isAll && mayWrite() && (
        <>
          <p>
            <button type="button" class="primary" onClick={onAdd}>
              Add a task
            </button>
          </p>
          <p class="muted">or in a shell:</p>
          <pre>{lineFor(queue)}</pre>
        </>
      )}
    </div>
  );
}

function lineFor({ name, mode }: WatchedQueue): string {
  const tasks = `'${location.origin}/_ah/api/queues/${name}/tasks'`;
  return mode === "pull"
    ? `curl -H 'Content-Type: text/plain' -d hello ${tasks}`
    : `curl -d key=value ${tasks}`;
}
