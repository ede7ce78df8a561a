// A JSON answer that comes later. The headers go out at once, and then spaces, which JSON allows in front: a
// server finds its client gone only by writing to it, and one that hung up without a word is found by the
// second byte. Behind a proxy, as under `wrangler dev`, each connection takes a byte more.
import { utf8 } from "../core/bytes.ts";
import { aborted, readerLeft } from "./reader.ts";

/** Whoever waits for the answer. */
export interface Client {
  /** Aborts when it is found to be gone. */
  left: AbortSignal;
  /** Looks whether it is still there: a few bytes, some milliseconds apart. */
  isThere(): Promise<boolean>;
}

const SPACE = utf8(" ");
/** How often a client that waits is looked at. */
const HEARTBEAT_MS = 1000;
/** On one machine a connection breaks within a millisecond of the byte that finds its other end closed. */
const LOOKS = { count: 3, pauseMs: 4 };

/** Answers with what `answer` comes to; `signal` is the request's. */
export function lateJson(
  answer: (client: Client) => Promise<unknown>,
  signal: AbortSignal,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void send(answer, writable.getWriter(), signal);
  return new Response(readable, { headers: { "Content-Type": "application/json" } });
}

async function send(
  answer: (client: Client) => Promise<unknown>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const left = readerLeft(writer, signal);
  const write = (bytes: Uint8Array) => Promise.race([writer.write(bytes), aborted(left)]);
  const heartbeat = setInterval(() => write(SPACE).catch(ignore), HEARTBEAT_MS);
  try {
    const body = await answer({ left, isThere: () => isThere(() => write(SPACE), left) });
    await write(utf8(JSON.stringify(body)));
  } catch (error) {
    if (!left.aborted) console.error("task queue API:", error);
  } finally {
    clearInterval(heartbeat);
    writer.close().catch(ignore);
  }
}

async function isThere(look: () => Promise<unknown>, left: AbortSignal): Promise<boolean> {
  for (let i = 0; i < LOOKS.count && !left.aborted; i++) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, LOOKS.pauseMs));
  }
  return !left.aborted;
}

function ignore(): void {}
