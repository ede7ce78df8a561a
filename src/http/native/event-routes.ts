// The routes of a queue's history, and of what happens on all queues as server-sent events.
import type { IRequest } from "itty-router";
import { errorOf, invalid } from "../../core/errors.ts";
import type { HistorySpan } from "../../core/metrics/history.ts";
import { json } from "../respond.ts";
import { type WatchEvent, watchQueues } from "./queue-watch.ts";
import { type ApiQueues, queryOf, queueOf } from "./request.ts";

export async function getHistory(request: IRequest, queues: ApiQueues): Promise<Response> {
  const { span } = queryOf(request, ["span"]) as { span?: HistorySpan };
  return json(await queueOf(request, queues).history(span));
}

const TURN_MS = 1000;
/**
 * A comment is sent after so many turns without an event: nothing in between ends a silent stream, and a
 * reader whose connection broke is found to be gone by what is sent to it alone.
 */
const HEARTBEAT_TURNS = 5;

/** Server-sent events: `queues` with all there is to know, then `changes`, at most one a second. */
export async function queueEvents(request: IRequest, queues: ApiQueues): Promise<Response> {
  const events = watchQueues(
    queues,
    namesAsked(request),
    () => new Promise((go) => setTimeout(go, TURN_MS)),
  );
  // Before the answer: a queue that is not there is a 404.
  const first = await events.next();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const { signal } = request as unknown as Request;
  // Whatever ends it, the reader finds an end, and asks anew.
  void send(first.value, events, writer, signal)
    .finally(() => writer.close())
    .catch(() => {});
  return new Response(readable, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}

// Each name is an option of the same name; `key` and `access_token` are the caller's.
function namesAsked({ query }: IRequest): string[] {
  const { queue = [], key: _, access_token: __, ...rest } = query;
  const [unknown] = Object.keys(rest);
  if (unknown) throw errorOf(invalid("query", unknown, "queue").failure);
  return [queue].flat();
}

// The reader may leave at any moment: the signal says so, or the stream breaks under the writer.
async function send(
  first: WatchEvent,
  events: AsyncGenerator<WatchEvent>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let isGone = false;
  writer.closed.catch(() => {
    isGone = true;
  });
  const encoder = new TextEncoder();
  await writer.write(encoder.encode(textOf(first)));
  let silent = 0;
  for await (const event of events) {
    if (isGone || signal.aborted) return;
    silent = event.event === "nothing" ? silent + 1 : 0;
    if (silent > 0 && silent % HEARTBEAT_TURNS !== 0) continue;
    await writer.write(encoder.encode(textOf(event)));
  }
}

function textOf(event: WatchEvent): string {
  if (event.event === "nothing") return ":\n\n";
  return `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
