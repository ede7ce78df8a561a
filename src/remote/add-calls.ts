// The calls that add tasks, and what is made of their answers where they were repeated.
import { errorOf, type Failure, invalid, type TaskQueueError } from "../core/errors.ts";
import type { AddOptions } from "../core/task/calls.ts";
import type { AddResult, Task } from "../core/task/task.ts";
import { isTaken, type Outgoing, takenBefore } from "./adding.ts";
import { now } from "./clock.ts";
import type { CallOptions } from "./options.ts";
import { type QueueCalls, taskPath } from "./queue-calls.ts";

/** Requests side by side, where each task has one of its own. */
const AT_ONCE = 8;

export async function addOne(
  calls: QueueCalls,
  leaving: Outgoing,
  mayRepeat: boolean,
  options: CallOptions,
): Promise<Task> {
  // It would be read as several tasks.
  if (Object.hasOwn(Object(leaving.task), "tasks")) {
    throw errorOf(invalid("tasks", leaving.task, "no such field; add takes a list").failure);
  }
  const begun = now();
  const call = calls.post("/tasks", leaving.task, mayRepeat);
  const { value, error, isRepeat } = await calls.connection.outcomeOf<Task>(call, options);
  if (!error) return value;
  if (!isRepeat || !isTaken(error)) throw error;
  const found = await byEarlierTry(calls, leaving, begun, error, options);
  if ("error" in found) throw found.error;
  return found.task;
}

export async function addAll(
  calls: QueueCalls,
  leaving: readonly Outgoing[],
  mayRepeat: boolean,
  { atomic = false, ...options }: AddOptions & CallOptions,
): Promise<AddResult<TaskQueueError>[]> {
  const begun = now();
  const call = calls.post("/tasks", { tasks: leaving.map(({ task }) => task), atomic }, mayRepeat);
  const outcome = await calls.connection.outcomeOf<{ results: AddResult[] }>(call, options);
  const { value, error, isRepeat } = outcome;
  const isLost = error !== undefined && atomic && isRepeat && isTaken(error);
  if (error && !isLost) throw error;
  const settle = async (result: AddResult, index: number): Promise<AddResult<TaskQueueError>> => {
    if (!result.error) return result;
    if (!isRepeat || !isTaken(result.error)) return { error: errorOf(result.error) };
    return byEarlierTry(calls, leaving[index] as Outgoing, begun, result.error, options);
  };
  const results: AddResult[] = value?.results ?? leaving.map(() => ({ error: error as Failure }));
  const settled = await inTurns(results, settle);
  // All of them are there by the first try, or a name was taken before it.
  if (isLost && settled.some((result) => result.error)) throw error;
  return settled;
}

function byEarlierTry(
  calls: QueueCalls,
  leaving: Outgoing,
  begun: number,
  failure: Failure,
  options: CallOptions,
) {
  const get = (name: string) => calls.connection.call<Task>(calls.get(taskPath(name)), options);
  return takenBefore(leaving, begun, failure, get);
}

/** What becomes of each value, AT_ONCE at a time. */
async function inTurns<T, Made>(
  values: readonly T[],
  make: (value: T, index: number) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < values.length; index = next++) {
      made[index] = await make(values[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return made;
}
