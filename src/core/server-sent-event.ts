// The text of server-sent events (WHATWG HTML, section 9.2).

/** `data` is sent as JSON. */
export interface ServerSentEvent {
  event: string;
  data: unknown;
}

/** A comment: nothing to a reader but that the connection stands. */
export const HEARTBEAT = ":\n\n";

/**
 * A comment is sent this often, in ms: proxies close a silent connection, and a reader whose connection broke
 * is only found to be gone by a write. The console reconnects after 40 s of silence.
 */
export const HEARTBEAT_MS = 5000;

export function eventText({ event, data }: ServerSentEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * The data of the events in a stream, as they come; comments are passed over. Ends where the stream does, or when
 * `signal` aborts. `heard` is called whenever anything has come.
 */
export async function* eventData(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
  heard?: () => void,
): AsyncGenerator<unknown, void> {
  const reader = stream.getReader();
  const leave = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", leave);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard?.();
      const events = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = events.pop() as string;
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) yield JSON.parse(data);
      }
    }
  } finally {
    signal?.removeEventListener("abort", leave);
    // Whoever leaves early lets go of what sends them.
    leave();
  }
}
