// Pull queue routes: lease, acknowledge, modify a lease.

import type { IRequest } from "itty-router";
import { errorOf, invalid } from "../../core/errors.ts";
import { MAX_LEASES_PER_CALL } from "../../core/limits.ts";
import type { LeaseRequest } from "../../core/task/lease.ts";
import type { AckResult, LeaseToken } from "../../objects/queue/leasing/leasing.ts";
import { json } from "../respond.ts";
import { bodyOf, type QueueService, queueOf, segment } from "./request.ts";

/** `tasks:lease` */
export async function leaseTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const leaseRequest = (await bodyOf(request)) as Partial<LeaseRequest>;
  return json({ tasks: await queueOf(request, queues).lease(leaseRequest as LeaseRequest) });
}

/** `tasks:ack` */
export async function acknowledgeTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const { leases } = await bodyOf(request);
  if (
    !Array.isArray(leases) ||
    leases.length > MAX_LEASES_PER_CALL ||
    !leases.every(isLeaseToken)
  ) {
    const expected = `a list of at most ${MAX_LEASES_PER_CALL} objects {"name", "lease"}`;
    throw errorOf(invalid("leases", leases, expected).failure);
  }
  return json({ results: await queueOf(request, queues).acknowledge(leases) });
}

/** `tasks/{name}:modifyLease` */
export async function modifyLease(request: IRequest, queues: QueueService): Promise<Response> {
  const { lease, leaseSeconds } = await bodyOf(request);
  if (typeof lease !== "string") {
    throw errorOf(invalid("lease", lease, "the token a lease was given with").failure);
  }
  const hold = { name: segment(request, "name"), lease };
  return json(await queueOf(request, queues).modifyLease(hold, leaseSeconds as number));
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

function isLeaseToken(token: unknown): token is LeaseToken {
  const { name, lease } = (token ?? {}) as Partial<LeaseToken>;
  return typeof name === "string" && typeof lease === "string";
}
