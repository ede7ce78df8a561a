// The rules for single fields of a new task. Each returns a refusal or undefined.

import { decimalOf } from "../decimal.ts";
import { type HostRules, hostRefusal } from "../egress/host-rules.ts";
import { type Answer, cut, formatValue, invalid, type Refusal, refuse } from "../errors.ts";
import {
  DEADLINE_S,
  MAX_AGE_S,
  MAX_COUNT,
  MAX_DELAY_S,
  MAX_NAME_LENGTH,
  MAX_URL_LENGTH,
} from "../limits.ts";
import { parseInstant } from "./instant.ts";
import { DIALECTS, type Method, type NewTask, type OidcToken, type RetryOptions } from "./task.ts";

const METHODS: readonly Method[] = ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"];
const FIELDS: ReadonlySet<string> = new Set([
  ...["name", "url", "method", "params", "payload", "payloadBase64", "headers", "countdown", "eta"],
  ...["target", "routing", "tag", "key", "priority", "dispatchDeadline", "retry", "oidcToken"],
  ...["dialect", "ifExists", "debounce", "throttle", "expires"],
]);
/** Two, so that a path that names one of them as its host does not pass for a path. */
const ORIGINS = ["http://one.invalid", "http://other.invalid"];

export function checkFields(task: NewTask): Refusal | undefined {
  const unknown = Object.keys(task).find((field) => !FIELDS.has(field));
  if (unknown === undefined) return undefined;
  return refuse(
    "INVALID_REQUEST",
    `${cut(unknown)}: no such field; a task has ${[...FIELDS].join(", ")}`,
  );
}

