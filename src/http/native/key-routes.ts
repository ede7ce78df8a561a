// Routes of the keys that a queue's tasks name: what waits and runs of each, and limits of one key.
import type { IRequest } from "itty-router";
import type { KeyQuery } from "../../core/metrics/key-view.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { bodyOf, queryOf, queueOf, segment } from "./request.ts";

export async function listKeys(request: IRequest, queues: QueueService): Promise<Response> {
  const query = queryOf(request, ["limit", "cursor"]) as KeyQuery;
  return json(await queueOf(request, queues).keys(query));
}

export async function getKey(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).key(segment(request, "key")));
}

export async function limitKey(request: IRequest, queues: QueueService): Promise<Response> {
  const limits = await bodyOf(request);
  return json(await queueOf(request, queues).limitKey(segment(request, "key"), limits));
}

export async function resetKey(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).resetKey(segment(request, "key")));
}
