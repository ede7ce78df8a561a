// The jobs of queue "master". A count is no task's own work: it puts a subtask for each interval on queue
// "sub" as a group, and is done when they are. What follows then reads what they counted.
import type { GroupHandle, PushedTask, QueueHandle } from "../index.ts";
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
  const group = await sub.group({
    master: task,
    tasks: subtasks,
    then: { queue: "master", url: "/_ah/queue/combined", payload: { count: task.name } },
  });
  const { name, range } = { name: group.name, range: `${job.from} to ${job.to}` };
  return `master ${task.name} waits for ${subtasks.length} subtasks that count ${range}, the group ${name}`;
}

/** The numbers of all subtasks, in their order. */
export async function combine(group: GroupHandle): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { result } of group.results()) {
    if (Array.isArray(result)) numbers.push(...result);
  }
  return numbers;
}
