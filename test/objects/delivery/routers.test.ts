// Handlers inside a router: what they throw means what it means without one, as docs/failures.md has it.
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { AutoRouter, Router } from "itty-router";
import { beforeEach, expect, it } from "vitest";
import {
  failureResponse,
  PermanentTaskFailure,
  RetryLater,
  SingularTaskFailure,
} from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

type App = (request: Request) => Response | Promise<Response>;
type Thrower = () => Response;

const PATH = "/_ah/queue/slow-retry";
const kept = (error: unknown) =>
  failureResponse(error) ?? new Response(String(error), { status: 500 });

function hono(handler: Thrower, onError?: (error: unknown) => Response): App {
  const app = new Hono();
  app.post(PATH, handler);
  if (onError) app.onError(onError);
  return (request) => app.fetch(request);
}

const APPS: Record<string, (handler: Thrower) => App> = {
  Hono: (handler) => hono(handler),
  "Hono with onError": (handler) => hono(handler, kept),
  "a Hono app in another": (handler) => {
    const inner = new Hono();
    inner.post("/queue/slow-retry", handler);
    const app = new Hono();
    app.route("/_ah", inner);
    return (request) => app.fetch(request);
  },
  "Hono behind a middleware": (handler) => {
    const app = new Hono();
    app.use(async (_, next) => next());
    app.post(PATH, async () => handler());
    return (request) => app.fetch(request);
  },
  "itty's Router": (handler) => (request) => Router().post(PATH, handler).fetch(request),
  "itty's AutoRouter with catch": (handler) => (request) =>
    AutoRouter({ catch: kept }).post(PATH, handler).fetch(request),
};

const ERRORS: [name: string, error: () => Error, state: string, status: number, wait?: number][] = [
  ["PermanentTaskFailure", () => new PermanentTaskFailure("no such customer"), "failed", 500],
  ["RetryLater", () => new RetryLater(120, "the quota is used up"), "scheduled", 429, 120],
  ["RetryLater of a fraction", () => new RetryLater(0.5, "soon"), "scheduled", 429, 1],
  ["SingularTaskFailure", () => new SingularTaskFailure("not yet"), "scheduled", 408, 10],
];

const TABLE = Object.keys(APPS).flatMap((router) =>
  ERRORS.map(([what, error, state, status, wait]) => ({
    ...{ router, what, error, state, status, wait },
  })),
);

it.each(TABLE)("$router: $what means what it means", async (row) => {
  const { router, error, state, status, wait } = row;
  const app = APPS[router] as (handler: Thrower) => App;
  const thrown = error();
  handlers.set(
    PATH,
    app(() => {
      throw thrown;
    }),
  );
  await queue("slow-retry").add({ name: "t" });
  await pass("slow-retry", 0.1);
  const task = await queue("slow-retry").get("t");
  expect(task).toMatchObject({ state, lastAttempt: { status, error: thrown.message } });
  if (wait === undefined) return;
  const waits = (Date.parse(task.nextAttemptAt ?? "") - clock.now) / 1000;
  expect(Math.round(waits)).toBe(wait);
});

it.each([
  ["Hono with onError", new Error("oops"), "Error: oops"],
  ["itty's AutoRouter with catch", new Error("oops"), "Error: oops"],
  ["itty's Router", new Error("oops"), "Error: oops"],
  ["Hono", new HTTPException(502, { message: "upstream" }), "upstream"],
])("%s keeps the text of another error", async (name, error, said) => {
  handlers.set(
    PATH,
    (APPS[name] as (handler: Thrower) => App)(() => {
      throw error;
    }),
  );
  await queue("slow-retry").add({ name: "t" });
  await pass("slow-retry", 0.1);
  expect((await queue("slow-retry").get("t")).lastAttempt).toMatchObject({ error: said });
});
