// Operations on tasks by name: delete, run now, reschedule, redrive.
import { type Answer, invalid, type Refusal, refuse } from "../../core/errors.ts";
import type { DeleteResult, RedriveResult } from "../../core/task/calls.ts";
import { acceptNewTime } from "../../core/task/new-task.ts";
import { isTimed, type Task } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { Found } from "../../store/queue/found.ts";
import { isExpedited, lastKeyOf } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import { inSlices } from "../slices.ts";
import type { QueueContext } from "./context/context.ts";
import { getTask } from "./inspect/queries.ts";

/** Deletes tasks; an attempt that is under way goes on and changes nothing. Many go slice by slice. */
export function deleteTasks(
  queue: QueueContext,
  names: readonly string[],
): Promise<DeleteResult[]> {
  return eachInSlices(queue, names, (name) => ({ name, deleted: deleteTask(queue, name) }));
}

/** Does this for each, a commit for each slice of them. */
async function eachInSlices<T>(
  queue: QueueContext,
  names: readonly string[],
  act: (name: string) => T,
): Promise<T[]> {
  const done: T[] = [];
  await inSlices(
    () => queue.now(),
    (rows) => {
      const slice = names.slice(done.length, done.length + rows);
      done.push(...queue.commit.run(() => slice.map(act)));
      return done.length === names.length;
    },
  );
  return done;
}

/** Inside a commit. Whether there was a task of this name, which is deleted. */
export function deleteTask(queue: QueueContext, name: string): boolean {
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
export function redriveTasks(
  queue: QueueContext,
  names: readonly string[],
): Promise<RedriveResult[]> {
  return eachInSlices(queue, names, (name) => redriveOne(queue, name));
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

/** The same for every task that has failed until now; how many. */
export async function redriveAll(queue: QueueContext): Promise<number> {
  const { failed } = queue.store;
  // Those that fail again meanwhile get keys behind the last one, and are left alone.
  const last = failed.lastKey();
  let redriven = 0;
  let after = lastKeyOf(queue.now());
  await inSlices(
    () => queue.now(),
    (rows) => {
      const slice = failed.names(after, last, rows);
      const results = queue.commit.run(() => slice.map(({ name }) => redriveOne(queue, name)));
      redriven += results.filter((result) => result.redriven).length;
      after = slice.at(-1)?.key ?? last;
      return slice.length < rows;
    },
  );
  return redriven;
}
