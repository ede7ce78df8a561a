// The job of queue "master": it counts nothing itself, it puts a subtask per interval on queue "sub".
import {
  type PushedTask,
  type QueueHandle,
  TaskAlreadyExistsError,
  type TaskQueueError,
  TombstonedTaskError,
} from "../index.ts";
import { type Interval, intervalsOf, readJob } from "./count.ts";
import { fieldsOf } from "./fields.ts";

/** What the log and the handler's answer say of it. */
export async function splitUp(task: PushedTask, sub: QueueHandle<Interval>): Promise<string> {
  const job = readJob(fieldsOf(task));
  // No attempt would end otherwise, so this one is a success: a refusal would only be repeated.
  if ("problem" in job) return `master ${task.name} has nothing to count: ${job.problem}`;
  const subtasks = intervalsOf(job).map((interval) => ({
    name: `${task.name}-${interval.from}-${interval.to}`,
    payload: interval,
  }));
  const results = await sub.add(subtasks);
  const refused = results.flatMap(({ error }) => error ?? []);
  const trouble = refused.find((error) => !isNameTaken(error));
  if (trouble) throw trouble;
  const added = results.length - refused.length;
  const before = refused.length > 0 ? `, ${refused.length} were there before` : "";
  return `master ${task.name} added ${added} subtasks to count ${job.from} to ${job.to}${before}`;
}

// A name is accepted once: a job that runs a second time adds only what the first run did not.
function isNameTaken(error: TaskQueueError): boolean {
  return error instanceof TaskAlreadyExistsError || error instanceof TombstonedTaskError;
}
