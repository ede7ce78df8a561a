// Where requests go: every route of the two APIs, as their routers have them, and the doors beside.
import {
  cronName,
  groupName,
  KEYS,
  LOCATIONS,
  MADE,
  PROJECTS,
  PULL,
  queueName,
  SEEN,
  taskName,
} from "./names.ts";
import type { Random } from "./random.ts";
import { hostileText } from "./values.ts";
import { apiRoutes, cloudTasksRoutes } from "./worker-side.ts";

export type Door = "api" | "google" | "console" | "metrics" | "oidc" | "handlers" | "own";

export interface Route {
  door: Door;
  method: string;
  /** With `:name` for a segment to put in, and a verb as `/~verb`. */
  path: string;
}

const BESIDE: [door: Door, routes: string[]][] = [
  [
    "console",
    [
      ...["GET /_ah/console", "GET /_ah/console/queues/:queue", "GET /_ah/console/login"],
      ...["POST /_ah/console/login", "POST /_ah/console/logout", "GET /_ah/console/assets/x.js"],
      "GET /_ah/console/queues/:queue/tasks/:name",
    ],
  ],
  ["metrics", ["GET /_ah/metrics", "POST /_ah/metrics", "GET /_ah/metrics/x"]],
  ["oidc", ["GET /_ah/oidc/.well-known/openid-configuration", "GET /_ah/oidc/jwks"]],
  ["handlers", ["POST /_ah/queue/:queue", "GET /_ah/queue/:queue", "POST /_ah/queue/:queue/:name"]],
  ["own", ["GET /", "POST /mine", "POST /_ah/mine", "GET /v2/mine"]],
];

export const ROUTES: readonly Route[] = [
  ...routesOf("api", apiRoutes()),
  ...routesOf("google", cloudTasksRoutes()),
  ...BESIDE.flatMap(([door, lines]) => routesOf(door, lines)),
];

function routesOf(door: Door, lines: readonly string[]): Route[] {
  return lines.map((line) => {
    const [method = "", path = ""] = line.split(" ");
    return { door, method, path };
  });
}

const VERSIONS = ["/v2", "/v2", "/v2beta2", "/v2beta3", ""];

const SEGMENTS: Record<string, (r: Random) => string> = {
  queue: queueName,
  name: (r) => r.pick([taskName, taskName, taskName, cronName])(r),
  task: taskName,
  key: (r) => encodeURIComponent(r.pick([...KEYS, hostileText(r).toWellFormed()])),
  project: (r) => r.pick(PROJECTS),
  location: (r) => r.pick(LOCATIONS),
  id: (r) => r.pick(["0a1b2c3d4e", "x", "ID"]),
  alert: (r) => r.pick(["failed", "target_dead", "x"]),
};

/** Names that fit: of leasing, of what a worker does with what it holds, of what waits, of queues that are made here. */
const OF_LEASING = /~lease$/;
const OF_WAITING = /\/tasks\/:(name|task)(\/~(run|reschedule|buffer))?$/;
const OF_LEASES =
  /~(ack|modifyLease|fail|acknowledge|renewLease|cancelLease)$|^DELETE .*\/tasks\/:name$/;
const OF_MADE = /^(PUT|PATCH|DELETE) .*\/queues\/:queue$|IamPolicy$/;

function fittingNames(route: string, r: Random): Record<string, string> {
  if (OF_LEASES.test(route) && r.chance(0.7)) {
    return { queue: SEEN.queue, name: SEEN.task, task: SEEN.task };
  }
  if (r.chance(0.3)) return {};
  if (OF_LEASING.test(route)) return { queue: r.pick(PULL) };
  if (OF_WAITING.test(route)) return { queue: "stopped" };
  return OF_MADE.test(route) ? { queue: r.pick(MADE) } : {};
}

/** The path with names put in, most of them good ones. */
export function pathFor({ door, method, path }: Route, r: Random): string {
  const [noun = "", verb] = path.split("/~");
  const fitting = fittingNames(`${method} ${path}`, r);
  const filled = noun.replace(/:([a-z]+)/g, (_, name: string) => {
    if (r.chance(0.03)) return encodeURIComponent(hostileText(r).toWellFormed());
    const isGroup = name === "name" && path.includes("/groups");
    return fitting[name] ?? (isGroup ? groupName(r) : (SEGMENTS[name] as (r: Random) => string)(r));
  });
  const version = door === "google" ? r.pick(VERSIONS) : "";
  return version + filled + (verb === undefined ? "" : `:${verb}`);
}