const TASK_NAME = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_NAME_LENGTH}}$`);

/** 1 to 500 of letters, digits, underscore and hyphen. */
export function isTaskName(name: unknown): name is string {
  return typeof name === "string" && TASK_NAME.test(name);
}

/** Of a new task, which may leave its name to be generated. */
export function checkName(name: unknown): Refusal | undefined {
  return name === undefined || name === "" ? undefined : checkTaskName(name);
}

/** Refuses what can be no task's name; `field` says where it stands. */
export function checkTaskName(name: unknown, field = "name"): Refusal | undefined {
  if (isTaskName(name)) return undefined;
  const expected = `1 to ${MAX_NAME_LENGTH} of letters, digits, "_" and "-"`;
  return invalid(field, name, expected, "INVALID_TASK_NAME");
}

/** Refuses text that has no UTF-8: half of a pair of surrogates. Stored, it would become another character. */
export function checkText(field: string, text: string): Refusal | undefined {
  if (text.isWellFormed()) return undefined;
  const at = [...text].findIndex((character) => !character.isWellFormed());
  const found = `half of a surrogate pair at character ${at}`;
  return refuse(
    "INVALID_REQUEST",
    `${cut(field)}: found ${found}, expected text that can be UTF-8`,
  );
}

export function checkMode(
  { method, tag }: NewTask,
  queue: { name: string; mode: "push" | "pull" },
): Refusal | undefined {
  if (method !== undefined) {
    if (typeof method !== "string") return invalid("method", method, METHODS.join(", "));
    const mode = method.toUpperCase() === "PULL" ? "pull" : "push";
    if (mode !== queue.mode) {
      const expected = `no ${mode} task on the ${queue.mode} queue "${queue.name}"`;
      return invalid("method", method, expected, "WRONG_QUEUE_MODE");
    }
  }
  if (queue.mode === "pull" || tag === undefined) return undefined;
  return invalid("tag", tag, "none: only tasks of a pull queue have tags");
}

export function checkMethod(method: string): Refusal | undefined {
  if ((METHODS as readonly string[]).includes(method)) return undefined;
  return invalid("method", method, METHODS.join(", "));
}

export function checkUrl(
  { url, dialect }: Pick<NewTask, "url" | "dialect">,
  method: Method,
  hosts: HostRules,
): Refusal | undefined {
  if (url === undefined || url === "") return undefined;
  if (typeof url !== "string") return badUrl(url, "a string");
  if (url.includes("#")) return badUrl(url, "no fragment");
  if (!url.isWellFormed()) return badUrl(url, "text that can be UTF-8");
  if (isAbsolute(url)) return checkAbsoluteUrl(url, hosts);
  return checkPath(url, method === "POST" && dialect === undefined);
}

/**
 * A url without an empty query and an empty fragment, which App Engine takes as none. Google's own API keeps
 * urls as they are.
 */
export function plainUrl({ url, dialect }: Pick<NewTask, "url" | "dialect">): string | undefined {
  if (typeof url !== "string" || dialect !== undefined) return url;
  const isPlain = !url.endsWith("#") && !url.endsWith("?");
  return isPlain ? url : url.replace(/(?<=.)\??#?$/, "");
}

export function isAbsolute(url: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(url);
}

function checkPath(url: string, isWithoutQuery: boolean): Refusal | undefined {
  // The parser decides what leads elsewhere: "//host/x" and "/\host/x" both name another host.
  const staysOn = (origin: string) =>
    URL.canParse(url, origin) && new URL(url, origin).origin === origin;
  if (!url.startsWith("/") || !ORIGINS.every(staysOn)) {
    return badUrl(url, 'a path that starts with one "/", or an http(s) url');
  }
  const path = url.split("?", 1)[0] ?? url;
  if (path.length > MAX_URL_LENGTH) {
    return badUrl(url, `a path of at most ${MAX_URL_LENGTH} characters`);
  }
  if (!isWithoutQuery || !url.includes("?")) return undefined;
  return invalid("url", url, "no query string in the path of a POST; put it in params");
}

function checkAbsoluteUrl(url: string, hosts: HostRules): Refusal | undefined {
  if (!URL.canParse(url)) return badUrl(url, "an http(s) url");
  if (url.length > MAX_URL_LENGTH) return badUrl(url, `at most ${MAX_URL_LENGTH} characters`);
  const why = hostRefusal(new URL(url), hosts);
  return why === undefined
    ? undefined
    : refuse("INVALID_URL", `url: ${formatValue(url)} cannot be called: ${why}`);
}

function badUrl(url: unknown, expected: string): Refusal {
  return invalid("url", url, expected, "INVALID_URL");
}

// The same grammar as queue.yaml's target, with an instance in front allowed.
const TARGET = /^(?:[a-z0-9][a-z0-9-]*\.){0,2}[a-z0-9][a-z0-9-]{0,62}$/;

export function checkTarget({ target, url, headers }: NewTask): Refusal | undefined {
  if (target === undefined || target === "") return undefined;
  if (typeof target !== "string" || !TARGET.test(target)) {
    const expected = "[version.]service in lower-case letters, digits and hyphens";
    return invalid("target", target, expected);
  }
  if (url && isAbsolute(url)) return invalid("target", target, "none beside an absolute url");
  const host = Object.keys(headers ?? {}).find((name) => name.toLowerCase() === "host");
  return host ? invalid("target", target, "none beside a Host header") : undefined;
}

const ROUTING_PARTS = ["service", "version", "instance"];

/** It says more exactly what the target says, of a task that is shown in Google's way. */
export function checkRouting({ routing, target, dialect }: NewTask): Refusal | undefined {
  if (routing === undefined) return undefined;
  const isRouting =
    typeof routing === "object" &&
    routing !== null &&
    Object.entries(routing).every(
      ([name, part]) => ROUTING_PARTS.includes(name) && typeof part === "string",
    );
  if (!isRouting) return invalid("routing", routing, `texts for ${ROUTING_PARTS.join(", ")}`);
  if (target && dialect === "cloudtasks-appengine") return undefined;
  return invalid(
    "routing",
    routing,
    'none without a target and the dialect "cloudtasks-appengine"',
  );
}

export function checkDialect(dialect: unknown): Refusal | undefined {
  if (dialect === undefined || (DIALECTS as readonly unknown[]).includes(dialect)) return undefined;
  return invalid("dialect", dialect, DIALECTS.join(" or "));
}

/** Only requests that go outside carry tokens: the Worker's own routes are the queue's alone anyway. */
export function checkOidcToken(
  { oidcToken: token, url }: NewTask,
  hasIdentity: boolean,
): Refusal | undefined {
  if (token === undefined) return undefined;
  if (typeof token !== "object" || token === null || Array.isArray(token)) {
    return invalid("oidcToken", token, "an object of serviceAccountEmail and audience");
  }
  const {
    serviceAccountEmail: email,
    audience,
    ...rest
  } = token as Partial<Record<keyof OidcToken, unknown>>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    return invalid("oidcToken", unknown, "only serviceAccountEmail and audience");
  if (typeof email !== "string" || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    return invalid("oidcToken.serviceAccountEmail", email, "an e-mail address");
  }
  if (audience !== undefined && typeof audience !== "string") {
    return invalid("oidcToken.audience", audience, "a string");
  }
  const unfit =
    checkText("oidcToken.serviceAccountEmail", email) ??
    checkText("oidcToken.audience", audience ?? "");
  if (unfit) return unfit;
  if (hasIdentity || !url || !isAbsolute(url)) return undefined;
  const expected = "none: TASKQUEUE_OIDC_KEY and TASKQUEUE_OIDC_ISSUER, which sign it, are not set";
  return invalid("oidcToken", token, expected);
}

export function checkDeadline({
  dispatchDeadline: deadline,
  dialect,
}: NewTask): Refusal | undefined {
  const { min, maxAppEngine } = DEADLINE_S;
  const max = dialect === "cloudtasks-appengine" ? maxAppEngine : DEADLINE_S.max;
  if (deadline === undefined) return undefined;
  if (typeof deadline === "number" && deadline >= min && deadline <= max) return undefined;
  return invalid("dispatchDeadline", deadline, `a number of seconds from ${min} to ${max}`);
}

/**
 * When the task is due (ms since 1970): a past instant means now, 30 days ahead is the most, and what lies before
 * 1970 is no instant (App Engine).
 */
export function acceptDue({ countdown, eta }: NewTask, now: number): Answer<number> {
  if (countdown !== undefined && eta !== undefined) {
    return invalid("countdown", countdown, "either countdown or eta, not both");
  }
  if (countdown === undefined && eta === undefined) return { ok: now };
  const [field, value] = eta === undefined ? ["countdown", countdown] : ["eta", eta];
  const due = eta === undefined ? now + secondsOf(countdown) * 1000 : instantOf(eta);
  if (Number.isNaN(due)) return badDue(field, value);
  if (due < 0) return invalid(field, value, "an instant of 1970 or later", "INVALID_ETA");
  if (due - now <= MAX_DELAY_S * 1000) return { ok: Math.max(now, Math.round(due)) };
  return invalid(field, value, `at most 30 days (${MAX_DELAY_S} s) from now`, "INVALID_ETA");
}

function badDue(field: string, value: unknown): Refusal {
  if (field === "countdown") return invalid(field, value, "a number of seconds");
  return invalid(field, value, "an RFC 3339 instant such as 2030-01-31T09:00:00Z", "INVALID_ETA");
}

function secondsOf(countdown: unknown): number {
  if (typeof countdown === "number") return countdown;
  return typeof countdown === "string" ? decimalOf(countdown) : Number.NaN;
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

function instantOf(eta: unknown): number {
  if (eta instanceof Date) return eta.getTime();
  if (typeof eta !== "string" || !RFC_3339.test(eta)) return Number.NaN;
  return parseInstant(eta);
}

const RETRY_FIELDS: Record<keyof RetryOptions, [(value: number) => boolean, string, max: number]> =
  {
    limit: [Number.isInteger, "a whole number of retries, 0 or more", MAX_COUNT],
    ageLimit: [(seconds) => seconds > 0, "seconds above 0", MAX_AGE_S],
    minBackoff: [Number.isFinite, "seconds, 0 or more", MAX_DELAY_S],
    maxBackoff: [Number.isFinite, "seconds, 0 or more", MAX_DELAY_S],
    maxDoublings: [Number.isInteger, "a whole number of times, 0 or more", MAX_COUNT],
  };

/** Retry knobs; of a pull task only `limit`, which counts its leases. */
export function checkRetry(retry: unknown, mode: "push" | "pull"): Refusal | undefined {
  if (retry === undefined) return undefined;
  const fields = mode === "pull" ? ["limit"] : Object.keys(RETRY_FIELDS);
  if (typeof retry !== "object" || retry === null || Array.isArray(retry)) {
    return invalid("retry", retry, `an object of ${fields.join(", ")}`);
  }
  for (const [field, value] of Object.entries(retry)) {
    if (!fields.includes(field)) return invalid("retry", field, `only ${fields.join(", ")}`);
    const [holds, expected, max] = RETRY_FIELDS[field as keyof RetryOptions];
    if (typeof value !== "number" || !(value >= 0) || !holds(value)) {
      return invalid(`retry.${field}`, value, expected);
    }
    if (value > max) return invalid(`retry.${field}`, value, `at most ${max}`);
  }
  const { minBackoff = 0, maxBackoff = minBackoff } = retry as RetryOptions;
  if (minBackoff <= maxBackoff) return undefined;
  return invalid("retry.minBackoff", minBackoff, `at most retry.maxBackoff, here ${maxBackoff}`);
}
