// Following a queue: its server-sent events as values, over connections that break.
import { TaskQueueError } from "../core/errors.ts";
import type { QueueEvent } from "../core/metrics/queue-event.ts";
import { eventData, HEARTBEAT_MS } from "../core/server-sent-event.ts";
import { rfc3339 } from "../core/task/task-view.ts";
import { backoff, now, sleep } from "./clock.ts";
import type { Call, Connection } from "./connection.ts";

/** A stream that is silent for so long, heartbeats too, has broken though nothing said so. */
const SILENCE_MS = 8 * HEARTBEAT_MS;

/** The events of a queue until `given` aborts. What is refused is thrown, and so is a first try without an answer. */
export async function* follow(
  connection: Connection,
  call: Call,
  given: AbortSignal | undefined,
): AsyncGenerator<QueueEvent, void> {
  let failures = 0;
  for (let isFirst = true; ; isFirst = false) {
    given?.throwIfAborted();
    const line = new AbortController();
    const end = () => line.abort(given?.reason);
    given?.addEventListener("abort", end);
    try {
      const stream = await connection.open(call, line.signal);
      failures = 0;
      if (!isFirst) yield { event: "missed", at: rfc3339(now()) };
      yield* heardOn(stream, line);
    } catch (error) {
      given?.throwIfAborted();
      if (isFirst || error instanceof TaskQueueError) throw error;
      failures++;
    } finally {
      given?.removeEventListener("abort", end);
      line.abort();
    }
    await sleep(backoff(failures + 1), given);
  }
}

/** The events of one connection, which is given up where nothing comes any more. */
async function* heardOn(
  stream: ReadableStream<Uint8Array>,
  line: AbortController,
): AsyncGenerator<QueueEvent, void> {
  const silent = () => line.abort(new Error("the stream of events is silent"));
  let timer = setTimeout(silent, SILENCE_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(silent, SILENCE_MS);
  };
  try {
    yield* eventData(stream, line.signal, heard) as AsyncGenerator<QueueEvent, void>;
  } finally {
    clearTimeout(timer);
  }
}
