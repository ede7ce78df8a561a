// No path from outside may be one that a router takes for a handler's: routers of the npm registry and ways of
// reading by hand are asked about thousands of spellings, and whatever one of them takes the door must refuse.
import { exports } from "cloudflare:workers";
import findMyWay from "find-my-way";
import { Hono } from "hono";
import { AutoRouter } from "itty-router";
import { beforeEach, describe, expect, it } from "vitest";
import { hasBadEscape, mayReachHandlers } from "../../src/http/handler-paths.ts";
import { freshStart } from "../support/time.ts";
import { received } from "../support/worker.ts";

const own = (exports as unknown as { default: Fetcher }).default;
const HOST = "http://127.0.0.1";
const ROUTE = "/_ah/queue/:name";

beforeEach(freshStart);

type Router = (path: string) => boolean | Promise<boolean>;

const answered = ({ status }: Response) => status === 200;
const asRequest = (path: string) => new Request(HOST + path, { method: "POST" });

function hono(strict: boolean): Router {
  const app = new Hono({ strict }).post(ROUTE, (context) => context.text("ran"));
  return async (path) => answered(await app.fetch(asRequest(path)));
}

function itty(): Router {
  const router = AutoRouter().post(ROUTE, () => "ran");
  return async (path) => answered(await router.fetch(asRequest(path)));
}

function wayfinder(options: object): Router {
  const router = findMyWay(options as never);
  router.on("POST", ROUTE, () => {});
  return (path) => {
    try {
      return router.find("POST", path) !== null;
    } catch {
      return false;
    }
  };
}

function pattern(ignoreCase: boolean): Router {
  const matcher = new URLPattern({ pathname: ROUTE }, { ignoreCase } as never);
  return (path) => matcher.test(HOST + path);
}

/** A path read by hand: decoded so, then resolved or not. */
function byHand(...steps: ((path: string) => string)[]): Router {
  return (path) => {
    try {
      return /^\/_ah\/queue(\/|$)/.test(steps.reduce((read, step) => step(read), path));
    } catch {
      return false;
    }
  };
}

const resolved = (path: string) => new URL(path, HOST).pathname;
const lenient = (path: string) => path.replace(/(%[0-9a-f]{2})+/gi, (run) => orAsItIs(run));
const orAsItIs = (run: string) => {
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
};
const collapsed = (path: string) => path.replace(/\/{2,}/g, "/");
const slashed = (path: string) => path.replaceAll("\\", "/");
const withoutParams = (path: string) => path.replace(/;[^/]*/g, "");

