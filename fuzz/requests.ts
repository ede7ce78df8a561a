// Request number i of a seed: the same bytes every time, whatever was sent before.
import { BODIES } from "./bodies.ts";
import { type Credential, credential } from "./credentials.ts";
import { hostileHeaders, hostileHost } from "./headers.ts";
import { changedText, encoded, form, jsonPayload, large, type Payload, raw } from "./payloads.ts";
import { Random } from "./random.ts";
import { type Door, pathFor, queryFor, ROUTES, type Route, respelt } from "./routes.ts";
import { hostileValue, mutated } from "./values.ts";
import { type Wire, wireOf } from "./wire.ts";

export interface FuzzRequest {
  /** Its seed and number, which it carries in the header X-Fuzz. */
  mark: string;
  /** The route it was made from. */
  route: Route;
  method: string;
  /** As it stands in the request line, one character a byte. */
  target: string;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
  isChunked: boolean;
  /** In place of all that, where the bytes themselves are what is tried. */
  wire?: Wire | undefined;
  /** The door it comes to beyond doubt; absent where its path is spelt in another way. */
  door?: Door;
  /** What the answer must be, where that is known beforehand. */
  expected?: 401 | 403 | undefined;
  /** It may ask to wait, or for a stream: its sender leaves after so many ms. */
  leavesAfter?: number;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const READING = ["GET", "HEAD", "OPTIONS"];
const GUARDED: readonly Door[] = ["api", "google", "metrics"];

export function requestAt(seed: string, index: number): FuzzRequest {
  const r = new Random(`${seed}/${index}`);
  const mark = `${seed}/${index}`;
  const route = routeFor(r);
  const who = credential(r);
  const isRespelt = r.chance(0.12);
  const path = pathFor(route, r);
  const query = [queryFor(route, r), who.query ?? ""].filter((part) => part !== "").join("&");
  const target = isRespelt ? respelt(path, r) : path;
  const method = r.chance(0.05) ? r.pick(METHODS) : route.method;
  const payload = payloadFor(route, method, r);
  const extra = r.chance(0.3) ? hostileHeaders(r) : [];
  const request: FuzzRequest = {
    ...{ mark, route, method, isChunked: payload !== undefined && r.chance(0.1) },
    target: Buffer.from(query ? `${target}?${query}` : target).toString("latin1"),
    headers: [
      ["Host", r.chance(0.03) ? hostileHost(r) : "127.0.0.1"],
      ["X-Fuzz", mark],
      ...(who.header ? [who.header] : []),
      ...(payload?.headers ?? []),
      ...extra,
    ],
    body: payload?.bytes,
  };
  if (!isRespelt && isPlain(path, route)) request.door = route.door;
  Object.assign(request, expectation(request, who, extra), patience(request, r));
  if (r.chance(0.06)) {
    // It may be several requests, or none.
    request.wire = wireOf(startOf(request), mark, r);
    delete request.door;
    delete request.expected;
  }
  return request;
}

/** Adding and leasing come often, and purging seldom: the rest has something to do only where there are tasks. */
function routeFor(r: Random): Route {
  const route = r.chance(0.35) ? r.pick(USUAL) : r.pick(ROUTES);
  return route.path.endsWith("~purge") && r.chance(0.8) ? r.pick(USUAL) : route;
}

const USUAL = ROUTES.filter(
  ({ method, path }) => method === "POST" && /(\/tasks|~lease|~batchCreate|\/groups)$/.test(path),
);

// No reader makes anything else of it.
function isPlain(path: string, { door }: Route): boolean {
  if (!/^[\w/:.-]+$/.test(path) || /\/\.|\/\/|\/$/.test(path.replace("/.well-known", "")))
    return false;
  return door !== "google" || /^\/v2/.test(path) || path.includes("/queues");
}

function payloadFor(route: Route, method: string, r: Random): Payload | undefined {
  const make = BODIES[`${route.method} ${route.path}`];
  if (make === undefined && (READING.includes(method) || r.chance(0.7))) return undefined;
  const valid = make?.(r) ?? hostileValue(r);
  const payload = payloadOf(valid, route, r);
  return r.chance(0.05) ? encoded(payload, r) : payload;
}

function payloadOf(valid: unknown, { door }: Route, r: Random): Payload {
  if (r.chance(0.002)) return large(r);
  if (door === "console") return form(r);
  if (r.chance(0.55)) return jsonPayload(valid);
  const kind = r.int(10);
  if (kind < 5) return jsonPayload(mutated(valid, r));
  if (kind < 8) return changedText(valid, r);
  return kind === 8 ? form(r) : raw(r);
}

/** Who is refused, is refused whatever else is wrong. */
function expectation(
  { door, method, target }: FuzzRequest,
  { access, isSession, query }: Credential,
  extra: readonly [string, string][],
): Pick<FuzzRequest, "expected"> {
  const says = (name: RegExp) => extra.some(([header]) => name.test(header));
  // Another token, or another method, may be what counts; a space ends what is asked for.
  if (door === undefined || !GUARDED.includes(door) || !/^[!-~]+$/.test(target)) return {};
  const tokens = target.match(/[?&](key|access_token)=/g)?.length ?? 0;
  if (says(/^(authorization|x-goog-api-key|cookie|upgrade)$/i) || tokens > (query ? 1 : 0))
    return {};
  if (access === "none") return { expected: 401 };
  if (READING.includes(method) || says(/method-override/i)) return {};
  // A plan has a body and changes nothing.
  if (/^\/_ah\/api\/plan\b/.test(target)) return {};
  if (access === "read") return { expected: 403 };
  return isSession && !says(/^(origin|sec-fetch-site)$/i) ? { expected: 403 } : {};
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** What the answer must be at a server without a token, which serves loopback hosts alone. */
export function expectedWhereOpen({ door, headers, target, wire }: FuzzRequest): 401 | undefined {
  if (wire || !door || !GUARDED.includes(door) || !/^[!-~]+$/.test(target)) return undefined;
  const host = headers.find(([name]) => name === "Host")?.[1] ?? "";
  const isName = /^[\w.-]+$/.test(host);
  return isName && !LOOPBACK.test(host) ? 401 : undefined;
}

function patience(
  { route, target, body }: FuzzRequest,
  r: Random,
): Pick<FuzzRequest, "leavesAfter"> {
  const isStream = /events/.test(route.path) || target.includes("events");
  const waits = body?.includes("waitSeconds") || body?.includes("wait_seconds");
  return isStream || waits ? { leavesAfter: 20 + r.int(400) } : {};
}

function startOf({ method, target, headers }: FuzzRequest): string {
  const lines = headers.filter(([name]) => !/^(content-length|transfer-encoding)$/i.test(name));
  return `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}`;
}

/** The bytes to send. */
export function bytesOf(request: FuzzRequest): Buffer {
  if (request.wire) return request.wire.bytes;
  const { body, isChunked } = request;
  const start = startOf(request);
  if (body === undefined) return Buffer.from(`${start}\r\n`, "latin1");
  if (!isChunked) {
    return Buffer.concat([
      Buffer.from(`${start}Content-Length: ${body.length}\r\n\r\n`, "latin1"),
      body,
    ]);
  }
  const chunk = body.length > 0 ? [`${body.length.toString(16)}\r\n`, body, "\r\n"] : [];
  const parts = [`${start}Transfer-Encoding: chunked\r\n\r\n`, ...chunk, "0\r\n\r\n"];
  return Buffer.concat(
    parts.map((it) => (typeof it === "string" ? Buffer.from(it, "latin1") : it)),
  );
}
