// A handler's answer as the outcome of an attempt, and how that travels back to the queue's object.
import { fromUtf8 } from "../../core/bytes.ts";
import { MAX_RESULT_BYTES } from "../../core/limits.ts";
import { mayAskForLater } from "../../core/task/attempt.ts";
import { RETRY_HEADER } from "../../core/task/failures.ts";
import { storedResult } from "../../core/task/result.ts";
import type { Outcome } from "../../core/task/task.ts";

/** An outcome on its way back: the status alone where it says all, for every field of a message costs. */
export type WireOutcome = number | Outcome;

export function toWire(outcome: Outcome): WireOutcome {
  if (outcome.kind !== "answered") return outcome;
  const { status, error, result, retryAfter, isFinal } = outcome;
  return error || result || retryAfter !== undefined || isFinal ? outcome : status;
}

export function fromWire(outcome: WireOutcome): Outcome {
  return typeof outcome === "number" ? { kind: "answered", status: outcome } : outcome;
}

const ERROR_LENGTH = 500;

/**
 * The handler's answer. Of one that is no success the head of its body says why; of one that is, the body
 * is its result, where that is kept.
 */
export async function outcomeOf(
  { status, ok, body, headers }: Response,
  keepsResult = false,
): Promise<Outcome> {
  if (!ok) return refusalOf(status, headers, body);
  if (!body) return { kind: "answered", status };
  const most = keepsResult ? MAX_RESULT_BYTES : 0;
  const { head, length } = await headOf(body, most);
  if (!keepsResult) return { kind: "answered", status };
  if (length > most) return { kind: "answered", status, error: tooLarge(length) };
  // Text crosses to the object for less than bytes do, and is what a group keeps.
  const result = storedResult({ type: headers.get("Content-Type"), body: head });
  return { kind: "answered", status, result };
}

/** An answer that is no success: why, and what it says of the next attempt. */
async function refusalOf(
  status: number,
  headers: Headers,
  body: ReadableStream<Uint8Array> | null,
): Promise<Outcome> {
  // In UTF-8 a character has four bytes at most.
  const head = body ? (await headOf(body, 4 * ERROR_LENGTH)).head : new Uint8Array();
  const error = fromUtf8(head).slice(0, ERROR_LENGTH);
  const retryAfter = mayAskForLater(status) ? headers.get("Retry-After") : null;
  const isFinal = headers.get(RETRY_HEADER)?.toLowerCase() === "no";
  return {
    ...{ kind: "answered", status },
    ...(error === "" ? {} : { error }),
    ...(retryAfter === null ? {} : { retryAfter }),
    ...(isFinal ? { isFinal } : {}),
  };
}

function tooLarge(length: number): string {
  return `the result of ${length} bytes was not kept: ${MAX_RESULT_BYTES} is the most`;
}

// Read to its end, not cancelled: to a handler behind a binding a cancelled answer looks like a cut-off.
async function headOf(
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<{ head: Uint8Array; length: number }> {
  const heads: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (let { value } = await reader.read(); value; { value } = await reader.read()) {
    if (length < most) heads.push(value.subarray(0, most - length));
    length += value.byteLength;
  }
  return { head: joined(heads), length };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

// Words of the platform for its own trouble: a chain of invocations that grew too long, an object that
// is overloaded, one that a deploy replaced. None of them says anything about the task.
const PLATFORM_TROUBLE =
  /subrequest depth limit|too many subrequests|overloaded|code was updated|durable object reset/i;

/** What a dispatch that gave no answer at all means. */
export function outcomeOfError(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const isPlatforms =
    PLATFORM_TROUBLE.test(message) || (error as { overloaded?: boolean })?.overloaded;
  return { kind: isPlatforms ? "postponed" : "unanswered", error: message };
}
