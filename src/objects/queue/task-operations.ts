// Operations on tasks by name: delete, run now, reschedule, redrive.
import { type Answer, invalid, type Refusal, refuse } from "../../core/errors.ts";
import type { DeleteResult, RedriveResult } from "../../core/task/calls.ts";
import { endedState } from "../../core/task/expiry.ts";
import { acceptNewTime } from "../../core/task/new-task.ts";
import { isTimed, type Task } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { FailedTasks } from "../../store/queue/failed-tasks.ts";
import type { Found } from "../../store/queue/found.ts";
import type { Place } from "../../store/queue/queue-store.ts";
import { isExpedited, lastKeyOf } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import { inSlices } from "../slices.ts";
import { endOf } from "./collision.ts";
import type { QueueContext } from "./context/context.ts";
import { getTask } from "./inspect/queries.ts";

/** Deletes tasks; an attempt that is under way goes on and changes nothing. Many go slice by slice. */
export function deleteTasks(
  queue: QueueContext,
  names: readonly string[],
): Promise<DeleteResult[]> {
  return eachInSlices(queue, names, (slice) => {
    const gone = deleteSome(queue, slice);
    return slice.map((name) => ({ name, deleted: gone.delete(name) }));
  });
}

/** Inside a commit. The names of those that were there. */
export function deleteSome(queue: QueueContext, names: readonly string[]): Set<string> {
  const { live, failed } = queue.store.deleteAll(names, queue.now(), queue.definition.config);
  queue.forget(...live);
  return new Set([...live, ...failed].map(({ name }) => name));
}

/** Does this for all, a commit for each slice of them. */
async function eachInSlices<T>(
  queue: QueueContext,
  names: readonly string[],
  act: (slice: readonly string[]) => T[],
): Promise<T[]> {
  const done: T[] = [];
  await inSlices(
    () => queue.now(),
    (rows) => {
      const slice = names.slice(done.length, done.length + rows);
      done.push(...queue.commit.run(() => act(slice)));
      return done.length === names.length;
    },
  );
  return done;
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

function runFailed(queue: QueueContext, { name }: TaskRow): void {
  if (redriveSome(queue, [name]).length === 0) return;
  const found = queue.store.find(name, queue.now());
  if (found?.kind === "live") expedite(queue, found.task);
}

function expedite(queue: QueueContext, task: TaskRow): void {
  const moved = queue.store.expedite(task, queue.now());
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
  const now = queue.now();
  const state = kind === "failed" ? endedState(kind, task.progress) : queue.stateOf(task, now);
  if (!isTimed(state)) return invalid("state", state, EXPECTED_STATE);
  const refusal = checkBeforeExpiry(queue, task, due.ok);
  if (refusal) return refusal;
  queue.commit.run(() => {
    const moved = queue.store.reschedule(task, due.ok);
    queue.forget(task);
    if (moved) queue.rowWritten(moved.key);
  });
  return getTask(queue, name);
}

function checkBeforeExpiry(
  { store }: QueueContext,
  task: TaskRow,
  due: number,
): Refusal | undefined {
  const at = store.ruled.expiresAt(task);
  if (at === undefined || due < at) return undefined;
  const expected = `an instant before ${rfc3339(at)}, when the task expires`;
  return invalid("time", rfc3339(due), expected, "INVALID_ETA");
}

const EXPECTED_STATE = "scheduled or due: only a task that waits can be given another time";

type Stored = Exclude<Found, { kind: "ended" }>;

function findStored(queue: QueueContext, name: string): Answer<Stored> {
  const found = queue.store.find(name, queue.now());
  if (found && found.kind !== "ended") return { ok: found };
  const missing = `name: the queue "${queue.name}" has no task "${name}"`;
  if (!found) return refuse("UNKNOWN_TASK", missing);
  const { record } = found.row;
  const ended = endOf(found.row);
  const when = record ? ` at ${rfc3339(record.endedAt)}` : "";
  return refuse("UNKNOWN_TASK", `${missing}: ${ended}${when}, and only its name is kept`);
}

/** Puts failed tasks back on the queue as if they were new; for each name whether there was one. */
export function redriveTasks(
  queue: QueueContext,
  names: readonly string[],
): Promise<RedriveResult[]> {
  return eachInSlices(queue, names, (slice) => {
    const back = new Set(redriveSome(queue, slice).map(({ name }) => name));
    return slice.map((name) => ({ name, redriven: back.delete(name) }));
  });
}

/** Inside a commit. Those that are back. */
export function redriveSome(queue: QueueContext, names: readonly string[]): Place[] {
  const { store } = queue;
  const now = queue.now();
  const failed = store.failedOf(names, now).filter((place) => !isOnItsWay(queue, place));
  const back = store.redriveAll(failed, now);
  for (const { key } of back) queue.rowWritten(key);
  return back;
}

// A task on its way to the dead-letter queue may be there already: put back here it would be on both.
function isOnItsWay({ definition, store }: QueueContext, { key, isExpired }: Place): boolean {
  return !isExpired && definition.config.failedQueue !== undefined && store.deadLetters.has(key);
}

/** The same for every task that has failed, or has expired, until now; how many. */
export async function redriveAll(queue: QueueContext): Promise<number> {
  const { failed, ruled } = queue.store;
  const ofFailed = await redriveAllOf(queue, failed);
  return ruled.exist ? ofFailed + (await redriveAllOf(queue, ruled.expired)) : ofFailed;
}

async function redriveAllOf(queue: QueueContext, failed: FailedTasks): Promise<number> {
  // Those that fail again meanwhile get keys behind the last one, and are left alone.
  const last = failed.lastKey();
  let redriven = 0;
  let after = lastKeyOf(queue.now());
  await inSlices(
    () => queue.now(),
    (rows) => {
      const slice = failed.names(after, last, rows);
      const names = slice.map(({ name }) => name);
      redriven += queue.commit.run(() => redriveSome(queue, names)).length;
      after = slice.at(-1)?.key ?? last;
      return slice.length < rows;
    },
  );
  return redriven;
}
