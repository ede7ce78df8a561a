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
