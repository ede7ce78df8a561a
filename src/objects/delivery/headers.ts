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
const USUAL_NAME = "X-AppEngine-TaskName";
const USUAL_ETA = "X-AppEngine-TaskETA";

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
interface Usual {
  headers: Headers;
  /** What it says of the task that had it last: of those of a batch it is the same. */
  due: number;
  group: string | undefined;
}

const usualHeaders = new Map<string, Usual>();

export function headersOf(delivery: Delivery | BatchDelivery): Headers {
  if ("batch" in delivery) return batchHeaders(delivery);
  const { queue, name, due, body, spec, progress } = delivery;
  const dialect = spec?.dialect;
  const content = contentOf(body, spec?.kind);
  const isPlain = spec?.headers === undefined && spec?.cron === undefined && dialect === undefined;
  const group = spec?.group?.name;
  if (progress === undefined && isPlain) return usualFor(usualOf(queue, content), name, due, group);
  const headers = new Headers(unusual(delivery, content));
  const prefix = prefixOf(dialect);
  headers.set(`${prefix}TaskName`, name);
  headers.set(`${prefix}TaskETA`, etaOf(due));
  if (group !== undefined) headers.set(GROUP_HEADER, group);
  return headers;
}

/** What is said of each task stands in the body. */
function batchHeaders({ queue, batch, spec }: BatchDelivery): Headers {
  const headers = new Headers(withOwnHeaders(undefined, "json", spec?.headers ?? []));
  headers.set("X-AppEngine-QueueName", shortQueueName(queue));
  headers.set(BATCH_HEADER, `${batch.length}`);
  return headers;
}

function usualFor(usual: Usual, name: string, due: number, group: string | undefined): Headers {
  const { headers } = usual;
  headers.set(USUAL_NAME, name);
  if (due !== usual.due) headers.set(USUAL_ETA, etaOf(due));
  if (group !== usual.group) {
    if (group === undefined) headers.delete(GROUP_HEADER);
    else headers.set(GROUP_HEADER, group);
  }
  usual.due = due;
  usual.group = group;
  return headers;
}

function etaOf(due: number): string {
  return (due / 1000).toFixed(6);
}

function prefixOf(dialect: Dialect | undefined): string {
  return dialect === "cloudtasks" ? "X-CloudTasks-" : "X-AppEngine-";
}

function contentOf(body: Delivery["body"], kind: BodyKind | undefined): Content {
  if (body === undefined) return "none";
  return kind ?? (typeof body === "string" ? "text" : "bytes");
}

// Mostly the same as those before.
let last = { queue: "", content: "" as Content | "", usual: undefined as Usual | undefined };

function usualOf(queue: string, content: Content): Usual {
  if (last.usual && last.queue === queue && last.content === content) return last.usual;
  const key = `${queue} ${content}`;
  const usual = usualHeaders.get(key) ?? {
    headers: new Headers(queueHeaders(queue, content)),
    due: Number.NaN,
    group: undefined,
  };
  usualHeaders.set(key, usual);
  last = { queue, content, usual };
  return usual;
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
