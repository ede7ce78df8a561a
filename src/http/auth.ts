// Authentication and access. With TASKQUEUE_TOKEN set: a bearer token or a console session. Without it: only
// requests to a loopback host, so that a first run needs no setting and a deployed queue is never open.
import { utf8 } from "../core/bytes.ts";
import { type Answer, type Refusal, refuse } from "../core/errors.ts";
import { isListedOrigin } from "../core/origins.ts";
import { refusalOfGuess } from "./guesses.ts";
import { readdressed } from "./readdressed.ts";
import { type Access, accessOf, sessionOf } from "./session.ts";

/** The settings the HTTP APIs read. */
export interface DoorSettings {
  TASKQUEUE_TOKEN?: string;
  TASKQUEUE_READ_TOKEN?: string;
  /** `project/location` whose queues are those of queue.yaml; every other has queues of its own. */
  TASKQUEUE_PROJECT?: string;
  /** Origins whose pages may use the API from a browser; core/origins.ts has the grammar. */
  TASKQUEUE_ALLOW_ORIGINS?: string;
}

/** A caller's access, and how it authenticated. */
export interface Caller {
  access: Access;
  by: "loopback" | "token" | "session";
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** The names a token may have in a query. Of a new task and of a list of tasks `key` is an option, where it is no token. */
export const TOKENS_IN_QUERY: readonly string[] = ["access_token", "key"];

/** Undefined when the request may do what its `method` does. `now` in ms since 1970. */
export async function checkAccess(
  request: Request,
  settings: DoorSettings,
  now: number,
  method = request.method,
): Promise<Refusal | undefined> {
  const origins = settings.TASKQUEUE_ALLOW_ORIGINS;
  const caller = await callerOf(request, settings, now, method, origins);
  if (caller.failure) return caller;
  if (READING.has(method)) return undefined;
  const { access, by } = caller.ok;
  if (access === "read") {
    return refuse("PERMISSION_DENIED", "TASKQUEUE_READ_TOKEN may read but change nothing");
  }
  return by === "session" ? checkSameOrigin(request) : undefined;
}

/**
 * Authenticates a request; what it may do beside reading is still to be seen. Pages of `origins` may come where no
 * token is set.
 */
export async function callerOf(
  request: Request,
  settings: DoorSettings,
  now: number,
  method = request.method,
  origins?: string,
): Promise<Answer<Caller>> {
  if (!settings.TASKQUEUE_TOKEN) {
    return checkLoopback(request, method, origins) ?? { ok: { access: "write", by: "loopback" } };
  }
  const inHeader = tokenInHeader(request);
  const given = inHeader ?? tokenInQuery(request)?.token;
  const byToken = given === undefined ? undefined : await accessByToken(given, settings);
  if (byToken) return { ok: { access: byToken, by: "token" } };
  // Beside a session a `key` in the query need be no token: it may be that of a task.
  const session = inHeader === undefined ? sessionOf(request) : undefined;
  const access = session && (await accessOf(session, keysOf(settings), now));
  if (access) return { ok: { access, by: "session" } };
  if (given !== undefined) {
    return (
      (await refusalOfGuess(given, now)) ??
      refuse("UNAUTHENTICATED", "the token is not the one set as TASKQUEUE_TOKEN")
    );
  }
  return refuse(
    "UNAUTHENTICATED",
    "expected the token, as Authorization: Bearer <TASKQUEUE_TOKEN>, or a session that has not ended",
  );
}

/** What the holder of this token may do, undefined when it is none. */
export async function accessByToken(
  given: string,
  { TASKQUEUE_TOKEN: token, TASKQUEUE_READ_TOKEN: readToken }: DoorSettings,
): Promise<Access | undefined> {
  if (token && (await isSame(given, token))) return "write";
  if (readToken && (await isSame(given, readToken))) return "read";
  return undefined;
}

/** Prevents cross-site requests: a browser sends the session's cookie with those too. */
export function checkSameOrigin(request: Request): Refusal | undefined {
  const site = request.headers.get("Sec-Fetch-Site");
  const { origin } = new URL(request.url);
  const from = request.headers.get("Origin");
  if (site === null ? from === origin : site === "same-origin") return undefined;
  const found = site === null ? `Origin: found "${from ?? ""}"` : `Sec-Fetch-Site: found "${site}"`;
  return refuse("PERMISSION_DENIED", `${found}, expected a page of ${origin} to change anything`);
}

function keysOf({ TASKQUEUE_TOKEN: write, TASKQUEUE_READ_TOKEN: read }: DoorSettings) {
  return { write, read };
}

function checkLoopback(request: Request, method: string, origins?: string): Refusal | undefined {
  const { hostname, origin } = new URL(request.url);
  if (!/^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    const hint =
      "no token is set, so only loopback hosts are served; set the secret TASKQUEUE_TOKEN";
    return refuse("UNAUTHENTICATED", `${hint} (npx wrangler secret put TASKQUEUE_TOKEN)`);
  }
  // A web page somewhere else can make a browser on this machine send requests here.
  const from = request.headers.get("Origin");
  if (isListedOrigin(origins, from)) return undefined;
  if (from !== null && from !== origin) {
    const others = origins === "*" ? "; for * a TASKQUEUE_TOKEN has to be set" : "";
    return refuse(
      "PERMISSION_DENIED",
      `Origin: found "${from}", expected none or ${origin}${others}`,
    );
  }
  return checkSite(request, method);
}

/** What a browser says of a request that no other site made it send. */
const OWN_SITES: ReadonlySet<string | null> = new Set([null, "same-origin", "none"]);

// Without an Origin a page elsewhere can still send what reads: images, scripts, frames. A link that somebody
// follows to look is no such thing.
function checkSite({ headers }: Request, method: string): Refusal | undefined {
  const site = headers.get("Sec-Fetch-Site");
  if (OWN_SITES.has(site)) return undefined;
  const isLink =
    headers.get("Sec-Fetch-Mode") === "navigate" && headers.get("Sec-Fetch-Dest") === "document";
  if (isLink && READING.has(method)) return undefined;
  const message = `Sec-Fetch-Site: found "${site}", expected a page of this Worker's own; others may not use its queues while no TASKQUEUE_TOKEN is set`;
  return refuse("PERMISSION_DENIED", message);
}

function tokenInHeader({ headers }: Request): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.get("Authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-goog-api-key") ?? undefined;
}

/** The token in the query, and the name it has there. */
export function tokenInQuery({ url }: Request): { name: string; token: string } | undefined {
  const { searchParams } = new URL(url);
  for (const name of TOKENS_IN_QUERY) {
    const token = searchParams.get(name);
    if (token !== null) return { name, token };
  }
  return undefined;
}

/** The request without each `key` in its query that is a token, so that none becomes the key of a task. */
export async function withoutToken(request: Request, settings: DoorSettings): Promise<Request> {
  if (!request.url.includes("?")) return request;
  const url = new URL(request.url);
  const given = url.searchParams.getAll("key");
  for (const key of given) {
    if (await accessByToken(key, settings)) url.searchParams.delete("key", key);
  }
  const isSame = url.searchParams.getAll("key").length === given.length;
  return isSame ? request : readdressed(request, { url: url.href });
}

// Digests are compared, so that timing reveals neither length nor content.
async function isSame(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(given), digest(expected)]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", utf8(text));
}
