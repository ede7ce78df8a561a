// Task routes: run, reschedule; tombstone routes: list, release.
import type { IRequest } from "itty-router";
import type { NewTime } from "../../core/task/new-task.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { bodyOf, queryOf, queueOf, segment } from "./request.ts";

export async function runTask(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).run(segment(request, "name")));
}

export async function rescheduleTask(request: IRequest, queues: QueueService): Promise<Response> {
  const time = (await bodyOf(request)) as NewTime;
  return json(await queueOf(request, queues).reschedule(segment(request, "name"), time));
}

export async function listTombstones(request: IRequest, queues: QueueService): Promise<Response> {
  const query = queryOf(request, ["prefix", "limit", "cursor"]);
  return json(await queueOf(request, queues).tombstones(query));
}

export async function releaseName(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).release(segment(request, "name")));
}
