// Validation of a new task. It is refused by the first rule it breaks; the rules and their order are those of
// App Engine's client library.

import { utf8 } from "../bytes.ts";
import type { HostRules } from "../egress/host-rules.ts";
import { type Answer, invalid, type Refusal, refuse } from "../errors.ts";
import { MAX_DIALECT_BYTES, MAX_TAG_BYTES, MAX_TASK_BYTES } from "../limits.ts";
import { type AcceptRule, acceptNoRule, checkWithoutRule, debouncedDue } from "./add-rule.ts";
import { acceptExpiry } from "./expiry.ts";
import { acceptBody, type Content } from "./new-task-body.ts";
import { checkFairness } from "./new-task-fairness.ts";
import { acceptHeaders } from "./new-task-headers.ts";
import {
  acceptDue,
  checkDeadline,
  checkDialect,
  checkFields,
  checkMethod,
  checkMode,
  checkName,
  checkOidcToken,
  checkRetry,
  checkRouting,
  checkTarget,
  checkText,
  checkUrl,
  plainUrl,
} from "./new-task-rules.ts";
import {
  type AcceptedTask,
  DEFAULT_PRIORITY,
  type Method,
  type NewTask,
  NO_SPEC,
  type TaskSpec,
} from "./task.ts";
import { isOfTrace } from "./trace-context.ts";

/** What a task is checked against; `now` in ms since 1970. */
export interface Admission {
  queue: { name: string; mode: "push" | "pull"; shards?: number };
  now: number;
  hosts: HostRules;
  /** Whether identity tokens can be signed; without it no task that asks for one goes outside. */
  hasIdentity?: boolean;
  /** Whether this Worker has neither keys nor priorities of tasks. */
  lacksKeys?: boolean;
  /** Reads by which rule it is added; absent in a Worker that has none. */
  acceptRule?: AcceptRule | undefined;
  /** Whether it is to be a task of a group. */
  isOfGroup?: boolean;
}

/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES_OF_A_UNIT = 3;

export function acceptTask(given: unknown, admission: Admission): Answer<AcceptedTask> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return invalid("task", given, "an object");
  }
  const task = withPlainUrl(given as NewTask);
  const refusal = checkFields(task) ?? checkName(task.name) ?? checkMode(task, admission.queue);
  if (refusal) return refusal;
  return admission.queue.mode === "pull"
    ? acceptPull(task, admission)
    : acceptPush(task, admission);
}

function withPlainUrl(task: NewTask): NewTask {
  const url = plainUrl(task);
  return url === undefined || url === task.url ? task : { ...task, url };
}

function acceptPush(task: NewTask, admission: Admission): Answer<AcceptedTask> {
  const method = (task.method?.toUpperCase() ?? "POST") as Method;
  const refusal =
    checkMethod(method) ??
    checkDialect(task.dialect) ??
    checkUrl(task, method, admission.hosts) ??
    checkTarget(task) ??
    checkRouting(task) ??
    checkDeadline(task) ??
    checkOidcToken(task, admission.hasIdentity ?? false);
  return refusal ?? acceptRest(task, method, admission);
}

const SENDING = ["url", "headers", "target", "routing"] as const;
const PUSH_ONLY = [...SENDING, "dispatchDeadline", "oidcToken", "dialect"] as const;

function acceptPull(given: NewTask, admission: Admission): Answer<AcceptedTask> {
  const task = withoutContentType(given);
  const field = PUSH_ONLY.find((name) => !isNothing(name, task[name]));
  if (field) return invalid(field, task[field], "none: a pull task is not sent anywhere");
  const { tag } = task;
  if (tag !== undefined && (typeof tag !== "string" || byteLength(tag) > MAX_TAG_BYTES)) {
    return invalid("tag", tag, `a string of at most ${MAX_TAG_BYTES} bytes`);
  }
  const unfit = tag === undefined ? undefined : checkText("tag", tag);
  if (unfit) return unfit;
  return acceptRest(task, "PULL", admission);
}

// App Engine takes an empty url, target or set of headers as none. Whoever leases a task may go on with its trace.
function isNothing(field: (typeof PUSH_ONLY)[number], value: unknown): boolean {
  if (field === "headers") {
    return acceptHeaders(value).ok?.every(([name]) => isOfTrace(name)) ?? false;
  }
  return value === undefined || (value === "" && (field === "url" || field === "target"));
}

// A body that comes by HTTP says its type, which means nothing to a task that is not sent.
function withoutContentType(task: NewTask): NewTask {
  const all = Object.entries(task.headers ?? {});
  const others = all.filter(([name]) => name.toLowerCase() !== "content-type");
  if (others.length === all.length || !others.every(([name]) => isOfTrace(name))) return task;
  const { headers: _, ...rest } = task;
  return others.length === 0 ? rest : { ...rest, headers: Object.fromEntries(others) };
}

