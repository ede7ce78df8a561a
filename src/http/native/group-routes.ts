// Group routes: create, add, close, cancel, progress, events, results.

import type { IRequest } from "itty-router";
import { cursorOf, placeOf } from "../../core/cursor.ts";
import { errorOf, unwrap } from "../../core/errors.ts";
import type { ServerSentEvent } from "../../core/server-sent-event.ts";
import { checkTaskList, type GroupTask, type NewGroup } from "../../core/task/group.ts";
import { traceOf } from "../../core/task/trace-context.ts";
import type { GroupService, QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { eventStream } from "../sse.ts";
import { bodyOf, onlyFields, queryOf, segment } from "./request.ts";

export async function createGroup(request: IRequest, queues: QueueService): Promise<Response> {
  const body = await bodyOf(request);
  const { master } = body as { master?: Record<string, unknown> };
  // The handle takes a whole task as the master; here its other fields are mistakes.
  if (typeof master === "object" && master !== null) {
    onlyFields(master, ["queue", "name"], "master");
  }
  return json(await queues.createGroup(body as NewGroup, traceOf(request.headers)), 201);
}

export async function getGroup(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await groupOf(request, queues).progress());
}

export async function addToGroup(request: IRequest, queues: QueueService): Promise<Response> {
  const { tasks } = onlyFields(await bodyOf(request), ["tasks"]);
  const refusal = checkTaskList(tasks);
  if (refusal) throw errorOf(refusal.failure);
  return json(
    await groupOf(request, queues).addFrom(traceOf(request.headers), tasks as GroupTask[]),
  );
}

export async function closeGroup(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await groupOf(request, queues).close());
}

export async function cancelGroup(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await groupOf(request, queues).cancel());
}

export async function groupResults(request: IRequest, queues: QueueService): Promise<Response> {
  const { cursor, limit } = queryOf(request, ["cursor", "limit"]);
  const group = groupOf(request, queues);
  const scope = ["results", group.name];
  const after = cursor === undefined ? -1 : Number(unwrap(placeOf(scope, cursor)));
  const { results, cursor: next } = await group.resultPage(after, limit as number | undefined);
  return json({ results, ...(next !== undefined && { cursor: cursorOf(scope, next) }) });
}

/** Pause between two events: of a group whose subtasks end by the thousand, only some states are sent. */
const EVENT_INTERVAL_MS = 200;

/** Server-sent events: `progress` whenever it has changed, until the group has ended. */
export async function groupEvents(request: IRequest, queues: QueueService): Promise<Response> {
  const group = groupOf(request, queues);
  // Awaited before the response: an unknown group is a 404.
  await group.progress();
  const { signal } = request as unknown as Request;
  return eventStream((left) => progressEvents(group, left), signal);
}

async function* progressEvents(
  group: GroupService,
  left: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  for await (const data of group.watch({ signal: left })) {
    yield { event: "progress", data };
    await new Promise((resolve) => setTimeout(resolve, EVENT_INTERVAL_MS));
  }
}

function groupOf(request: IRequest, queues: QueueService): GroupService {
  return queues.group(segment(request, "name"));
}
