// One attempt of a task as one HTTP request. Touches neither storage nor the queue: what it needs to know
// crosses over as plain data.
import { isAbsolute } from "../core/new-task-rules.ts";
import type { QueueConfig } from "../core/queue-config.ts";
import {
  type BodyKind,
  NO_PROGRESS,
  NO_SPEC,
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
  if (keepsResult({ spec }, queue)) delivery.keepsResult = true;
  if (spec !== NO_SPEC) delivery.spec = spec;
  if (progress !== NO_PROGRESS) {
    const { attempts: _, ...counts } = progress;
    delivery.progress = counts;
  }
  return delivery;
}

/** Whether a 2xx answer's body is wanted: by the queue's entry, or by the group of a subtask. */
export function keepsResult(
  { spec }: Pick<StoredTask, "spec">,
  queue: Pick<QueueConfig, "keepResults">,
): boolean {
  return queue.keepResults === true || spec.group?.index !== undefined;
}

/** The origin of requests to the Worker's own handlers; a target is put in front of its host. */
const OWN_HOST = "taskqueue.internal";

/** The group a task is a subtask of, or whose `then` it is. */
export const GROUP_HEADER = "X-TaskQueue-Group";

const USER_AGENT = "AppEngine-Google; (+http://code.google.com/appengine)";

/** Headers only the queue may set: dropped from tasks, and stripped from outside requests. */
export function isReservedHeader(name: string): boolean {
  return /^x-((appengine|cloudtasks|google)-|taskqueue-group$)/i.test(name);
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
  const group = spec?.group?.name;
  if (group !== undefined) headers.set(GROUP_HEADER, group);
  else if (isUsual) headers.delete(GROUP_HEADER);
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
