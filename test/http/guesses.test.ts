// Tokens that are tried, at every door that takes one: many different wrong ones are put off, the right one never.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clock, START } from "../support/clock.ts";
import { freshStart } from "../support/time.ts";

const settings = env as { TASKQUEUE_TOKEN?: string; TASKQUEUE_READ_TOKEN?: string };
const own = (exports as unknown as { default: Fetcher }).default;
const HOST = "https://q.example.com";
const API = "/_ah/api/queues/push";
const CLOUD = "/v2/projects/p/locations/l/queues";

type Door = (token: string) => Promise<Response>;

const bearer =
  (path: string): Door =>
  (token) =>
    own.fetch(HOST + path, { headers: { Authorization: `Bearer ${token}` } });

const inQuery =
  (path: string, name: string): Door =>
  (token) =>
    own.fetch(`${HOST}${path}?${name}=${token}`, { redirect: "manual" });

const form: Door = (token) =>
  own.fetch(`${HOST}/_ah/console/login`, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token }).toString(),
  });

const DOORS: [string, Door][] = [
  ["the API, as a bearer", bearer(API)],
  ["the API, in the query", inQuery(API, "key")],
  ["the API, as an access token", inQuery(API, "access_token")],
  ["Google's v2", bearer(CLOUD)],
  ["Google's v2beta3", bearer(CLOUD.replace("v2", "v2beta3"))],
  ["Google's, in the query", inQuery(CLOUD, "key")],
  ["Google's key header", (key) => own.fetch(HOST + CLOUD, { headers: { "x-goog-api-key": key } })],
  ["metrics", bearer("/_ah/metrics")],
  ["the console's form", form],
  ["a link to the console", inQuery("/_ah/console", "key")],
];

// What was counted in a minute is forgotten in the next.
let now = START;
function minuteLater(): void {
  now += 60_000;
  clock.now = now;
}

beforeEach(async () => {
  await freshStart();
  settings.TASKQUEUE_TOKEN = "full-token";
  settings.TASKQUEUE_READ_TOKEN = "read-token";
  minuteLater();
});

afterEach(() => {
  delete settings.TASKQUEUE_TOKEN;
  delete settings.TASKQUEUE_READ_TOKEN;
});

describe.each(DOORS)("%s", (_, door) => {
  it("puts off the 51st wrong token of a minute, and no right one", async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < 50; i++) statuses.add((await door(`guess-${i}`)).status);
    expect([...statuses]).toEqual([401]);
    const late = await door("guess-50");
    expect(late.status).toBe(429);
    expect(Number(late.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(Number(late.headers.get("Retry-After"))).toBeLessThanOrEqual(60);
    for (const right of ["full-token", "read-token"]) {
      expect([200, 303, 404]).toContain((await door(right)).status);
    }
    // One that is sent again and again is no guess, and no token is none.
    expect((await door("guess-7")).status).toBe(401);
    expect((await own.fetch(HOST + API)).status).toBe(401);
    minuteLater();
    expect((await door("guess-51")).status).toBe(401);
  });
});

it("counts what is tried at all doors together", async () => {
  for (let i = 0; i < 5; i++)
    for (const [name, door] of DOORS) await door(`${i}${encodeURI(name)}`);
  for (const [, door] of DOORS) expect((await door("one-more")).status).toBe(429);
});

it("says it in each API's own form", async () => {
  for (let i = 0; i < 50; i++) await bearer(API)(`guess-${i}`);
  const native = await (await bearer(API)("late")).json();
  expect(native).toMatchObject({ error: { code: "UNAUTHENTICATED", details: { retryAfter: 60 } } });
  const google = await (await bearer(CLOUD)("late")).json();
  expect(google).toMatchObject({ error: { code: 429, status: "RESOURCE_EXHAUSTED" } });
});
