// Queue routes.
import type { IRequest } from "itty-router";
import { onlyFields, parseMask, withFields } from "../../core/cloud-tasks/field-mask.ts";
import { QUEUE } from "../../core/cloud-tasks/messages.ts";
import { queueIdIn } from "../../core/cloud-tasks/names.ts";
import { writeMessage } from "../../core/cloud-tasks/proto-json.ts";
import { entryOf } from "../../core/cloud-tasks/queue-entry.ts";
import { resourceOf, statsOf } from "../../core/cloud-tasks/queue-resource.ts";
import type { CloudQueue } from "../../core/cloud-tasks/resources.ts";
import {
  CloudTasksError,
  NOT_FOUND,
  QUEUE_EXISTS,
  QUEUE_TOO_RECENT,
} from "../../core/cloud-tasks/status.ts";
import { queueIn } from "../../core/cloud-tasks/versions.ts";
import { UnknownQueueError } from "../../core/errors.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { json } from "../respond.ts";
import {
  type Call,
  locationOf,
  messageIn,
  queryOf,
  queueOf,
  type RequestedQueue,
  requestedQueue,
} from "./call.ts";

export async function getQueue(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const mask = queryOf(request, "readMask", "read_mask");
  return json(queueResponse(queue.name, await queue.handle.describe(), call, mask));
}

/** A queue in the request's version; of `mask` only its fields, and statistics only if it names them. */
export function queueResponse(name: string, view: QueueView, call: Call, mask?: string): object {
  const queue = resourceOf(name, view);
  const paths = parseMask(mask, "read_mask");
  const stats = paths.some(([first]) => first === "stats") ? { stats: statsOf(view) } : {};
  const chosen = onlyFields({ ...queue, ...stats }, paths);
  return writeMessage(QUEUE, queueIn(call.version, chosen), call.writeOptions);
}

export async function createQueue(request: IRequest, call: Call): Promise<Response> {
  const place = locationOf(request);
  const given = await messageIn<CloudQueue>(request, QUEUE);
  const queue = requestedQueue(place, queueIdIn(given.name, place), call);
  if (await exists(queue, call)) throw new CloudTasksError("ALREADY_EXISTS", QUEUE_EXISTS);
  return json(await made(queue, given, call));
}

async function exists({ handle }: RequestedQueue, { queues }: Call): Promise<boolean> {
  return queues.exists(handle.name);
}

async function made(queue: RequestedQueue, given: CloudQueue, call: Call): Promise<object> {
  const entry = entryOf(given, { zeroIsUnset: true });
  if (await call.queues.wasRemoved(queue.handle.name)) {
    throw new CloudTasksError("FAILED_PRECONDITION", QUEUE_TOO_RECENT);
  }
  return queueResponse(queue.name, await queue.handle.define(entry), call);
}

/** Changes a queue, or makes it. Without a mask every field is as the body says, or its default. */
export async function updateQueue(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const given = await messageIn<CloudQueue>(request, QUEUE);
  const paths = parseMask(queryOf(request, "updateMask", "update_mask"), "update_mask");
  if (!(await exists(queue, call))) return json(await made(queue, given, call));
  const { handle, name } = queue;
  const view = await handle.describe();
  const current = resourceOf(name, view);
  // Push or pull is for life.
  const whole = { ...given, ...(current.type && { type: current.type }) };
  const wanted = paths.length === 0 ? whole : withFields(current, whole, paths);
  const zeroIsUnset = paths.length === 0;
  const entry = entryOf(wanted, { zeroIsUnset, current: view });
  return json(queueResponse(name, await handle.define(entry), call));
}

export async function deleteQueue(request: IRequest, call: Call): Promise<Response> {
  try {
    await queueOf(request, call).handle.remove();
  } catch (error) {
    if (error instanceof UnknownQueueError) throw new CloudTasksError("NOT_FOUND", NOT_FOUND);
    throw error;
  }
  return json({});
}

export async function purgeQueue(request: IRequest, call: Call): Promise<Response> {
  const { name, handle } = queueOf(request, call);
  return json(queueResponse(name, await handle.purge(), call));
}

export async function pauseQueue(request: IRequest, call: Call): Promise<Response> {
  const { name, handle } = queueOf(request, call);
  return json(queueResponse(name, await handle.pause(), call));
}

export async function resumeQueue(request: IRequest, call: Call): Promise<Response> {
  const { name, handle } = queueOf(request, call);
  return json(queueResponse(name, await handle.resume(), call));
}
