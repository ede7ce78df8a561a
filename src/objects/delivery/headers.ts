// The headers of a task's request: what the handler learns of its task, in the dialect it asked for.
import { shortQueueName } from "../../core/config/names.ts";
import { BATCH_HEADER } from "../../core/task/batch-answer.ts";
import { GROUP_HEADER } from "../../core/task/group.ts";
import { isOfConnection } from "../../core/task/new-task-headers.ts";
import type { BodyKind, Dialect } from "../../core/task/task.ts";
import type { BatchDelivery, DeliveredProgress, Delivery } from "./delivery.ts";

const USER_AGENT = "AppEngine-Google; (+http://code.google.com/appengine)";
const CLOUD_USER_AGENT = "Google-Cloud-Tasks";

const CRON_HEADER = "X-AppEngine-Cron";

/** Headers only the queue may set: dropped from tasks, and stripped from outside requests. */
export function isReservedHeader(name: string): boolean {
  return /^x-((appengine|cloudtasks|google)-|taskqueue-(group|batch)$)/i.test(name);
}

const COMPUTED = new Set(["content-length", "host", "referer", "user-agent"]);

const CONTENT_TYPE = {
  params: "application/x-www-form-urlencoded",
  json: "application/json",
  text: "text/plain; charset=utf-8",
  bytes: "application/octet-stream",
} as const;
type Content = keyof typeof CONTENT_TYPE | "none";

// Making headers costs as much as the rest of a request, so the usual ones are made once for a queue and
// kind of body: a first attempt of a task without headers of its own changes but two of them. A Request
// copies what it is given.
const usualHeaders = new Map<string, Headers>();

export function headersOf(delivery: Delivery | BatchDelivery): Headers {
  if ("batch" in delivery) return batchHeaders(delivery);
  const { queue, name, due, body, spec, progress } = delivery;
  const dialect = spec?.dialect;
  const content = contentOf(body, spec?.kind);
  const isPlain = spec?.headers === undefined && spec?.cron === undefined && dialect === undefined;
  const isUsual = progress === undefined && isPlain;
  const headers = isUsual ? usualOf(queue, content) : new Headers(unusual(delivery, content));
  const prefix = prefixOf(dialect);
  headers.set(`${prefix}TaskName`, name);
  headers.set(`${prefix}TaskETA`, etaOf(due));
  const group = spec?.group?.name;
  if (group !== undefined) headers.set(GROUP_HEADER, group);
  else if (isUsual) headers.delete(GROUP_HEADER);
  return headers;
}

/** What is said of each task stands in the body. */
function batchHeaders({ queue, batch, spec }: BatchDelivery): Headers {
  const headers = new Headers(withOwnHeaders(undefined, "json", spec?.headers ?? []));
  headers.set("X-AppEngine-QueueName", shortQueueName(queue));
  headers.set(BATCH_HEADER, `${batch.length}`);
  return headers;
}

// Those of a batch are mostly the same.
let lastEta = { due: Number.NaN, text: "" };

function etaOf(due: number): string {
  if (due !== lastEta.due) lastEta = { due, text: (due / 1000).toFixed(6) };
  return lastEta.text;
}

function prefixOf(dialect: Dialect | undefined): string {
  return dialect === "cloudtasks" ? "X-CloudTasks-" : "X-AppEngine-";
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
    ...countHeaders("X-AppEngine-", queue, 0, 0),
  };
}

function countHeaders(prefix: string, queue: string, retries: number, executions: number) {
  return {
    [`${prefix}QueueName`]: shortQueueName(queue),
    [`${prefix}TaskRetryCount`]: `${retries}`,
    [`${prefix}TaskExecutionCount`]: `${executions}`,
  };
}

function unusual(delivery: Delivery, content: Content): Record<string, string> {
  const { queue, spec = {}, progress } = delivery;
  const { dialect, headers: own = [] } = spec;
  const { retryCount = 0, executionCount = 0, serverErrorCount = 0 } = progress ?? {};
  const isCloud = dialect === "cloudtasks";
  const executions = isCloud ? executionCount - serverErrorCount : executionCount;
  const prefix = prefixOf(dialect);
  return {
    ...withOwnHeaders(dialect, content, own),
    ...countHeaders(prefix, queue, retryCount, executions),
    ...(progress && retryHeaders(prefix, dialect, progress)),
    ...(spec.cron === undefined ? {} : { [CRON_HEADER]: "true" }),
  };
}

// Several values of a header were stored as several pairs; the first of a name replaces our default. Those of
// cookies are joined as RFC 6265 has them, all others as RFC 9110 does.
function withOwnHeaders(
  dialect: Dialect | undefined,
  content: Content,
  pairs: readonly [string, string][],
): Record<string, string> {
  const isCloud = dialect === "cloudtasks";
  const headers: Record<string, string> = {
    "user-agent": isCloud ? CLOUD_USER_AGENT : USER_AGENT,
    ...defaultType(dialect, content),
  };
  const given = new Set<string>();
  for (const [anyCase, value] of pairs) {
    const name = anyCase.toLowerCase();
    if (name === "user-agent" && !isCloud) headers[name] = `${value} ${USER_AGENT}`;
    if (isReservedHeader(name) || COMPUTED.has(name) || isOfConnection(name)) continue;
    const joint = name === "cookie" ? "; " : ", ";
    headers[name] = given.has(name) ? `${headers[name]}${joint}${value}` : value;
    given.add(name);
  }
  return headers;
}

// In a dialect only what has a form of its own is given a type.
function defaultType(dialect: Dialect | undefined, content: Content): Record<string, string> {
  const isPlain = content === "text" || content === "bytes";
  if (content === "none" || (isPlain && dialect === "cloudtasks")) return {};
  return { "content-type": CONTENT_TYPE[isPlain && dialect ? "bytes" : content] };
}

function retryHeaders(
  prefix: string,
  dialect: Dialect | undefined,
  progress: DeliveredProgress,
): Record<string, string> {
  const { response, reason } = dialect ? inDialect(dialect, progress) : asUsual(progress);
  return {
    ...(response !== undefined && { [`${prefix}TaskPreviousResponse`]: `${response}` }),
    ...(reason !== undefined && { [`${prefix}TaskRetryReason`]: latin1(reason) }),
  };
}

interface Retried {
  response: number | undefined;
  reason: string | undefined;
}

function asUsual({ previousResponse, retryReason }: DeliveredProgress): Retried {
  return { response: previousResponse, reason: retryReason };
}

// An attempt without an answer has a status in a dialect, too.
function inDialect(dialect: Dialect, progress: DeliveredProgress): Retried {
  const { previousResponse, retryCount, wasAnswered } = progress;
  if (retryCount === 0) return { response: undefined, reason: undefined };
  if (dialect === "cloudtasks")
    return { response: wasAnswered ? previousResponse : 504, reason: "" };
  return wasAnswered
    ? { response: previousResponse, reason: "App Error" }
    : { response: 0, reason: "Instance Unavailable" };
}

function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, " ");
}
