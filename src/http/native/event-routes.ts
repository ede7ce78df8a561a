// Routes of a queue's history and of the event stream of all queues.
import type { IRequest } from "itty-router";
import { errorOf, invalid } from "../../core/errors.ts";
import type { HistorySpan } from "../../core/metrics/history.ts";
import { TOKENS_IN_QUERY } from "../auth.ts";
import { json } from "../respond.ts";
import { eventStream, type ServerSentEvent } from "../sse.ts";
import { type WatchEvent, watchQueues } from "./queue-watch.ts";
import { type QueueService, queryOf, queueOf } from "./request.ts";

export async function getHistory(request: IRequest, queues: QueueService): Promise<Response> {
  const { span } = queryOf(request, ["span"]) as { span?: HistorySpan };
  return json(await queueOf(request, queues).history(span));
}

/** Pause between two polls of the queues. */
const POLL_MS = 1000;

/** Server-sent events: `queues` with the full state, then `changes`, at most one a second. */
export async function queueEvents(request: IRequest, queues: QueueService): Promise<Response> {
  const events = watchQueues(
    queues,
    namesOf(request),
    () => new Promise((resolve) => setTimeout(resolve, POLL_MS)),
  );
  // Awaited before the response: an unknown queue is a 404.
  const first = await events.next();
  const { signal } = request as unknown as Request;
  return eventStream(() => streamed(first.value, events), signal);
}

// A poll without changes is passed on as well, so that the stream can end between two events.
async function* streamed(
  first: WatchEvent,
  rest: AsyncGenerator<WatchEvent>,
): AsyncGenerator<ServerSentEvent | undefined> {
  yield first.event === "nothing" ? undefined : first;
  for await (const event of rest) yield event.event === "nothing" ? undefined : event;
}

// Each name is an option of the same name; the token is the caller's.
function namesOf({ url }: IRequest): string[] {
  const { searchParams } = new URL(url);
  const known = ["queue", ...TOKENS_IN_QUERY];
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw errorOf(invalid("query", unknown, "queue").failure);
  return searchParams.getAll("queue");
}
