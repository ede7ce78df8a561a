// The routes of pull queues (v2beta2). A lease is identified by its end, which is the task's scheduleTime.
import type { IRequest } from "itty-router";
import { tagOf } from "../../core/cloud-tasks/filters.ts";
import { CHANGE_LEASE, LEASE_TASKS } from "../../core/cloud-tasks/messages.ts";
import type { View } from "../../core/cloud-tasks/resources.ts";
import { CloudTasksError, invalidArgument } from "../../core/cloud-tasks/status.ts";
import { errorOf } from "../../core/errors.ts";
import type { AckResult } from "../../core/task/calls.ts";
import type { Task } from "../../core/task/task.ts";
import { json } from "../respond.ts";
import { type Call, messageIn, queueOf, type RequestedQueue, taskOf, viewOf } from "./call.ts";
import { taskFormatter } from "./task-response.ts";
import { liveTask } from "./tasks.ts";

const PULL = { mode: "pull" } as const;

interface LeaseTasks {
  maxTasks?: number;
  leaseDuration?: number;
  responseView?: View;
  filter?: string;
}

export async function leaseTasks(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const { maxTasks, leaseDuration, responseView, filter } = await messageIn<LeaseTasks>(
    request,
    LEASE_TASKS,
  );
  if (leaseDuration === undefined) {
    throw invalidArgument("LeaseTasksRequest.leaseDuration is required.");
  }
  const { signal } = request as unknown as Request;
  const tasks = await queue.handle.lease(
    { leaseSeconds: leaseDuration, maxTasks: maxTasks || 1, ...tagOf(filter) },
    { signal },
  );
  const show = taskFormatter(queue, PULL, viewOf(request, responseView), call);
  return json({ tasks: tasks.map((task) => show(task)) });
}

interface ChangeLease {
  scheduleTime?: number;
  leaseDuration?: number;
  responseView?: View;
}

export async function acknowledgeTask(request: IRequest, call: Call): Promise<Response> {
  const { queue, held } = await heldTask(request, call);
  const [result] = await queue.handle.acknowledge([held]);
  const { error } = result as AckResult;
  if (error) throw errorOf(error);
  return json({});
}

export async function renewLease(request: IRequest, call: Call): Promise<Response> {
  const { queue, held, given } = await heldTask(request, call);
  if (given.leaseDuration === undefined) {
    throw invalidArgument("RenewLeaseRequest.leaseDuration is required.");
  }
  const task = await queue.handle.modifyLease(held, given.leaseDuration);
  return json(taskFormatter(queue, PULL, viewOf(request, given.responseView), call)(task));
}

export async function cancelLease(request: IRequest, call: Call): Promise<Response> {
  const { queue, held, given } = await heldTask(request, call);
  const task = await queue.handle.modifyLease(held, 0);
  return json(taskFormatter(queue, PULL, viewOf(request, given.responseView), call)(task));
}

interface Held {
  queue: RequestedQueue;
  held: Task;
  given: ChangeLease;
}

// Whoever comes with another time holds a lease that is over.
async function heldTask(request: IRequest, call: Call): Promise<Held> {
  const queue = queueOf(request, call);
  const { id } = taskOf(request, queue);
  const given = await messageIn<ChangeLease>(request, CHANGE_LEASE);
  if (given.scheduleTime === undefined) throw invalidArgument("scheduleTime is required.");
  const held = await liveTask(queue, id);
  if (held.leaseExpiresAt && Date.parse(held.leaseExpiresAt) === given.scheduleTime) {
    return { queue, held, given };
  }
  throw new CloudTasksError(
    "FAILED_PRECONDITION",
    "The lease has expired, or the scheduleTime is not that of the task's current lease.",
  );
}
