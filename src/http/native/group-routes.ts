// The routes of groups: make one, look at it, follow it, cancel it, read what its subtasks answered.
import type { IRequest } from "itty-router";
import type { GroupHandle } from "../../client/group-handle.ts";
import { errorOf, invalid } from "../../core/errors.ts";
import type { GroupTask, NewGroup } from "../../core/task/group.ts";
import { json } from "../respond.ts";
import { type ApiQueues, bodyOf, queryOf, segment } from "./request.ts";

export async function createGroup(request: IRequest, queues: ApiQueues): Promise<Response> {
  return json(await queues.createGroup((await bodyOf(request)) as NewGroup), 201);
}

export async function getGroup(request: IRequest, queues: ApiQueues): Promise<Response> {
  return json(await groupOf(request, queues).progress());
}

export async function addToGroup(request: IRequest, queues: ApiQueues): Promise<Response> {
  const { tasks, ...rest } = await bodyOf(request);
  const [unknown] = Object.keys(rest);
  if (unknown) throw errorOf(invalid("body", unknown, "tasks alone").failure);
  return json(await groupOf(request, queues).add(tasks as GroupTask[]));
}

export async function closeGroup(request: IRequest, queues: ApiQueues): Promise<Response> {
  return json(await groupOf(request, queues).close());
}

export async function cancelGroup(request: IRequest, queues: ApiQueues): Promise<Response> {
  return json(await groupOf(request, queues).cancel());
}

export async function groupResults(request: IRequest, queues: ApiQueues): Promise<Response> {
  const { cursor = "-1", limit } = queryOf(request, ["cursor", "limit"]);
  const after = Number(cursor);
  if (!Number.isSafeInteger(after)) {
    throw errorOf(invalid("cursor", cursor, "a cursor this API gave out").failure);
  }
  return json(await groupOf(request, queues).resultPage(after, limit as number | undefined));
}

/** Between two events, ms: a group whose subtasks end by the thousand is told of in steps. */
const EVENT_EVERY_MS = 200;

/** Server-sent events, one with the progress whenever it changed; the last one says that it is over. */
export async function groupEvents(request: IRequest, queues: ApiQueues): Promise<Response> {
  const group = groupOf(request, queues);
  await group.progress();
  const { signal } = request as unknown as Request;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void sendEvents(group, writable.getWriter(), signal).catch(() => {});
  return new Response(readable, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}

// The reader may leave at any moment; its next event then finds the stream closed.
async function sendEvents(
  group: GroupHandle,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const encoder = new TextEncoder();
  for await (const progress of group.watch()) {
    await writer.write(encoder.encode(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`));
    if (signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, EVENT_EVERY_MS));
  }
  await writer.close();
}

function groupOf(request: IRequest, queues: ApiQueues): GroupHandle {
  return queues.group(segment(request, "name"));
}
