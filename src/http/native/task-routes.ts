// Task routes: run, reschedule, redrive; tombstone routes: list, release.
import type { IRequest } from "itty-router";
import { errorOf, invalid } from "../../core/errors.ts";
import type { NewTime } from "../../core/task/new-task.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { bodyOf, onlyFields, queryOf, queueOf, segment } from "./request.ts";

export async function runTask(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).run(segment(request, "name")));
}

export async function rescheduleTask(request: IRequest, queues: QueueService): Promise<Response> {
  const time = (await bodyOf(request)) as NewTime;
  return json(await queueOf(request, queues).reschedule(segment(request, "name"), time));
}

export async function redriveTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const queue = queueOf(request, queues);
  const { all, names } = onlyFields(await bodyOf(request), ["names", "all"]);
  if (all === undefined) return json({ results: await queue.redrive(names as string[]) });
  if (all !== true) throw errorOf(invalid("all", all, "true, or names").failure);
  if (names !== undefined) throw errorOf(invalid("names", names, "either names or all").failure);
  return json(await queue.redrive("all"));
}

export async function listTombstones(request: IRequest, queues: QueueService): Promise<Response> {
  const query = queryOf(request, ["prefix", "limit", "cursor"]);
  return json(await queueOf(request, queues).tombstones(query));
}

export async function releaseName(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).release(segment(request, "name")));
}
