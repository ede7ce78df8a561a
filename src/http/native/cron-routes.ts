// Cron routes: list, run, pause, resume.
import type { IRequest } from "itty-router";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { segment } from "./request.ts";

export async function listCron(_request: IRequest, queues: QueueService): Promise<Response> {
  return json({ cron: await queues.cron().list() });
}

export async function runCron(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queues.cron().run(segment(request, "name")));
}

export async function pauseCron(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queues.cron().pause(segment(request, "name")));
}

export async function resumeCron(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queues.cron().resume(segment(request, "name")));
}