function acceptRest(
  task: NewTask,
  method: Method | "PULL",
  { queue, now, isOfGroup, lacksKeys, acceptRule = acceptNoRule }: Admission,
): Answer<AcceptedTask> {
  const rule = (isOfGroup && checkWithoutRule(task)) || acceptRule(task);
  if (rule.failure) return rule;
  const { debounce } = task;
  const due = debounce ? { ok: debouncedDue(debounce, now, now) } : acceptDue(task, now);
  if (due.failure) return due;
  const expires = acceptExpiry(task, due.ok, now);
  if (expires.failure) return expires;
  const headers = acceptHeaders(task.headers);
  if (headers.failure) return headers;
  const content = acceptBody(task, method);
  if (content.failure) return content;
  const refusal = checkRetry(task.retry, queue.mode) ?? checkFairness(task, queue, lacksKeys);
  if (refusal) return refusal;
  const spec = specOf(task, method, headers.ok, content.ok, expires.ok);
  const tooLarge = checkSize(queue.mode, method, spec, content.ok.body);
  if (tooLarge) return tooLarge;
  const accepted = { name: task.name || undefined, due: due.ok, spec, body: content.ok.body };
  return { ok: rule.ok ? { ...accepted, rule: rule.ok } : accepted };
}

function checkSize(
  mode: "push" | "pull",
  method: string,
  spec: TaskSpec,
  body: string | Uint8Array = "",
): Refusal | undefined {
  const limit = spec.dialect ? MAX_DIALECT_BYTES : MAX_TASK_BYTES[mode];
  const around = sizeAroundBody(method, spec);
  // A text that is far from the limit need not be counted.
  const most = typeof body === "string" ? body.length * MOST_BYTES_OF_A_UNIT : body.byteLength;
  if (around + most <= limit) return undefined;
  const size = around + byteLength(body);
  if (size <= limit) return undefined;
  const expected = `expected at most ${limit} on a ${mode} queue`;
  return refuse(
    "TASK_TOO_LARGE",
    `task: found ${size} bytes of url, headers and body, ${expected}`,
  );
}

function specOf(
  task: NewTask,
  method: Method | "PULL",
  headers: [string, string][],
  { kind, query }: Content,
  expires: number | undefined,
): TaskSpec {
  const spec: TaskSpec = {};
  if (task.url) spec.url = task.url;
  if (method !== "POST" && method !== "PULL") spec.method = method;
  if (query) spec.query = query;
  if (kind) spec.kind = kind;
  if (headers.length > 0) spec.headers = headers;
  if (task.target) spec.target = task.target;
  if (task.routing) spec.routing = task.routing;
  if (task.tag) spec.tag = task.tag;
  if (task.key !== undefined) spec.key = task.key;
  const { priority = DEFAULT_PRIORITY } = task;
  if (priority !== DEFAULT_PRIORITY) spec.priority = priority;
  if (task.dispatchDeadline !== undefined) spec.dispatchDeadline = task.dispatchDeadline;
  if (task.retry !== undefined) spec.retry = task.retry;
  if (expires !== undefined) spec.expires = expires;
  if (task.debounce) spec.debounce = task.debounce;
  if (task.throttle) spec.throttle = task.throttle;
  if (task.oidcToken !== undefined) spec.oidcToken = task.oidcToken;
  if (task.dialect !== undefined) spec.dialect = task.dialect;
  return Object.keys(spec).length === 0 ? NO_SPEC : spec;
}

/** In bytes. */
function sizeAroundBody(method: string, spec: TaskSpec): number {
  const headers = (spec.headers ?? []).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 4,
    0,
  );
  const query = spec.query ? spec.query.length + 1 : 0;
  return method.length + (spec.url?.length ?? 0) + query + headers;
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === "string" ? utf8(body).byteLength : body.byteLength;
}

/** An instant, or seconds from now: one of them, by the rules of a new task. */
export type NewTime = Pick<NewTask, "eta" | "countdown">;

const EXPECTED = "eta (an instant) or countdown (seconds from now)";

/** The new due time in ms since 1970. */
export function acceptNewTime(given: unknown, now: number): Answer<number> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return invalid("time", given, `an object of ${EXPECTED}`);
  }
  const { eta, countdown, ...rest } = given as NewTime;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return invalid("field", unknown, EXPECTED);
  if (eta === undefined && countdown === undefined) return invalid("time", given, EXPECTED);
  return acceptDue(given as NewTime, now);
}
