// Streams of a queue's events: one of those of all its objects, and the events in it.
import type { QueueEvent } from "../core/metrics/queue-event.ts";
import { eventData } from "../core/server-sent-event.ts";

type Stream = ReadableStream<Uint8Array>;

/**
 * One stream of all, which ends when one of them ends or breaks, as one does whose object ends: handed on as it is, it
 * would leave its reader waiting.
 */
export function merged(streams: readonly Stream[]): Stream {
  const readers = streams.map((stream) => stream.getReader());
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const end = () => {
    for (const reader of readers) reader.cancel().catch(() => {});
    writer.close().catch(() => {});
  };
  writer.closed.catch(end);
  for (const reader of readers) void copy(reader, writer).then(end, end);
  return readable;
}

async function copy(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    // Whole events only: those of another object may come in between.
    const text = rest + decoder.decode(value, { stream: true });
    const end = text.lastIndexOf("\n\n") + 1;
    rest = text.slice(end > 0 ? end + 1 : 0);
    if (end > 0) await writer.write(encoder.encode(text.slice(0, end + 1)));
  }
}

/** The events in a stream, until that ends; throws the signal's reason when it aborts. */
export async function* eventsIn(
  stream: Stream,
  signal: AbortSignal | undefined,
): AsyncGenerator<QueueEvent, void> {
  try {
    yield* eventData(stream, signal) as AsyncGenerator<QueueEvent, void>;
  } catch {
    // An object that ends breaks its stream.
  }
  signal?.throwIfAborted();
}
