// Reads a request's body, for every door: counted while it is read, unpacked, decoded and parsed. What is
// wrong with it is thrown as the error it is answered with, before more of it is read.
import { joinBytes } from "../core/bytes.ts";
import { charsetOf, isUtf8 } from "../core/content-type.ts";
import { errorOf, invalid, refuse, TaskQueueError } from "../core/errors.ts";
import { MAX_CALL_BYTES } from "../core/limits.ts";
import { checkNesting } from "../core/nesting.ts";
import { decodeUtf8, parseForm } from "./decode.ts";

const MAX_DRAINED_BYTES = 128 * 1024 * 1024;

/** The bytes as they were sent, at most `max`. */
export async function bytesOf(request: Request, max = MAX_CALL_BYTES): Promise<Uint8Array> {
  const announced = Number(request.headers.get("Content-Length") ?? 0);
  if (announced > max) throw tooLarge(`${announced} bytes`, max);
  return request.body ? whole(request.body, request.signal, max) : new Uint8Array();
}

// A body that breaks off, or whose chunks are none, is its sender's fault, of whom some still read the answer.
async function whole(
  body: ReadableStream<Uint8Array>,
  { aborted, reason }: AbortSignal,
  max: number,
): Promise<Uint8Array> {
  const reader = body.getReader();
  try {
    return await read(reader, max, drain);
  } catch (error) {
    if (error instanceof TaskQueueError || (aborted && error === reason)) throw error;
    const message = "body: found one that breaks off, expected all of it";
    throw errorOf(refuse("INVALID_REQUEST", message).failure);
  }
}

/** The encodings the bytes were sent in, in lower case; none for bytes that are as they are. */
export function encodingsOf(request: Request): string[] {
  const names = (request.headers.get("Content-Encoding") ?? "").toLowerCase().split(",");
  return names.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
}

/** The bytes once their encoding is undone, which has to be gzip: at most `max`, packed and unpacked. */
export async function unpackedOf(request: Request, max = MAX_CALL_BYTES): Promise<Uint8Array> {
  const [encoding, ...more] = encodingsOf(request);
  if (encoding === undefined) return bytesOf(request, max);
  if (more.length > 0 || !["gzip", "x-gzip"].includes(encoding)) {
    const found = [encoding, ...more].join(", ");
    throw errorOf(invalid("Content-Encoding", found, "gzip or none").failure);
  }
  const packed = await bytesOf(request, max);
  return packed.byteLength === 0 ? packed : gunzip(packed, max);
}

/** The body as text, which has to be UTF-8. */
export async function textOf(request: Request, max = MAX_CALL_BYTES): Promise<string> {
  const charset = charsetOf(request.headers.get("Content-Type"));
  if (!isUtf8(charset)) throw errorOf(invalid("Content-Type", charset, "charset=utf-8").failure);
  return decodeUtf8(await unpackedOf(request, max));
}

/** The text of a JSON body, whatever its Content-Type says; a byte order mark in front is passed over. */
export async function jsonTextOf(request: Request): Promise<string> {
  const text = withoutMark(await textOf(request));
  const refusal = checkNesting("body", text);
  if (refusal) throw errorOf(refusal.failure);
  return text;
}

/** The body as JSON, which has to be an object. */
export async function jsonOf(request: Request): Promise<Record<string, unknown>> {
  const text = await jsonTextOf(request);
  const body = parsed(text);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>;
  }
  throw errorOf(invalid("body", body, "a JSON object").failure);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const expected = `a JSON object (${(error as Error).message})`;
    throw errorOf(invalid("body", text.slice(0, 200), expected).failure);
  }
}

/** The body as a form. */
export async function formOf(request: Request, max = MAX_CALL_BYTES): Promise<URLSearchParams> {
  return parseForm(await textOf(request, max), "body");
}

// RFC 8259 lets a parser do so, and editors put it there.
function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

async function gunzip(packed: Uint8Array, max: number): Promise<Uint8Array> {
  const unpacking = new Response(packed).body?.pipeThrough(new DecompressionStream("gzip"));
  const unpacked = (unpacking as ReadableStream<Uint8Array>).getReader();
  try {
    return await read(unpacked, max, (reader) => reader.cancel());
  } catch (error) {
    if (error instanceof TaskQueueError) throw error;
    const message = "body: found bytes that are not gzip, expected gzip, as Content-Encoding says";
    throw errorOf(refuse("INVALID_REQUEST", message).failure);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** `leave`: what becomes of the rest when there is more than `max`. */
async function read(
  reader: Reader,
  max: number,
  leave: (reader: Reader) => Promise<void>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joinBytes(chunks);
    size += value.byteLength;
    if (size > max) {
      await leave(reader);
      throw tooLarge(`more than ${max} bytes`, max);
    }
    chunks.push(value);
  }
}

// The rest is read and let go of: a sender that is cut off sees no answer but a broken connection, which ends
// `wrangler dev` with it. Of a stream that does not end, no more than most platforms let through.
async function drain(reader: Reader): Promise<void> {
  for (let size = 0; size < MAX_DRAINED_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) return;
    size += value.byteLength;
  }
  await reader.cancel();
}

function tooLarge(found: string, max: number): TaskQueueError {
  const message = `body: found ${found}, expected at most ${max}`;
  return errorOf(refuse("TASK_TOO_LARGE", message).failure);
}
