// Authentication and access. With a token set: a bearer token or a console session. Without one: only
// requests to a loopback host, so that a first run needs no setting and a deployed queue is never open.
import { utf8 } from "../core/bytes.ts";
import { type Answer, type Refusal, refuse } from "../core/errors.ts";
import { isListedOrigin } from "../core/origins.ts";
import { type NamedToken, type Role, tokensIn } from "../core/tokens.ts";
import { refusalOfGuess } from "./guesses.ts";
import { readdressed } from "./readdressed.ts";
import { holderOf, sessionOf } from "./session.ts";

/** The settings the HTTP APIs read. */
export interface DoorSettings {
  TASKQUEUE_TOKEN?: string;
  TASKQUEUE_READ_TOKEN?: string;
  /** Tokens with names, roles and queues; core/tokens.ts has the grammar. */
  TASKQUEUE_TOKENS?: unknown;
  /** `project/location` whose queues are those of queue.yaml; every other has queues of its own. */
  TASKQUEUE_PROJECT?: string;
  /** Origins whose pages may use the API from a browser; core/origins.ts has the grammar. */
  TASKQUEUE_ALLOW_ORIGINS?: string;
}

/** Who calls, what they may do, and how they authenticated. */
export interface Caller {
  name: string;
  role: Role;
  /** The queues they may use; absent: all. */
  queues?: readonly string[] | undefined;
  by: "loopback" | "token" | "session";
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** The names a token may have in a query. Of a new task and of a list of tasks `key` is an option, where it is no token. */
export const TOKENS_IN_QUERY: readonly string[] = ["access_token", "key"];

/** The caller, where the request may do what its `method` does at all; which role that needs, its route says. `now` in ms since 1970. */
export async function checkAccess(
  request: Request,
  settings: DoorSettings,
  now: number,
  method = request.method,
): Promise<Answer<Caller>> {
  const origins = settings.TASKQUEUE_ALLOW_ORIGINS;
  const caller = await callerOf(request, settings, now, method, origins);
  if (caller.failure || READING.has(method)) return caller;
  const { role, by } = caller.ok;
  if (role === "read") return refusalOfReader(caller.ok);
  return (by === "session" ? checkSameOrigin(request) : undefined) ?? caller;
}

function refusalOfReader({ name }: Caller): Refusal {
  const whose = name === READ_TOKEN ? "TASKQUEUE_READ_TOKEN" : `the token "${name}"`;
  return refuse("PERMISSION_DENIED", `${whose} may read but change nothing`);
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
  if (!hasToken(settings)) {
    const caller: Caller = { name: "loopback", role: "admin", by: "loopback" };
    return checkLoopback(request, method, origins) ?? { ok: caller };
  }
  const inHeader = tokenInHeader(request);
  const given = inHeader ?? tokenInQuery(request)?.token;
  const byToken = given === undefined ? undefined : await tokenBy(given, settings);
  if (byToken) return { ok: callerBy(byToken, "token") };
  // Beside a session a `key` in the query need be no token: it may be that of a task.
  const session = inHeader === undefined ? sessionOf(request) : undefined;
  const holder = session && (await holderOf(session, tokensOf(settings), now));
  if (holder) return { ok: callerBy(holder, "session") };
  if (given !== undefined) return (await refusalOfGuess(given, now)) ?? WRONG_TOKEN;
  return NO_TOKEN;
}

const WRONG_TOKEN = refuse("UNAUTHENTICATED", "the token is not the one set as TASKQUEUE_TOKEN");

const NO_TOKEN = refuse(
  "UNAUTHENTICATED",
  "expected the token, as Authorization: Bearer <TASKQUEUE_TOKEN>, or a session that has not ended",
);

function callerBy({ name, role, queues }: NamedToken, by: Caller["by"]): Caller {
  return { name, role, queues, by };
}

/** Whether a token is set that may do more than read: without one only loopback hosts are served. */
export function hasToken(settings: DoorSettings): boolean {
  const { length } = tokensOf(settings);
  return length > (settings.TASKQUEUE_READ_TOKEN ? 1 : 0);
}

/** What TASKQUEUE_TOKEN and TASKQUEUE_READ_TOKEN are called. */
const TOKEN = "token";
const READ_TOKEN = "read-token";

let known: { settings: DoorSettings; tokens: readonly NamedToken[] } | undefined;

/** All that are set. They are the same for every request, and so read once. */
function tokensOf({
  TASKQUEUE_TOKEN,
  TASKQUEUE_READ_TOKEN,
  TASKQUEUE_TOKENS,
}: DoorSettings): readonly NamedToken[] {
  const settings = { TASKQUEUE_TOKEN, TASKQUEUE_READ_TOKEN, TASKQUEUE_TOKENS } as DoorSettings;
  if (known && isSameSettings(known.settings, settings)) return known.tokens;
  const tokens: NamedToken[] = [];
  if (TASKQUEUE_TOKEN) tokens.push({ name: TOKEN, secret: TASKQUEUE_TOKEN, role: "admin" });
  if (TASKQUEUE_READ_TOKEN)
    tokens.push({ name: READ_TOKEN, secret: TASKQUEUE_READ_TOKEN, role: "read" });
  tokens.push(...tokensIn(TASKQUEUE_TOKENS));
  known = { settings, tokens };
  return tokens;
}

function isSameSettings(one: DoorSettings, other: DoorSettings): boolean {
  return (
    one.TASKQUEUE_TOKEN === other.TASKQUEUE_TOKEN &&
    one.TASKQUEUE_READ_TOKEN === other.TASKQUEUE_READ_TOKEN &&
    one.TASKQUEUE_TOKENS === other.TASKQUEUE_TOKENS
  );
}

/** The token that was shown, undefined when it is none. Each is compared, so that timing does not tell which it is. */
export async function tokenBy(
  given: string,
  settings: DoorSettings,
): Promise<NamedToken | undefined> {
  const tokens = tokensOf(settings);
  const same = await Promise.all(tokens.map(({ secret }) => isSame(given, secret)));
  return tokens[same.indexOf(true)];
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
    if (await tokenBy(key, settings)) url.searchParams.delete("key", key);
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
