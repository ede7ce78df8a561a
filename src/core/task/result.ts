// A handler's response, stored as the task's result.
import { exactText, fromBase64, fromUtf8, toBase64, utf8 } from "../bytes.ts";

/** The body of a 2xx answer, and what it says it is. */
export interface Result {
  type: string | null;
  body: Uint8Array;
}

/** A result as stored in JSON: UTF-8 text as text, other bytes as base64. */
export type StoredResult = { type: string | null } & (
  | { text: string; base64?: undefined }
  | { base64: string; text?: undefined }
);

export function storedResult({ type, body }: Result): StoredResult {
  const text = exactText(body);
  return text === undefined ? { type, base64: toBase64(body) } : { type, text };
}

export function resultFromStored({ type, text, base64 }: StoredResult): Result {
  const body = base64 === undefined ? utf8(text) : fromBase64(base64);
  return { type, body: body ?? new Uint8Array() };
}

/** A result in responses: JSON as its value, text as text, other bytes as base64. */
export function resultView({ type, body }: Result): { result: unknown } | { resultBase64: string } {
  const kind = type ?? "text/plain";
  if (/^application\/(.*\+)?json\b/i.test(kind)) return { result: jsonOrText(fromUtf8(body)) };
  if (/^text\/|^application\/x-www-form-urlencoded\b/i.test(kind))
    return { result: fromUtf8(body) };
  return { resultBase64: toBase64(body) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
