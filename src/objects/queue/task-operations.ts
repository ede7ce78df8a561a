// Acting on the tasks of a push queue by hand: run one now, move one in time, bring failed ones back.
import { type Answer, invalid, type Refusal, refuse } from "../../core/errors.ts";
import { acceptNewTime } from "../../core/task/new-task.ts";
import { isTimed, type Task } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { Found } from "../../store/queue/queue-store.ts";
import { isExpedited, lastKeyOf } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import { getTask, type Shown, stateOf } from "./inspect/queries.ts";
import type { RedriveResult } from "./rpc.ts";

/**
 * Asks for an attempt of the task as soon as a slot is free. It is remembered by the task's place, so it
 * starts once, by an alarm, and outlives a crash. One that is running, or was asked for, is left as it is.
 */
export function runTask(shown: Shown, name: string): Answer<Task> {
  const { queue, now } = shown;
  const found = checkRuns(shown) ?? kept(shown, name);
  if (found.failure) return found;
  const { kind, task } = found.ok;
  queue.change(() => {
    if (kind === "failed") expedite(shown, queue.store.redrive(task, now));
    else if (!queue.isRunning(task) && !isExpedited(task.key)) expedite(shown, task);
  });
  return getTask(shown, name);
}

function expedite({ queue, now }: Shown, task: TaskRow | undefined): void {
  const moved = task && queue.store.expedite(task, now);
  if (moved) queue.rewindTo(moved.key);
}

function checkRuns({ entry: { config, isDefined } }: Shown): Refusal | undefined {
  const { name, mode } = config;
  if (mode === "pull") {
    return refuse("WRONG_QUEUE_MODE", `queue: "${name}" is a pull queue, whose tasks are leased`);
  }
  if (isDefined) return undefined;
  return refuse("QUEUE_PAUSED", `queue: "${name}" is no longer in queue.yaml, so nothing runs`);
}

/** Gives a waiting task another time; what it has behind it stays. */
export function rescheduleTask(shown: Shown, name: string, time: unknown): Answer<Task> {
  const { queue, now } = shown;
  const due = acceptNewTime(time, now);
  if (due.failure) return due;
  const found = kept(shown, name);
  if (found.failure) return found;
  const { kind, task } = found.ok;
  const state = kind === "failed" ? kind : stateOf(queue, task, now);
  if (!isTimed(state)) return invalid("state", state, EXPECTED_STATE);
  queue.change(() => {
    const moved = queue.store.reschedule(task, due.ok);
    queue.leasing?.table.forget(task.key);
    if (moved) queue.rewindTo(moved.key);
  });
  return getTask(shown, name);
}

const EXPECTED_STATE = "scheduled or due: only a task that waits can be given another time";

type Kept = Exclude<Found, { kind: "ended" }>;

function kept({ queue, entry: { config }, now }: Shown, name: string): Answer<Kept> {
  const found = queue.store.find(name, now);
  if (found && found.kind !== "ended") return { ok: found };
  const missing = `name: the queue "${config.name}" has no task "${name}"`;
  if (!found) return refuse("UNKNOWN_TASK", missing);
  const { state, record } = found.row;
  const ended = { done: "it ran", deleted: "it was deleted", failed: "it failed" }[state as "done"];
  const when = record ? ` at ${rfc3339(record.endedAt)}` : "";
  return refuse("UNKNOWN_TASK", `${missing}: ${ended}${when}, and only its name is kept`);
}

/** Puts failed tasks back on the queue as if they were new; for each name whether there was one. */
export function redriveTasks({ queue, now }: Shown, names: readonly string[]): RedriveResult[] {
  const results = queue.change(() =>
    names.map((name) => {
      const found = queue.store.find(name, now);
      const task = found?.kind === "failed" ? queue.store.redrive(found.task, now) : undefined;
      if (task) queue.rewindTo(task.key);
      return { name, redriven: task !== undefined };
    }),
  );
  return results;
}

/** Failed tasks put back in one transaction. */
const REDRIVE_PAGE = 250;

/** The same for all that have failed until now; how many. */
export async function redriveAll(shown: Shown): Promise<number> {
  const { failed } = shown.queue.store;
  // Those that fail again meanwhile are kept behind the last, and left where they are.
  const last = failed.lastKey();
  let redriven = 0;
  for (let after = lastKeyOf(shown.now); ; ) {
    const page = failed.names(after, last, REDRIVE_PAGE);
    const results = redriveTasks(
      shown,
      page.map(({ name }) => name),
    );
    redriven += results.filter((result) => result.redriven).length;
    if (page.length < REDRIVE_PAGE) return redriven;
    after = page.at(-1)?.key ?? last;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
