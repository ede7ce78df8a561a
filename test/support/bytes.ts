// Requests made of bytes, as clients send them that know nothing of this API.
import { exports } from "cloudflare:workers";

const own = (exports as unknown as { default: Fetcher }).default;

/** Bytes by hexadecimal pairs: `hex("63 61 e9")`. */
export function hex(pairs: string): Uint8Array {
  return Uint8Array.from(pairs.trim().split(/\s+/), (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

export async function gzip(content: string | Uint8Array): Promise<Uint8Array> {
  const stream = new Response(content).body?.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream as ReadableStream).arrayBuffer());
}

/** Lists in lists, `levels` of them, as JSON. */
export function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

export interface Answered {
  status: number;
  code?: string;
  message: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
  body: any;
}

/** Sends bytes with exactly these headers; Cloud Tasks' status stands for its code. */
export async function send(
  method: string,
  path: string,
  body: BodyInit | undefined,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const init: RequestInit = { method, headers, redirect: "manual" };
  if (body !== undefined)
    init.body = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const response = await own.fetch(`http://127.0.0.1:8787${path}`, init);
  const text = await response.text();
  const answer = text.startsWith("{") ? JSON.parse(text) : {};
  const { code, status, message = "" } = answer.error ?? {};
  return { status: response.status, code: status ?? code, message, body: answer };
}
