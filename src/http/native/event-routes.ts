// Routes of a queue's history and of the event stream of all queues.
import type { IRequest } from "itty-router";
import { eventsOf } from "../../client/following.ts";
import { QueueHandle } from "../../client/queue-handle.ts";
import { errorOf, invalid } from "../../core/errors.ts";
import type { HistorySpan } from "../../core/metrics/history.ts";
import { TOKENS_IN_QUERY } from "../auth.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { streamed } from "../sse.ts";
import { queryOf, queueOf } from "./request.ts";

export async function getHistory(request: IRequest, queues: QueueService): Promise<Response> {
  const { span } = queryOf(request, ["span"]) as { span?: HistorySpan };
  return json(await queueOf(request, queues).history(span));
}

/** Server-sent events: what happens to one queue and its tasks, each as it happens. */
export async function tailQueue(request: IRequest, queues: QueueService): Promise<Response> {
  return streamed(await eventsOf(QueueHandle.reach(queueOf(request, queues)).object));
}

/** Server-sent events: `queues` with the full state, then `changes`, at most one a second. */
export async function queueEvents(request: IRequest, queues: QueueService): Promise<Response> {
  const names = namesOf(request);
  return streamed(await queues.watch(names.length > 0 ? names : undefined));
}

// Each name is an option of the same name; the token is the caller's.
function namesOf({ url }: IRequest): string[] {
  const { searchParams } = new URL(url);
  const known = ["queue", ...TOKENS_IN_QUERY];
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw errorOf(invalid("query", unknown, "queue").failure);
  return [...new Set(searchParams.getAll("queue"))];
}
