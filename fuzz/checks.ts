// What every answer has to be, whatever was asked: pure functions of a request and its answer.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { STATUS } from "../src/core/cloud-tasks/status.ts";
import { type ErrorCode, HTTP_STATUS, MAX_MESSAGE } from "../src/core/errors.ts";
import { type Answer, headerOf } from "./answer.ts";
import type { Outcome } from "./connection.ts";
import { SECRETS } from "./credentials.ts";
import type { FuzzRequest } from "./requests.ts";

const MAX_REFUSAL_BYTES = 2 * 1024 * 1024;

/** What is wrong with what came of a request; nothing, as it should be. */
export function faultsOf(request: FuzzRequest, outcome: Outcome): string[] {
  const { answers, end, fault } = outcome;
  const said = answers.flatMap((answer) => faultsOfAnswer(request, answer));
  if (fault !== undefined) said.push(fault);
  if (end === "hang") said.push("hang: no whole answer in time");
  if (end === "closed" && mustBeAnswered(request))
    said.push("the connection ended without an answer");
  return [...new Set(said)];
}

// The runtime hangs up on a sender that has not come to the end of what it sends.
const SENT_AT_ONCE = 60_000;

function mustBeAnswered({ wire, body, target, headers }: FuzzRequest): boolean {
  const isSmall = (body?.length ?? 0) < SENT_AT_ONCE && target.length < 16_000;
  return !wire && isSmall && !headers.some(([, value]) => value.length > 4000);
}

export function faultsOfAnswer(request: FuzzRequest, answer: Answer): string[] {
  const text = textOf(answer);
  if (isWorkerds(request, answer, text)) return [];
  return [
    ...faultsOfStatus(request, answer, text),
    ...leaksIn(answer, text),
    ...(answer.status >= 400 && request.method !== "HEAD" && answer.end !== undefined
      ? faultsOfRefusal(request, answer, text)
      : []),
    ...faultsOfHeaders(answer),
  ];
}

// wrangler packs what it passes on.
export function textOf(answer: Answer): string {
  const { body, end } = answer;
  const encoding = end === undefined ? undefined : headerOf(answer, "content-encoding");
  if (encoding === "gzip") return gunzipSync(body).toString();
  return (encoding === "br" ? brotliDecompressSync(body) : body).toString();
}

// workerd's own words for what is no HTTP, in front of the Worker. Cloudflare's edge lets none of that through.
const WORKERDS: Readonly<Record<number, RegExp>> = {
  400: /^(ERROR: .*|Bad Request|invalid (URI|HTTP \w+ parsed|[\w-]+ parsed))$/s,
  414: /^URI too long$/,
  431: /^ERROR: |^message head is too large$/,
  500: /^Internal Server Error$/,
  501: /^ERROR: /,
};

/** Whether it was refused before it came to the Worker. */
export function isWorkerds(request: FuzzRequest, answer: Answer, text: string): boolean {
  const { status, end } = answer;
  // wrangler's word to who takes no encoding at all.
  if (status === 415) return text === "Unsupported Media Type";
  // Its body may be still on the way when the sender leaves.
  const isUnsaid = text === "" && (request.method === "HEAD" || end === undefined);
  const isSaid = isUnsaid || WORKERDS[status]?.test(text) === true;
  return status in WORKERDS && isSaid && !isHttp(request);
}

