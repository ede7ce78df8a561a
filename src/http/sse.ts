// Server-sent events as a response (WHATWG HTML, section 9.2), for every route that streams.
import { utf8 } from "../core/bytes.ts";
import {
  eventText,
  HEARTBEAT,
  HEARTBEAT_MS,
  type ServerSentEvent,
} from "../core/server-sent-event.ts";
import { aborted, readerLeft } from "./reader.ts";

/**
 * Sends events until they end or throw, or the reader leaves; the stream then ends, and the reader
 * reconnects. `undefined` sends nothing. `signal` is the request's; `eventsOf` is given one that aborts when the
 * reader has left, so that nothing is waited for any more.
 */
export function eventStream(
  eventsOf: (left: AbortSignal) => AsyncGenerator<ServerSentEvent | undefined>,
  signal: AbortSignal,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void send(eventsOf, writable.getWriter(), signal);
  return streamed(readable);
}

/** A stream of events as a response. */
export function streamed(events: ReadableStream<Uint8Array>): Response {
  return new Response(events, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}

async function send(
  eventsOf: (left: AbortSignal) => AsyncGenerator<ServerSentEvent | undefined>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const leftSignal = readerLeft(writer, signal);
  const left = aborted(leftSignal);
  const events = eventsOf(leftSignal);
  let isWriting = false;
  const write = async (text: string) => {
    isWriting = true;
    await writer.write(utf8(text));
    isWriting = false;
  };
  const heartbeat = setInterval(() => {
    // A reader that does not read gets no queue of heartbeats.
    if (!isWriting) write(HEARTBEAT).catch(ignore);
  }, HEARTBEAT_MS);
  try {
    for (;;) {
      const next = await Promise.race([events.next(), left]);
      if (!next || next.done) break;
      if (next.value) await Promise.race([write(eventText(next.value)), left]);
    }
  } catch {
    // The reader only sees the end of the stream.
  } finally {
    clearInterval(heartbeat);
    // Not awaited: a generator that is waiting returns only at its next event.
    events.return(undefined).catch(ignore);
    writer.close().catch(ignore);
  }
}

function ignore(): void {}
