// Actions on a whole queue.
import { useState } from "preact/hooks";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { mayWrite } from "../access.ts";
import { post, queuePath } from "../api.ts";
import { counted } from "../format/counts.ts";
import { storeQueue } from "../live/queues.ts";
import { pathOf } from "../route.ts";
import { Confirm } from "../shell/dialog.tsx";
import { acting } from "../shell/messages.tsx";

export function QueueActions({ queue, onAdd }: { queue: WatchedQueue; onAdd: () => void }) {
  const [isPurging, setPurging] = useState(false);
  const { name, mode, state, statistics, extensions } = queue;
  const act = (verb: string, said: string) =>
    acting(async () => {
      storeQueue(await post<QueueView>(`${queuePath(name)}:${verb}`));
      return said;
    });
  return (
    <div class="actions">
      {mode === "push" && <a href={pathOf({ page: "preview", queue: name })}>Preview</a>}
      {extensions.shards === undefined && (
        <a href={pathOf({ page: "keys", queue: name })}>Keys of tasks</a>
      )}
      <a href={pathOf({ page: "failures", queue: name })}>Failures</a>
      {mayWrite() && (
        <>
          {state === "paused" ? (
            <button type="button" onClick={() => act("resume", `${name} runs again`)}>
              Resume
            </button>
          ) : (
            <button type="button" onClick={() => act("pause", `${name} is paused`)}>
              Pause
            </button>
          )}
          <button type="button" onClick={() => setPurging(true)}>
            Purge…
          </button>
          <button type="button" class="primary" onClick={onAdd}>
            Add a task
          </button>
        </>
      )}
      {isPurging && (
        <Confirm
          title={`Purge ${name}`}
          action="Purge"
          isDangerous
          typed={name}
          onConfirm={() => act("purge", `${name} is empty`)}
          onClose={() => setPurging(false)}
        >
          <p>
            Deletes {counted(statistics.tasks, "task")} on the queue. What is running ends, and is
            not repeated. Tasks that have failed stay.
          </p>
        </Confirm>
      )}
    </div>
  );
}
