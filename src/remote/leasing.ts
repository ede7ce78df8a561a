// Leases of a pull queue's tasks. Each act on one may be repeated: what an earlier try did is told from what somebody else
// did.
import type { AckResult, TaskPage } from "../core/task/calls.ts";
import { isSameLease, type LeaseRequest } from "../core/task/lease.ts";
import type { Task } from "../core/task/task.ts";
import { acknowledgedBefore } from "./acknowledging.ts";
import type { CallOptions } from "./options.ts";
import { type QueueCalls, taskPath } from "./queue-calls.ts";

/** A task as it was leased. */
export type Held = Pick<Task, "name" | "lease">;

export async function lease(
  calls: QueueCalls,
  request: LeaseRequest,
  options: CallOptions | undefined,
): Promise<Task[]> {
  const call = calls.post("/tasks:lease", { ...request }, true);
  const waitSeconds = Number(request.waitSeconds) || 0;
  const { tasks } = await calls.connection.call<TaskPage>({ ...call, waitSeconds }, options);
  return tasks;
}

export async function acknowledge(
  calls: QueueCalls,
  held: readonly Held[],
  options: CallOptions | undefined,
): Promise<AckResult[]> {
  const leases = held.map(({ name, lease = "" }) => ({ name, lease }));
  const call = calls.post("/tasks:ack", { leases }, true);
  const outcome = await calls.connection.outcomeOf<{ results: AckResult[] }>(call, options);
  if (outcome.error) throw outcome.error;
  const { results } = outcome.value;
  return outcome.isRepeat ? results.map(acknowledgedBefore) : results;
}

export async function modifyLease(
  calls: QueueCalls,
  { name, lease = "" }: Held,
  seconds: number,
  options: CallOptions | undefined,
): Promise<Task> {
  const call = calls.post(`${taskPath(name)}:modifyLease`, { lease, leaseSeconds: seconds }, true);
  const { value, error, isRepeat } = await calls.connection.outcomeOf<Task>(call, options);
  if (!error) return value;
  if (!isRepeat || error.code !== "TASK_LEASE_EXPIRED") throw error;
  // The try before may have given the lease another token.
  const task = await calls.connection.call<Task>(calls.get(taskPath(name)), options);
  if (seconds === 0 || isSameLease(task.lease, lease)) return task;
  throw error;
}

export async function fail(
  calls: QueueCalls,
  { name, lease = "" }: Held,
  reason: string | undefined,
  options: CallOptions | undefined,
): Promise<Task> {
  const call = calls.post(`${taskPath(name)}:fail`, { lease, error: reason }, true);
  const { value, error, isRepeat } = await calls.connection.outcomeOf<Task>(call, options);
  if (!error) return value;
  if (!isRepeat || error.code !== "TOMBSTONED_TASK") throw error;
  const task = await calls.connection.call<Task>(calls.get(taskPath(name)), options);
  if (task.state === "failed") return task;
  throw error;
}
