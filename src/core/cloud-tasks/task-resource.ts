// A task -> its Cloud Tasks resource.
import { fromBase64, utf8 } from "../bytes.ts";
import { shortQueueName } from "../config/names.ts";
import { isAbsolute } from "../task/new-task-rules.ts";
import type { AttemptView, Params, Task } from "../task/task.ts";
import { projectIn } from "./names.ts";
import type {
  AppEngineHttpRequest,
  CloudAttempt,
  CloudTask,
  HttpRequest,
  View,
} from "./resources.ts";
import { retryConfigOf } from "./retry.ts";
import { shownRouting } from "./routing.ts";
import { STATUS, type Status } from "./status.ts";

const DEADLINE_S = 600;
const USER_AGENT = "Google-Cloud-Tasks";
const APP_ENGINE_AGENT = "AppEngine-Google; (+http://code.google.com/appengine)";

/** How to format a task. */
export interface TaskFormat {
  /** Its resource name. */
  name: string;
  isPull: boolean;
  view: View;
}

export function resourceOfTask(task: Task, { name, isPull, view }: TaskFormat): CloudTask {
  const content = contentOf(task);
  const body = view === "FULL" ? content : undefined;
  return {
    name,
    ...(isPull ? pullPart(task, body) : requestPart(task, content, body, projectIn(name))),
    ...timesOf(task),
    ...(!isPull && { dispatchDeadline: task.dispatchDeadline ?? DEADLINE_S }),
    ...countsOf(task),
    view,
    ...(task.retry && { retryConfig: retryConfigOf(task.retry) }),
  };
}

function pullPart({ tag }: Task, payload: Uint8Array | undefined): CloudTask {
  return { pullMessage: { ...(payload && { payload }), ...(tag !== undefined && { tag }) } };
}

function requestPart(
  task: Task,
  content: Uint8Array | undefined,
  body: Uint8Array | undefined,
  project: string,
): CloudTask {
  const { url = `/_ah/queue/${shortQueueName(task.queue)}`, method = "POST" } = task;
  const parts = { httpMethod: method, ...(body && { body }) };
  // A task sent to the queue's default route has a path, and no url.
  if (isAbsolute(url) || task.dialect === "cloudtasks") {
    return { httpRequest: { ...httpPart(task), ...parts } };
  }
  const headers = appEngineHeaders(task, content);
  const request: AppEngineHttpRequest = { ...parts, relativeUri: withQuery(url, task), headers };
  // Nothing is sent to App Engine's host: the request goes to the Worker's own routes.
  return { appEngineHttpRequest: { ...request, appEngineRouting: shownRouting(task, project) } };
}

function httpPart(task: Task): HttpRequest {
  const { url = "", oidcToken } = task;
  const headers = { ...without("user-agent", headersOf(task)), "User-Agent": USER_AGENT };
  return { url: withQuery(url, task), headers, ...(oidcToken && { oidcToken }) };
}

function appEngineHeaders(task: Task, content: Uint8Array | undefined): Record<string, string> {
  const given = headersOf(task);
  const own = headerOf("user-agent", given);
  const headers: Record<string, string> = {
    ...without("user-agent", given),
    "User-Agent": own === undefined ? APP_ENGINE_AGENT : `${own} ${APP_ENGINE_AGENT}`,
  };
  if (!content || content.length === 0) return headers;
  if (headerOf("content-type", given) === undefined) headers["Content-Type"] = typeOf(task);
  return { ...headers, "Content-Length": `${content.length}` };
}

function typeOf({ params, payload, dialect }: Task): string {
  if (params) return "application/x-www-form-urlencoded";
  if (dialect || payload === undefined) return "application/octet-stream";
  return typeof payload === "string" ? "text/plain; charset=utf-8" : "application/json";
}

function headersOf({ headers = {} }: Task): Record<string, string> {
  const pairs = Object.entries(headers);
  return Object.fromEntries(pairs.map(([name, value]) => [name, [value].flat().join(", ")]));
}

function without(name: string, headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key.toLowerCase() !== name));
}

function headerOf(name: string, headers: Record<string, string>): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The bytes a task carries, whichever way they were given. */
export function contentOf({ method = "POST", params, payload, payloadBase64 }: Task) {
  if (payloadBase64 !== undefined) return fromBase64(payloadBase64);
  if (params !== undefined && method === "POST") return utf8(formOf(params));
  if (payload === undefined) return undefined;
  if (payload instanceof Uint8Array) return payload;
  return utf8(typeof payload === "string" ? payload : JSON.stringify(payload));
}

function withQuery(url: string, { method = "POST", params }: Task): string {
  return params === undefined || method === "POST" ? url : `${url}?${formOf(params)}`;
}

function formOf(params: Params): string {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(params)) {
    for (const value of [values].flat()) form.append(name, value);
  }
  return form.toString();
}

// createTime has whole seconds, as the service does.
function timesOf({ eta, createdAt }: Task): CloudTask {
  const created = Math.floor(Date.parse(createdAt) / 1000) * 1000;
  return { scheduleTime: eta === undefined ? created : Date.parse(eta), createTime: created };
}

function countsOf({ retryCount, executionCount, running, attempts = [] }: Task): CloudTask {
  const dispatchCount = retryCount + (running ? 1 : 0);
  const made = [...attempts.map(attemptOf), ...(running ? [startOf(running)] : [])];
  const [first] = made;
  const last = made.at(-1);
  return {
    dispatchCount,
    responseCount: executionCount,
    // Only the last few attempts are stored.
    ...(first && attempts.length >= retryCount && { firstAttempt: firstOf(first) }),
    ...(last && { lastAttempt: last }),
  };
}

function firstOf({ dispatchTime }: CloudAttempt): CloudAttempt {
  return dispatchTime === undefined ? {} : { dispatchTime };
}

function startOf({ dueAt, startedAt }: Pick<AttemptView, "dueAt" | "startedAt">): CloudAttempt {
  return { scheduleTime: Date.parse(dueAt ?? startedAt), dispatchTime: Date.parse(startedAt) };
}

function attemptOf(attempt: AttemptView): CloudAttempt {
  const { status, error, endedAt } = attempt;
  return {
    ...startOf(attempt),
    ...(status !== undefined && { responseTime: Date.parse(endedAt) }),
    responseStatus: responseStatusOf(status, error),
  };
}

const OF_HTTP: Readonly<Record<number, Status>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** The google.rpc.Status of an attempt; without an HTTP status there was no answer. */
export function responseStatusOf(httpStatus: number | undefined, error = "no answer") {
  if (httpStatus === undefined) return statusOf(noAnswer(error), error);
  if (httpStatus >= 200 && httpStatus <= 299) return { code: 0, message: "" };
  return statusOf(OF_HTTP[httpStatus] ?? "UNKNOWN", `HTTP status code ${httpStatus}`);
}

function noAnswer(error: string): Status {
  return error.includes("deadline") ? "DEADLINE_EXCEEDED" : "UNAVAILABLE";
}

function statusOf(status: Status, message: string): { code: number; message: string } {
  const [code] = STATUS[status];
  return { code, message: `${status}(${code}): ${message}` };
}

/** A task that was asked to run, with its attempt under way: the one that is about to start, if it waits. */
export function asDispatched(task: Task): Task {
  if (task.running) return task;
  const now = task.eta ?? task.createdAt;
  return { ...task, running: { dueAt: now, startedAt: now } };
}
