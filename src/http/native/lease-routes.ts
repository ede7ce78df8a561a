// Pull queue routes: lease, acknowledge, modify a lease.

import type { IRequest } from "itty-router";
import type { LeaseTurn } from "../../client/lease-turn.ts";
import { errorOf } from "../../core/errors.ts";
import type { AckResult } from "../../core/task/calls.ts";
import {
  checkLease,
  checkLeaseTokens,
  type LeaseRequest,
  type LeaseToken,
} from "../../core/task/lease.ts";
import type { Task } from "../../core/task/task.ts";
import { trouble } from "../../objects/log.ts";
import { type Client, lateJson } from "../late-json.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { bodyOf, onlyFields, queueOf, segment } from "./request.ts";

/** `tasks:lease`: what is refused or there at once is answered at once, and later only with tasks, or none. */
export async function leaseTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const { signal } = request as unknown as Request;
  const leaseRequest = (await bodyOf(request)) as Partial<LeaseRequest>;
  const leased = await queueOf(request, queues).lineUp(leaseRequest as LeaseRequest, { signal });
  if (Array.isArray(leased)) return json({ tasks: leased });
  return lateJson(async (client) => ({ tasks: await tasksFor(client, leased) }), signal);
}

// A client that is gone takes nothing. When the object that leases was reset, as by a deploy, the client is
// told that there is nothing and asks again: that call is answered by what holds then.
async function tasksFor(client: Client, turn: LeaseTurn): Promise<Task[]> {
  try {
    const tasks = await turn.tasks(client.left);
    if (tasks.length === 0 || !(await client.isThere())) return [];
    await turn.take(tasks, client.left);
    return tasks;
  } catch (error) {
    if (!client.left.aborted) trouble("task queue API: a wait for tasks ended early", error);
    return [];
  } finally {
    turn.leave();
  }
}

/** `tasks:ack` */
export async function acknowledgeTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const { leases } = onlyFields(await bodyOf(request), ["leases"]);
  // The handle takes whole tasks; here an entry's other fields are mistakes.
  const refusal = checkLeaseTokens(leases);
  if (refusal) throw errorOf(refusal.failure);
  return json({ results: await queueOf(request, queues).acknowledge(leases as LeaseToken[]) });
}

/** `tasks/{name}:modifyLease` */
export async function modifyLease(request: IRequest, queues: QueueService): Promise<Response> {
  const { lease, leaseSeconds } = onlyFields(await bodyOf(request), ["lease", "leaseSeconds"]);
  // The handle takes a task, which may have no lease.
  const refusal = checkLease(lease);
  if (refusal) throw errorOf(refusal.failure);
  const hold = { name: segment(request, "name"), lease: lease as string };
  return json(await queueOf(request, queues).modifyLease(hold, leaseSeconds as number));
}

/** `tasks/{name}:fail` */
export async function failLeased(request: IRequest, queues: QueueService): Promise<Response> {
  const { lease, error } = onlyFields(await bodyOf(request), ["lease", "error"]);
  const refusal = checkLease(lease);
  if (refusal) throw errorOf(refusal.failure);
  const hold = { name: segment(request, "name"), lease: lease as string };
  return json(await queueOf(request, queues).fail(hold, error as string | undefined));
}

/** `DELETE tasks/{name}?lease=`: acknowledges one. */
export async function acknowledgeOne(
  request: IRequest,
  queues: QueueService,
  lease: string,
): Promise<Response> {
  const name = segment(request, "name");
  const [result] = await queueOf(request, queues).acknowledge([{ name, lease }]);
  const { error } = result as AckResult;
  if (error) throw errorOf(error);
  return json({ name, deleted: true });
}