/** Whether the request's form is as it has to be, whatever it says. */
export function isHttp({ wire, target, headers }: FuzzRequest): boolean {
  // What RFC 3986 has nowhere in a url; workerd's server refuses some of it.
  if (wire || !/^\/[^\0-\x20\x7f"<>\\^`{|}]*$/.test(target)) return false;
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const hosts = headers.filter(([name]) => name === "Host").map(([, value]) => value);
  return (
    size + target.length < 60_000 && hosts.every((host) => /^(\[::1\]|[\w.-]+)(:\d+)?$/.test(host))
  );
}

function faultsOfStatus(request: FuzzRequest, { status }: Answer, text: string): string[] {
  const { expected } = request;
  // Google's word for what is not there to be had, in its own form.
  const isUnimplemented = status === 501 && /"status":"UNIMPLEMENTED"/.test(text);
  if (status >= 500 && !isUnimplemented) return [`status ${status}`];
  if (expected !== undefined && status !== expected) {
    return [`status ${status} where ${expected} was due`];
  }
  return [];
}

const LEAKS: [what: string, pattern: RegExp][] = [
  ["a stack", /\n\s+at [\w.<]|\bat \w+ \(|\.[tj]s:\d+/],
  [
    "a path of a file",
    /\/(tmp|home|root|work|usr)\/|node_modules|src\/(core|http|objects|store)\//,
  ],
  ["words of the database", /SQLITE|no such table|constraint failed/i],
  ["an internal error", /\binternal error\b|"INTERNAL"|is not a function|Cannot read prop/i],
];

function leaksIn({ headers, status }: Answer, text: string): string[] {
  const all = `${headers.map(([name, value]) => `${name}: ${value}`).join("\n")}\n${text}`;
  const secrets = SECRETS.filter((secret) => all.includes(secret)).map(
    () => "a secret in an answer",
  );
  // What was stored is shown as it was sent.
  const leaks = status < 400 ? [] : LEAKS.filter(([, pattern]) => pattern.test(text));
  return [...secrets, ...leaks.map(([what]) => `${what} in a refusal`)];
}

function faultsOfRefusal(request: FuzzRequest, answer: Answer, text: string): string[] {
  if (headerOf(answer, "x-own")) return [];
  const faults = text.length > MAX_REFUSAL_BYTES ? ["a refusal of many bytes"] : [];
  if (!/^application\/json/.test(headerOf(answer, "content-type") ?? "")) {
    return isPageOrText(request, answer, text) ? faults : [...faults, "a refusal in no known form"];
  }
  try {
    return [...faults, ...faultsOfForm(request, answer.status, JSON.parse(text))];
  } catch {
    return [...faults, "a refusal that is not JSON"];
  }
}

function isPageOrText({ door }: FuzzRequest, answer: Answer, text: string): boolean {
  if (headerOf(answer, "content-security-policy")) return door === undefined || door === "console";
  return answer.status === 404 && text === "There are no metrics yet.\n";
}

interface Form {
  error?: { code?: unknown; message?: unknown; status?: unknown; details?: unknown };
}

function faultsOfForm({ door }: FuzzRequest, status: number, body: Form): string[] {
  const { error, ...beside } = body;
  if (typeof error !== "object" || error === null) return ["a refusal without error"];
  const { code, message, status: name, details: _, ...more } = error;
  const faults: string[] = [];
  const others = [...Object.keys(beside), ...Object.keys(more)];
  if (others.length > 0) faults.push(`a refusal with ${others}`);
  if (typeof message !== "string" || message === "") faults.push("a refusal without a message");
  else if (message.length > MAX_MESSAGE) faults.push("a message without a bound");
  const isGoogles = typeof code === "number";
  if (door !== undefined && isGoogles !== (door === "google")) faults.push("another door's form");
  // A document that is not there is told in the API's form.
  if (status === 404 && code === "INVALID_REQUEST" && (door === "oidc" || door === undefined)) {
    return faults;
  }
  // Many wrong tokens in a minute.
  if (status === 429 && code === "UNAUTHENTICATED") return faults;
  const known = isGoogles ? STATUS[name as keyof typeof STATUS]?.[1] : OWN[code as ErrorCode];
  if (known !== status || (isGoogles ? code !== status : name !== undefined)) {
    faults.push(`code ${String(code)} ${String(name ?? "")} with status ${status}`);
  }
  return faults;
}

const OWN: Readonly<Record<string, number>> = HTTP_STATUS;

const NAMED_BY_NOBODY = ["x-powered-by", "access-control-allow-origin", "x-fuzz", "server-timing"];

function faultsOfHeaders(answer: Answer): string[] {
  const faults = NAMED_BY_NOBODY.filter((name) => headerOf(answer, name) !== undefined).map(
    (name) => `header ${name}`,
  );
  const cookie = headerOf(answer, "set-cookie");
  if (cookie && !/HttpOnly; SameSite=Strict/.test(cookie))
    faults.push("a cookie that scripts can read");
  const type = headerOf(answer, "content-type") ?? "";
  const isPage = type.startsWith("text/html") && !headerOf(answer, "x-own");
  const guards = ["content-security-policy", "x-content-type-options", "referrer-policy"];
  if (isPage && guards.some((name) => !headerOf(answer, name)))
    faults.push("a page without guards");
  if (answer.body.length > 0 && type === "" && answer.status >= 400) faults.push("no content type");
  return faults;
}
