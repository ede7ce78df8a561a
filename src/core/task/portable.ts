// A task as JSON can carry it: bytes and dates become text.
import { bytesIn, toBase64 } from "../bytes.ts";
import type { GroupTask } from "./group.ts";
import type { NewTask } from "./task.ts";

/** The same task without values that JSON has no form for. */
export function portable<T extends NewTask>(task: T): T {
  if (!isTask(task)) return task;
  const { payload, eta, ...rest } = task as NewTask;
  const time = eta === undefined ? {} : { eta: timeOf(eta) };
  const bytes = bytesIn(payload);
  return (bytes ? { ...rest, ...time, payloadBase64: toBase64(bytes) } : { ...task, ...time }) as T;
}

/** The same task of a group, on `queue` where it names none. */
export function onto(queue: string, task: GroupTask): GroupTask {
  return isTask(task) ? { queue, ...task } : task;
}

/** Whether the value can be a task: what else it is, whoever checks it says. */
export function isTask(task: unknown): task is GroupTask {
  return typeof task === "object" && task !== null && !Array.isArray(task);
}

// One that is no instant is left to whoever checks it to refuse.
function timeOf(eta: string | Date): string | Date {
  return eta instanceof Date && !Number.isNaN(eta.getTime()) ? eta.toISOString() : eta;
}
