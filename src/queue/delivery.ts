// One attempt of a task as one HTTP request, and the handler's answer as an outcome. Touches neither
// storage nor the queue: what it needs to know crosses over as plain data.
import { isAbsolute } from "../core/new-task-rules.ts";
import type { QueueConfig } from "../core/queue-config.ts";
import { MAX_RESULT_BYTES } from "../core/result.ts";
import {
  type BodyKind,
  NO_PROGRESS,
  NO_SPEC,
  type Outcome,
  type Progress,
  type StoredTask,
  type TaskSpec,
} from "../core/task.ts";

/** A task on its way to a handler. What is as usual stays away: every field of a message costs. */
export interface Delivery {
  queue: string;
  name: string;
  /** Which attempt in flight this is. */
  attempt: number;
  /** ms since 1970 */
  due: number;
  /** The service it runs on: queue.yaml's target, else the task's own, else the Worker itself. */
  target?: string;
  body?: string | Uint8Array;
  spec?: TaskSpec;
  /** Present where a 2xx answer's body is to be kept. */
  keepsResult?: true;
  /** Absent on the first attempt. */
  progress?: Omit<Progress, "attempts">;
}

export function deliveryOf(
  { name, due, body, spec, progress }: StoredTask,
  attempt: number,
  queue: Pick<QueueConfig, "name" | "target" | "keepResults">,
): Delivery {
  const delivery: Delivery = { queue: queue.name, name, attempt, due };
  const target = queue.target ?? spec.target;
  if (target !== undefined) delivery.target = target;
  if (body !== undefined) delivery.body = body;
  if (queue.keepResults) delivery.keepsResult = true;
  if (spec !== NO_SPEC) delivery.spec = spec;
  if (progress !== NO_PROGRESS) {
    const { attempts: _, ...counts } = progress;
    delivery.progress = counts;
  }
  return delivery;
}

/** The origin of requests to the Worker's own handlers; a target is put in front of its host. */
const OWN_HOST = "taskqueue.internal";

const USER_AGENT = "AppEngine-Google; (+http://code.google.com/appengine)";

/** Headers only the queue may set: dropped from tasks, and stripped from outside requests. */
export function isReservedHeader(name: string): boolean {
  return /^x-(appengine|cloudtasks|google)-/i.test(name);
}

const COMPUTED = new Set(["content-length", "host", "referer", "user-agent"]);

const CONTENT_TYPE = {
  params: "application/x-www-form-urlencoded",
  json: "application/json",
  text: "text/plain; charset=utf-8",
  bytes: "application/octet-stream",
} as const;
type Content = keyof typeof CONTENT_TYPE | "none";

/** Where the attempt goes: a path lies on the Worker itself or its target, and defaults by queue. */
export function urlOf({ queue, spec, target }: Delivery): string {
  const url = spec?.url ?? `/_ah/queue/${queue}`;
  const host = target === undefined ? OWN_HOST : `${target}.${OWN_HOST}`;
  const absolute = isAbsolute(url) ? url : `http://${host}${url}`;
  if (!spec?.query) return absolute;
  const withQuery = new URL(absolute);
  withQuery.search = spec.query;
  return withQuery.href;
}

export function requestOf(delivery: Delivery, signal: AbortSignal): Request {
  const method = delivery.spec?.method ?? "POST";
  const body = method === "POST" || method === "PUT" ? (delivery.body ?? null) : null;
  return new Request(urlOf(delivery), {
    method,
    headers: headersOf(delivery),
    body,
    signal,
    redirect: "manual",
  });
}

// Making headers costs as much as the rest of a request, so the usual ones are made once for a queue and
// kind of body: a first attempt of a task without headers of its own changes but two of them. A Request
// copies what it is given.
const usualHeaders = new Map<string, Headers>();

function headersOf(delivery: Delivery): Headers {
  const { queue, name, due, body, spec, progress } = delivery;
  const content = contentOf(body, spec?.kind);
  const isUsual = progress === undefined && spec?.headers === undefined;
  const headers = isUsual ? usualOf(queue, content) : new Headers(unusual(delivery, content));
  headers.set("X-AppEngine-TaskName", name);
  headers.set("X-AppEngine-TaskETA", (due / 1000).toFixed(6));
  return headers;
}

