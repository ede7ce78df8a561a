// A handler's answer as the outcome of an attempt, and how that travels back to the queue's object.
import { fromUtf8 } from "../../core/bytes.ts";
import { MAX_RESULT_BYTES } from "../../core/limits.ts";
import { mayAskForLater } from "../../core/task/attempt.ts";
import { RETRY_HEADER } from "../../core/task/failures.ts";
import { storedResult } from "../../core/task/result.ts";
import type { Outcome } from "../../core/task/task.ts";
import { type Aside, type BodyRead, readBody, type Wanted } from "./answer-body.ts";

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

/** A body nobody asked for: time to end in, so that few are left behind. */
const UNWANTED: Wanted = { keep: 0, ms: 50 };
/** The head of a body that says why. In UTF-8 a character has four bytes at most. */
const REASON: Wanted = { keep: 4 * ERROR_LENGTH, ms: 500 };
/** Here the body is what the task was for. */
const RESULT: Wanted = { keep: MAX_RESULT_BYTES, ms: 10_000 };

/**
 * What an answer means: its status, whatever becomes of its body. Of one that is no success the head of the
 * body says why; of one that is, the body is its result, where that is kept.
 */
export async function outcomeOf(
  answer: Pick<Response, "status" | "ok" | "body" | "headers">,
  keepsResult: boolean,
  aside: Aside,
): Promise<Outcome> {
  // Its headers are an object that comes to be when they are asked for.
  const { status, ok, body } = answer;
  if (!ok) {
    const { headers } = answer;
    return refusalOf(status, headers, await reasonOf(status, headers, body, aside));
  }
  if (!body) return { kind: "answered", status };
  const read = await readBody(body, keepsResult ? RESULT : UNWANTED, aside);
  if (!keepsResult) return { kind: "answered", status };
  const error = whyNotKept(read);
  if (error !== undefined) return { kind: "answered", status, error };
  // Text crosses to the object for less than bytes do, and is what a group keeps.
  const type = answer.headers.get("Content-Type");
  const result = storedResult({ type, body: read.head });
  return { kind: "answered", status, result };
}

/** An answer that is no success: why, and what it says of the next attempt. */
function refusalOf(status: number, headers: Headers, error: string): Outcome {
  const retryAfter = mayAskForLater(status) ? headers.get("Retry-After") : null;
  const isFinal = headers.get(RETRY_HEADER)?.toLowerCase() === "no";
  return {
    ...{ kind: "answered", status },
    ...(error === "" ? {} : { error }),
    ...(retryAfter === null ? {} : { retryAfter }),
    ...(isFinal ? { isFinal } : {}),
  };
}

/** Why it is no success, in the words of its body where that says more than the status; empty for nothing. */
async function reasonOf(
  status: number,
  headers: Headers,
  body: ReadableStream<Uint8Array> | null,
  aside: Aside,
): Promise<string> {
  const read = body ? await readBody(body, REASON, aside) : undefined;
  const said = statusReason(status, headers.get("Location"));
  if (said !== undefined) return said;
  const text = fromUtf8(read?.head ?? new Uint8Array()).slice(0, ERROR_LENGTH);
  const isBroken = typeof read?.end === "object";
  return text === "" && isBroken ? `the body cannot be read: ${broken(read.end)}` : text;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function statusReason(status: number, location: string | null): string | undefined {
  if (status === 304) return "304 (not modified) is no success: nothing was asked conditionally";
  if (status < 200) return `${status} is no final answer`;
  const isRedirect = status >= 300 && status <= 399 && location !== null;
  if (!isRedirect && !REDIRECTS.has(status)) return undefined;
  return `redirects are not followed${location === null ? "" : `; this one leads to ${location}`}`;
}

function whyNotKept({ length, end }: BodyRead): string | undefined {
  const most = `${MAX_RESULT_BYTES} is the most`;
  if (end === "long") return `the result of more than ${length} bytes was not kept: ${most}`;
  if (length > MAX_RESULT_BYTES) return `the result of ${length} bytes was not kept: ${most}`;
  if (end === "whole") return undefined;
  const why =
    end === "late"
      ? `its body did not end within ${RESULT.ms / 1000} s`
      : `its body cannot be read: ${broken(end)}`;
  return `the result was not kept: ${why}`;
}

function broken(end: BodyRead["end"]): string {
  return typeof end === "object" ? String(end.broken) : "";
}

// Words of the platform for its own trouble: a chain of invocations that grew too long, an object that
// is overloaded, one that a deploy replaced. None of them says anything about the task.
const PLATFORM_TROUBLE =
  /subrequest depth limit|too many subrequests|overloaded|code was updated|durable object reset/i;

export function isPlatformTrouble(message: string): boolean {
  return PLATFORM_TROUBLE.test(message);
}

/** What a dispatch that gave no answer at all means. */
export function outcomeOfError(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const isPlatforms = isPlatformTrouble(message) || (error as { overloaded?: boolean })?.overloaded;
  return { kind: isPlatforms ? "postponed" : "unanswered", error: message };
}