const ROUTERS: Record<string, Router> = {
  hono: hono(true),
  "hono, not strict": hono(false),
  "itty-router": itty(),
  "find-my-way": wayfinder({}),
  "find-my-way, lenient": wayfinder({
    ...{ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    ...{ caseSensitive: false, useSemicolonDelimiter: true },
  }),
  URLPattern: pattern(false),
  "URLPattern, any case": pattern(true),
  decodeURIComponent: byHand(decodeURIComponent),
  "decodeURIComponent twice": byHand(decodeURIComponent, decodeURIComponent),
  "resolved, then decoded": byHand(resolved, decodeURIComponent),
  "decoded, then resolved": byHand(decodeURIComponent, resolved),
  "decoded leniently": byHand(lenient),
  "decoded leniently thrice": byHand(lenient, lenient, lenient),
  "decoded leniently, resolved, collapsed": byHand(lenient, resolved, collapsed),
  "decoded leniently, backslashes": byHand(lenient, slashed, collapsed, resolved),
  "without params": byHand(withoutParams),
  "decoded, without params": byHand(lenient, withoutParams, resolved),
  "in lower case": byHand((path) => path.toLowerCase()),
};

/** The same numbers each time, from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const WHOLE = [
  "/_ah/queue/x",
  "/_ah/queue/x",
  "/_ah/x/../queue/y",
  "/x/../_ah/queue/y",
  "/_ah/queue/../x",
];
const INSERTED = [
  "/",
  "//",
  ".",
  "..",
  "/./",
  "/../",
  ";a=1",
  ";",
  "\\",
  "%ff",
  "%",
  "%2",
  "%zz",
  "%c3",
  "%00",
  "%09",
  "%20",
  "%3f",
  "%23",
  "é",
];

function spelling(next: () => number): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T;
  const escaped = (char: string) => {
    const code = `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
    return next() < 0.3 ? code.replace("%", "%25") : next() < 0.5 ? code.toUpperCase() : code;
  };
  let path = "";
  for (const char of pick(WHOLE)) {
    const dice = next();
    if (path !== "" && dice < 0.02) path += pick(INSERTED);
    if (path !== "" && dice > 0.9) path += escaped(char);
    else path += dice > 0.88 ? char.toUpperCase() : char;
  }
  if (next() < 0.4) path += pick(INSERTED);
  return path;
}

it("what any router takes for a handler's path is refused, of twenty thousand spellings", async () => {
  const next = numbers(20);
  const taken: Record<string, number> = {};
  const letIn: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const path = spelling(next);
    const refused = mayReachHandlers(HOST + path);
    for (const [name, router] of Object.entries(ROUTERS)) {
      if (!(await router(path))) continue;
      taken[name] = (taken[name] ?? 0) + 1;
      if (!refused) letIn.push(`${name}: ${path}`);
    }
  }
  expect(letIn).toEqual([]);
  // Each of them was really asked about paths it takes.
  expect(Object.keys(taken).sort()).toEqual(Object.keys(ROUTERS).sort());
  expect(Math.min(...Object.values(taken))).toBeGreaterThan(50);
});

describe("a path that a router may take for a handler's", () => {
  it.each([
    "/_ah/%71ueue/master%ff",
    "/%5fah/queue/x%ff",
    "/_ah/%71ueue/%",
    "/_ah/%2571ueue/x",
    "/_ah/%252571ueue/x",
    "/_ah/%%371ueue/x",
    "/_ah/%3%371%u0071ueue/../queue/x",
    "/_ah/x/%2e%2e/queue/y",
    "/_ah/x/..%2fqueue/y",
    "/_ah/queue/..%2f..%2fx",
    "/x%2f..%2f_ah/queue/y",
    "/_ah\\queue\\x",
    "/_ah%5cqueue%5cx",
    "/_ah;v=1/queue/x",
    "/_ah/queue;v=1/x",
    "/_ah/queue%3fx",
    "/_ah/./queue/x",
    "///_ah////queue/x",
    "/_AH/Queue/x",
    "/_ah/que%09ue/x",
    "/_ah/queue",
    "/_ah/queue/deferred%c3",
  ])("%s is 403 and runs nothing", async (path) => {
    for (const method of ["GET", "POST"]) {
      const response = await own.fetch(HOST + path, { method });
      expect([path, response.status]).toEqual([path, 403]);
    }
    expect(received).toHaveLength(0);
  });
});

describe("a path that nobody takes for a handler's", () => {
  it.each([
    "/",
    "/mine",
    "/_ah/queues-of-mine",
    "/_ah/mine/queue/x",
    "/queue/_ah",
    "/_ah",
    "/files/a.b/..c/%E2%82%AC",
    "/docs/_ah/queue/x",
    "/_ah/mine/100%25",
    "/search;v=1/x%ff",
    "/caf%C3%A9/%zz",
    "/a//b",
  ])("%s is the Worker's own", async (path) => {
    expect((await own.fetch(HOST + path)).status).toBe(200);
    expect(received).toHaveLength(1);
  });

  it.each(["/_ah/mine/%ff", "/_ah/%zz", "/%5fah/mine/%", "/_ah/x%c3"])(
    "%s, with a bad escape under /_ah, is 400",
    async (path) => {
      expect(hasBadEscape(HOST + path)).toBe(true);
      const response = await own.fetch(HOST + path);
      const { error } = await response.json<{ error: { code: string; message: string } }>();
      expect([response.status, error.code]).toEqual([400, "INVALID_REQUEST"]);
      expect(error.message).toContain("expected a path in valid percent-encoding");
      expect(received).toHaveLength(0);
    },
  );
});

it("the queue named queue is reached through the API, in escapes too", async () => {
  const at = `${HOST}/_ah/api/queues/queue/tasks/a%2Db`;
  expect((await (await own.fetch(at)).json<{ error: { code: string } }>()).error.code).toBe(
    "UNKNOWN_QUEUE",
  );
});