const OPTIONS: [name: string, values: readonly string[]][] = [
  ["state", ["scheduled", "due", "failed", "waiting", "x"]],
  ["limit", ["1", "5", "1000", "1001", "0", "x"]],
  ["cursor", [SEEN.cursor, "", "x"]],
  ["prefix", ["t-", ""]],
  ["tag", ["a"]],
  ["text", ["a", "", "\u0000"]],
  ["header", ["X-Team: blue", "X-Team", ":"]],
  ["key", ["acme", ""]],
  ["priority", ["0", "10"]],
  ["span", ["15m", "6h", "1h"]],
  ["queue", ["fast", "nowhere"]],
  ["name", ["t-1", "x y"]],
  ["countdown", ["5", "-1", "1e9"]],
  ["header.X-Team", ["blue", "\u0000"]],
  ["retry.limit", ["3", "x"]],
  ["ifExists", ["keep", "replace", "x"]],
  ["debounce.seconds", ["5", "x"]],
  ["throttle.seconds", ["5", "0"]],
  ["expires", ["60", "0"]],
  ["lease", [SEEN.lease]],
  ["pageSize", ["1", "0", "-1", "99999"]],
  ["pageToken", [SEEN.cursor, "x"]],
  ["filter", ["state=RUNNING", "name:x", "((((", "a AND b OR NOT c"]],
  ["readMask", ["name,stats", "*", "a.b.c"]],
  ["updateMask", ["rateLimits", "rateLimits.maxBurstSize,retryConfig", "x"]],
  ["fields", ["name", "tasks(name,httpRequest/url)", "a(((", "*"]],
  ["responseView", ["FULL", "BASIC", "2", "x"]],
  ["alt", ["json", "media", "json;enum-encoding=int"]],
  ["taskId", ["x"]],
  ["key", ["wrong"]],
];

/** What of these a route reads, by the way: most requests have options that fit. */
const FITTING: [pattern: RegExp, names: readonly string[]][] = [
  [
    /^GET .*\/tasks$/,
    [
      ...["state", "limit", "cursor", "prefix", "tag", "text", "header"],
      ...["pageSize", "pageToken"],
    ],
  ],
  [/^GET .*\/(tombstones|results)$/, ["prefix", "limit", "cursor"]],
  [/history$/, ["span"]],
  [/api\/events$/, ["queue"]],
  [/audit$/, ["queue", "limit", "cursor"]],
  [
    /^POST \/_ah\/api\/queues\/:queue\/tasks$/,
    [
      ...["name", "countdown", "header.X-Team", "retry.limit"],
      ...["ifExists", "debounce.seconds", "throttle.seconds", "expires"],
    ],
  ],
  [/^DELETE .*\/tasks\/:name$/, ["lease"]],
  [/locations.*queues$/, ["pageSize", "pageToken", "filter", "readMask", "fields"]],
  [/locations/, ["fields", "alt", "responseView", "readMask", "updateMask"]],
];

export function queryFor({ method, path }: Route, r: Random): string {
  const fit = FITTING.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1] ?? [];
  const named = OPTIONS.filter(([name]) => fit.includes(name));
  const from = r.chance(0.1) ? OPTIONS : named;
  if (from.length === 0 || r.chance(0.7)) return "";
  const pairs = r.some(3, () => {
    const [name, values] = r.pick(from);
    const value = r.chance(0.1) ? hostileText(r).toWellFormed() : r.pick(values);
    return `${name}=${r.chance(0.9) ? encodeURIComponent(value) : value}`;
  });
  return pairs.join("&");
}

/** Another spelling of a path, which some reader may take for this one, or for another. */
export function respelt(path: string, r: Random): string {
  const at = r.int(path.length + 1);
  const put = (text: string) => path.slice(0, at) + text + path.slice(at);
  const kind = r.int(12);
  if (kind === 0)
    return put(r.pick(["/", "//", "/./", "/../", "/x/../", "\\", ";v=1", "%2f", "%5c"]));
  if (kind === 1)
    return put(r.pick(["%", "%f", "%ff", "%zz", "%00", "%0a", "%e9", "%c0%af", "%ed%a0%80"]));
  if (kind === 2) return escaped(path, r, 0.3);
  if (kind === 3) return escaped(escaped(path, r, 0.1), r, 0.2);
  if (kind === 4)
    return `${path}${r.pick(["/", "//", "/.", "/..", "%20", "?", "#x", ":run", "/~run", ":"])}`;
  if (kind === 5) return `${r.pick(["/", "//", "/.", "\\", "/x/..", "/%2e%2e"])}${path}`;
  if (kind === 6) return path.toUpperCase();
  if (kind === 7) return put(r.pick(["é", "日本", "\u00a0", "\ufeff", "\u202e"]));
  if (kind === 8) return put("x".repeat(r.pick([500, 3000, 8000, 20_000])));
  if (kind === 9) return `http://${r.pick(["127.0.0.1", "evil.invalid", "user@127.0.0.1"])}${path}`;
  if (kind === 10) return r.pick(["*", "", "/", "?", "//", "http://", "/:", "/%", "/_ah", "/_ah/"]);
  return path.slice(0, at);
}

function escaped(path: string, r: Random, chance: number): string {
  const asEscape = (char: string) => {
    const code = char.charCodeAt(0).toString(16).padStart(2, "0");
    return `%${r.chance(0.5) ? code : code.toUpperCase()}`;
  };
  const isAscii = (char: string) => char.charCodeAt(0) < 0x80;
  return [...path].map((it) => (isAscii(it) && r.chance(chance) ? asEscape(it) : it)).join("");
}
