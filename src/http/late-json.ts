// A JSON answer that comes later. The headers go out at once, and then spaces, which JSON allows in front: a
// server finds its client gone only by writing to it, and one that hung up without a word is found by the
// second byte. Behind a proxy, as under `wrangler dev`, each connection takes a byte more.
import { utf8 } from "../core/bytes.ts";
import { fault } from "../objects/log.ts";
import { aborted, readerLeft } from "./reader.ts";

/** Whoever waits for the answer. */
export interface Client {
  /** Aborts when it is found to be gone. */
  left: AbortSignal;
  /** Looks whether it is still there: a few bytes, some milliseconds apart. */
  isThere(): Promise<boolean>;
}

// Packed on the way, as fetch asks for, the spaces would be kept back until there is something to pack, and find
// nobody gone. A local server leaves alone what says that it has an encoding, others what says that it may not change.
const HEADERS = {
  "Content-Type": "application/json",
  "Content-Encoding": "identity",
  "Cache-Control": "no-store, no-transform",
};
const SPACE = utf8(" ");
/** How often a client that waits is looked at. */
const HEARTBEAT_MS = 1000;
/**
 * On one machine a connection breaks within a millisecond of the byte that finds its other end closed, unless
 * the machine is busy: then pauses end late too, and such looks do not count.
 */
const LOOKS = { count: 3, most: 12, pauseMs: 4, lateMs: 12 };

/** Answers with what `answer` comes to; `signal` is the request's. */
export function lateJson(
  answer: (client: Client) => Promise<unknown>,
  signal: AbortSignal,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void send(answer, writable.getWriter(), signal);
  return new Response(readable, { headers: HEADERS });
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
    await write(utf8(`${JSON.stringify(body)}\n`));
  } catch (error) {
    if (!left.aborted) fault("task queue API:", error);
  } finally {
    clearInterval(heartbeat);
    writer.close().catch(ignore);
  }
}

async function isThere(look: () => Promise<unknown>, left: AbortSignal): Promise<boolean> {
  let inTime = 0;
  for (let i = 0; i < LOOKS.most && inTime < LOOKS.count && !left.aborted; i++) {
    await look();
    if (await pausedInTime()) inTime++;
  }
  return !left.aborted;
}

/** Pauses; whether the pause ended about when it should, which a second timer says: there is no clock here. */
function pausedInTime(): Promise<boolean> {
  return new Promise((resolve) => {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
    }, LOOKS.lateMs);
    const end = () => {
      clearTimeout(late);
      resolve(!isLate);
    };
    // A timer that is due already goes first.
    setTimeout(() => setTimeout(end, 0), LOOKS.pauseMs);
  });
}

function ignore(): void {}