function contentOf(body: Delivery["body"], kind: BodyKind | undefined): Content {
  if (body === undefined) return "none";
  return kind ?? (typeof body === "string" ? "text" : "bytes");
}

function usualOf(queue: string, content: Content): Headers {
  const key = `${queue} ${content}`;
  const made = usualHeaders.get(key) ?? new Headers(queueHeaders(queue, content));
  usualHeaders.set(key, made);
  return made;
}

function queueHeaders(queue: string, content: Content): Record<string, string> {
  return {
    "user-agent": USER_AGENT,
    ...(content === "none" ? {} : { "content-type": CONTENT_TYPE[content] }),
    "x-appengine-queuename": queue,
    "x-appengine-taskretrycount": "0",
    "x-appengine-taskexecutioncount": "0",
  };
}

function unusual(delivery: Delivery, content: Content): Record<string, string> {
  const { queue, spec, progress = NO_PROGRESS } = delivery;
  const headers = queueHeaders(queue, content);
  if (spec?.headers) addOwnHeaders(headers, spec.headers);
  headers["x-appengine-taskretrycount"] = `${progress.retryCount}`;
  headers["x-appengine-taskexecutioncount"] = `${progress.executionCount}`;
  if (progress.previousResponse !== undefined) {
    headers["x-appengine-taskpreviousresponse"] = `${progress.previousResponse}`;
  }
  if (progress.retryReason !== undefined) {
    headers["x-appengine-taskretryreason"] = latin1(progress.retryReason);
  }
  return headers;
}

// A header given as a list was stored as several pairs; the first of a name replaces our default.
function addOwnHeaders(headers: Record<string, string>, pairs: readonly [string, string][]): void {
  const given = new Set<string>();
  for (const [anyCase, value] of pairs) {
    const name = anyCase.toLowerCase();
    if (name === "user-agent") headers[name] = `${value} ${USER_AGENT}`;
    if (isReservedHeader(name) || COMPUTED.has(name)) continue;
    headers[name] = given.has(name) ? `${headers[name]}, ${value}` : value;
    given.add(name);
  }
}

function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, " ");
}

/** An outcome on its way back: the status alone where it says all, for every field of a message costs. */
export type WireOutcome = number | Outcome;

export function onWire(outcome: Outcome): WireOutcome {
  const isStatus = outcome.kind === "answered" && !outcome.error && !outcome.result;
  return isStatus ? outcome.status : outcome;
}

export function offWire(outcome: WireOutcome): Outcome {
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
  if (!body) return { kind: "answered", status };
  // In UTF-8 a character has four bytes at most.
  const most = ok ? (keepsResult ? MAX_RESULT_BYTES : 0) : 4 * ERROR_LENGTH;
  const { head, length } = await headOf(body, most);
  if (ok && !keepsResult) return { kind: "answered", status };
  if (ok && length > most) return { kind: "answered", status, error: tooLarge(length) };
  if (ok)
    return { kind: "answered", status, result: { type: headers.get("Content-Type"), body: head } };
  const error = new TextDecoder().decode(head).slice(0, ERROR_LENGTH);
  return error === "" ? { kind: "answered", status } : { kind: "answered", status, error };
}

function tooLarge(length: number): string {
  return `the result of ${length} bytes was not kept: ${MAX_RESULT_BYTES} is the most`;
}

// Read to its end, not cancelled: to a handler behind a binding a cancelled answer looks like a cut-off.
async function headOf(
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<{ head: Uint8Array; length: number }> {
  const head = new Uint8Array(most);
  let length = 0;
  const write = (chunk: Uint8Array) => {
    if (length < most) head.set(chunk.subarray(0, most - length), length);
    length += chunk.byteLength;
  };
  await body.pipeTo(new WritableStream({ write }));
  return { head: head.slice(0, Math.min(length, most)), length };
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
