// Operations on tasks by name: delete, run now, reschedule, redrive.
import { type Answer, invalid, type Refusal, refuse } from "../../core/errors.ts";
import type { DeleteResult, RedriveResult } from "../../core/task/calls.ts";
import { acceptNewTime } from "../../core/task/new-task.ts";
import { isTimed, type Task } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { Found } from "../../store/queue/queue-store.ts";
import { isExpedited, lastKeyOf } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import type { QueueContext } from "./context/context.ts";
import { getTask } from "./inspect/queries.ts";

/** Deletes tasks; an attempt that is under way goes on and changes nothing. */
export function deleteTasks(queue: QueueContext, names: readonly string[]): DeleteResult[] {
  return queue.commit.run(() => names.map((name) => ({ name, deleted: deleteOne(queue, name) })));
}

function deleteOne(queue: QueueContext, name: string): boolean {
  const { store, definition } = queue;
  const now = queue.now();
  const found = store.find(name, now);
  if (found?.kind === "failed") return store.forget(found.task, now);
  if (found?.kind !== "live" || !store.delete(found.task, now, definition.config)) return false;
  queue.forget(found.task);
  return true;
}

/**
 * Asks for an attempt of the task as soon as a slot is free. The row's key remembers it, so the attempt
 * starts once, by an alarm, and outlives a crash. A task that is running, expedited, or on its way to the
 * dead-letter queue, is left as it is.
 */
export function runTask(queue: QueueContext, name: string): Answer<Task> {
  const found = checkRuns(queue) ?? findStored(queue, name);
  if (found.failure) return found;
  const { kind, task } = found.ok;
  queue.commit.run(() => {
    if (kind === "failed") runFailed(queue, task);
    else if (!queue.push.isRunning(task) && !isExpedited(task.key)) expedite(queue, task);
  });
  return getTask(queue, name);
}

function runFailed(queue: QueueContext, task: TaskRow): void {
  if (!isOnItsWay(queue, task)) expedite(queue, queue.store.redrive(task, queue.now()));
}

function expedite(queue: QueueContext, task: TaskRow | undefined): void {
  const moved = task && queue.store.expedite(task, queue.now());
  if (moved) queue.rowWritten(moved.key);
}

function checkRuns({ definition: { config, isDefined } }: QueueContext): Refusal | undefined {
  const { name, mode } = config;
  if (mode === "pull") {
    return refuse("WRONG_QUEUE_MODE", `queue: "${name}" is a pull queue, whose tasks are leased`);
  }
  if (isDefined) return undefined;
  return refuse("QUEUE_PAUSED", `queue: "${name}" is no longer in queue.yaml, so nothing runs`);
}

/** Gives a waiting task another time; its attempts and retries stay counted. */
export function rescheduleTask(queue: QueueContext, name: string, time: unknown): Answer<Task> {
  const due = acceptNewTime(time, queue.now());
  if (due.failure) return due;
  const found = findStored(queue, name);
  if (found.failure) return found;
  const { kind, task } = found.ok;
  const state = kind === "failed" ? kind : queue.stateOf(task, queue.now());
  if (!isTimed(state)) return invalid("state", state, EXPECTED_STATE);
  queue.commit.run(() => {
    const moved = queue.store.reschedule(task, due.ok);
    queue.forget(task);
    if (moved) queue.rowWritten(moved.key);
  });
  return getTask(queue, name);
}

const EXPECTED_STATE = "scheduled or due: only a task that waits can be given another time";

type Stored = Exclude<Found, { kind: "ended" }>;

function findStored(queue: QueueContext, name: string): Answer<Stored> {
  const found = queue.store.find(name, queue.now());
  if (found && found.kind !== "ended") return { ok: found };
  const missing = `name: the queue "${queue.name}" has no task "${name}"`;
  if (!found) return refuse("UNKNOWN_TASK", missing);
  const { state, record } = found.row;
  const ended = { done: "it ran", deleted: "it was deleted", failed: "it failed" }[state as "done"];
  const when = record ? ` at ${rfc3339(record.endedAt)}` : "";
  return refuse("UNKNOWN_TASK", `${missing}: ${ended}${when}, and only its name is kept`);
}

/** Puts failed tasks back on the queue as if they were new; for each name whether there was one. */
export function redriveTasks(queue: QueueContext, names: readonly string[]): RedriveResult[] {
  return queue.commit.run(() => names.map((name) => redriveOne(queue, name)));
}

function redriveOne(queue: QueueContext, name: string): RedriveResult {
  const now = queue.now();
  const found = queue.store.find(name, now);
  const failed = found?.kind === "failed" && !isOnItsWay(queue, found.task) && found.task;
  const task = failed ? queue.store.redrive(failed, now) : undefined;
  if (task) queue.rowWritten(task.key);
  return { name, redriven: task !== undefined };
}

// A task on its way to the dead-letter queue may be there already: put back here it would be on both.
function isOnItsWay({ definition, store }: QueueContext, { key }: TaskRow): boolean {
  return definition.config.failedQueue !== undefined && store.deadLetters.has(key);
}

/** Failed tasks put back in one transaction. */
const REDRIVE_PAGE = 250;

/** The same for every task that has failed until now; how many. */
export async function redriveAll(queue: QueueContext): Promise<number> {
  const { failed } = queue.store;
  // Those that fail again meanwhile get keys behind the last one, and are left alone.
  const last = failed.lastKey();
  let redriven = 0;
  for (let after = lastKeyOf(queue.now()); ; ) {
    const page = failed.names(after, last, REDRIVE_PAGE);
    const results = redriveTasks(
      queue,
      page.map(({ name }) => name),
    );
    redriven += results.filter((result) => result.redriven).length;
    if (page.length < REDRIVE_PAGE) return redriven;
    after = page.at(-1)?.key ?? last;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
