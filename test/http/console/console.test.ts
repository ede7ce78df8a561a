// The console's door: who gets its page, how a browser signs in and out, and what a session may do.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONSOLE_ASSETS } from "../../../src/http/console/assets.ts";
import { newSession } from "../../../src/http/session.ts";
import { clock } from "../../support/clock.ts";
import { freshStart, queue } from "../../support/time.ts";

const settings = env as { TASKQUEUE_TOKEN?: string; TASKQUEUE_READ_TOKEN?: string };
const own = (exports as unknown as { default: Fetcher }).default;
const HOST = "https://queue.example.com";
const CONSOLE = "/_ah/console";
const LOGIN = `${CONSOLE}/login`;

beforeEach(freshStart);

afterEach(() => {
  delete settings.TASKQUEUE_TOKEN;
  delete settings.TASKQUEUE_READ_TOKEN;
});

function setTokens(): void {
  settings.TASKQUEUE_TOKEN = "full-token";
  settings.TASKQUEUE_READ_TOKEN = "read-token";
}

function fetchOf(path: string, init: RequestInit = {}): Promise<Response> {
  return own.fetch(path.startsWith("http") ? path : HOST + path, { redirect: "manual", ...init });
}

/** What the sign-in form sends. */
function signIn(token: string, then = CONSOLE, host = HOST): Promise<Response> {
  return fetchOf(host + LOGIN, { method: "POST", body: new URLSearchParams({ token, then }) });
}

async function sessionOf(token: string): Promise<string> {
  const cookie = (await signIn(token)).headers.get("Set-Cookie") ?? "";
  return cookie.split(";")[0] as string;
}

async function codeOf(response: Response): Promise<[number, string | undefined]> {
  const { error } = (await response.json()) as { error?: { code: string } };
  return [response.status, error?.code];
}

const SAME_ORIGIN = { Origin: HOST };

describe("the page", () => {
  it("is there on loopback with no token set, may act, and has no session", async () => {
    const response = await fetchOf(`http://127.0.0.1:8787${CONSOLE}/queues/push?state=due`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.text()).toContain(
      `<body data-access="admin" data-name="loopback" data-login="no">`,
    );
  });

  it("is refused elsewhere with no token set, naming the setting", async () => {
    const response = await fetchOf(CONSOLE);
    const page = await response.text();
    expect(response.status).toBe(401);
    expect(page).toContain("TASKQUEUE_TOKEN");
    expect(page).not.toContain("<form");
  });

  it.each([
    ["its page", `http://127.0.0.1:8787${CONSOLE}`],
    ["the sign-in page", HOST + CONSOLE],
  ])("allows no inline script or style: %s", async (_, url) => {
    if (url.startsWith(HOST)) setTokens();
    const response = await fetchOf(url);
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(await response.text()).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
  });

  it("answers HEAD with the same and no body", async () => {
    setTokens();
    const headers = { Authorization: "Bearer full-token" };
    const response = await fetchOf(CONSOLE, { method: "HEAD", headers });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect((await fetchOf(CONSOLE, { method: "HEAD" })).status).toBe(401);
  });

  it.each([
    ["POST", CONSOLE, "GET, HEAD"],
    ["DELETE", `${CONSOLE}/queues/push`, "GET, HEAD"],
    ["PUT", LOGIN, "GET, HEAD, POST"],
    ["GET", `${CONSOLE}/logout`, "POST"],
    ["POST", `${CONSOLE}/assets/x.js`, "GET, HEAD"],
  ])("answers %s %s with 405, allowing %s", async (method, path, allowed) => {
    const response = await fetchOf(path, { method });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allowed]);
  });

  it.each(["/_ah/%63onsole", "/_ah//console", "/%5fah/console/queues/push"])(
    "is not to be had without a token by %s",
    async (path) => {
      setTokens();
      expect((await fetchOf(path)).status).toBe(401);
    },
  );
});

describe("its files", () => {
  it("are for anybody, and kept for good under the name of what they say", async () => {
    setTokens();
    for (const { name, type, body } of CONSOLE_ASSETS) {
      const response = await fetchOf(`${CONSOLE}/assets/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("Content-Type")).toBe(type);
      expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
      expect(await response.text()).toBe(body);
    }
    expect(CONSOLE_ASSETS.length).toBeGreaterThan(1);
    expect((await fetchOf(`${CONSOLE}/assets/other.js`)).status).toBe(404);
  });
});

describe("signing in", () => {
  beforeEach(setTokens);

  it("is asked for by a form that needs no script, and leads back to where one was", async () => {
    const response = await fetchOf(`${CONSOLE}/queues/push?state=due`);
    expect(response.status).toBe(401);
    const page = await response.text();
    expect(page).toContain(`<form method="post" action="${LOGIN}">`);
    expect(page).toContain(`name="then" value="${CONSOLE}/queues/push?state=due"`);
    expect(page).toContain(`<label for="token">`);
    expect(page).not.toContain("<script");
  });

  it("gives a session of half a day that only the server reads", async () => {
    const response = await signIn(" full-token\n", `${CONSOLE}/queues/push`);
    expect([response.status, response.headers.get("Location")]).toEqual([
      303,
      `${CONSOLE}/queues/push`,
    ]);
    expect(response.headers.get("Set-Cookie")).toMatch(
      /^taskqueue_session=dG9rZW4\.\d+\.[\w-]{43}; Path=\/_ah; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    const local = await signIn("full-token", CONSOLE, "http://127.0.0.1:8787");
    expect(local.headers.get("Set-Cookie")).not.toContain("Secure");
  });

  it("with a wrong token says so beside the field", async () => {
    const response = await signIn("wrong", `${CONSOLE}/cron`);
    expect([response.status, response.headers.get("Set-Cookie")]).toEqual([401, null]);
    const page = await response.text();
    expect(page).toContain(`aria-describedby="error hint"`);
    expect(page).toMatch(/<p id="error" role="alert">.*not the token/);
    expect(page).toContain(`value="${CONSOLE}/cron"`);
  });

  it.each([
    "https://evil.example/_ah/console",
    "//evil.example/_ah/console",
    "/\\evil.example",
    "/_ah/console/../../evil",
    "/_ah/console/%2e%2e/api/queues",
    "/_ah/consoles",
    "javascript:alert(1)",
    "/_ah/console/logout",
    "http://[",
  ])("leads nowhere but into the console: %s", async (then) => {
    expect((await signIn("full-token", then)).headers.get("Location")).toBe(CONSOLE);
  });

  it("shows what it was given as text", async () => {
    const hostile = `${CONSOLE}/"><script>alert(1)</script>'`;
    for (const response of [
      await signIn("wrong", hostile),
      await fetchOf(`${CONSOLE}/x?prefix="><script>alert(1)</script>`),
    ]) {
      expect(await response.text()).not.toMatch(/<script|[^=]"></);
    }
  });

  it("by a link with the token gives a session, and the same page without it", async () => {
    const response = await fetchOf(`${CONSOLE}/queues/push?key=read-token&state=due`);
    expect([response.status, response.headers.get("Location")]).toEqual([
      303,
      `${CONSOLE}/queues/push?state=due`,
    ]);
    expect(response.headers.get("Set-Cookie")).toMatch(/^taskqueue_session=cmVhZC10b2tlbg\./);
    const wrong = await fetchOf(`${CONSOLE}?key=wrong`);
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toMatch(/role="alert"/);
  });

  it("is not needed with a bearer token, which starts no session", async () => {
    const headers = { Authorization: "Bearer read-token" };
    const response = await fetchOf(CONSOLE, { headers });
    expect(await response.text()).toContain(
      `<body data-access="read" data-name="read-token" data-login="no">`,
    );
    expect(response.headers.get("Set-Cookie")).toBeNull();
  });
});

describe("a session", () => {
  beforeEach(setTokens);

  const pause = (Cookie: string, headers: Record<string, string>) =>
    fetchOf("/_ah/api/queues/push:pause", { method: "POST", headers: { Cookie, ...headers } });
  const list = (Cookie: string) => fetchOf("/_ah/api/queues", { headers: { Cookie } });

  it("opens the page and the API, as what its token may do", async () => {
    for (const [access, name, token] of [
      ["admin", "token", "full-token"],
      ["read", "read-token", "read-token"],
    ] as const) {
      const Cookie = `other=1; ${await sessionOf(token)}`;
      const page = await (await fetchOf(CONSOLE, { headers: { Cookie } })).text();
      expect(page).toContain(`<body data-access="${access}" data-name="${name}" data-login="yes">`);
      expect((await list(Cookie)).status).toBe(200);
      const changed = await pause(Cookie, SAME_ORIGIN);
      expect(changed.status).toBe(access === "admin" ? 200 : 403);
    }
    expect((await queue("push").describe()).state).toBe("paused");
  });

  it.each([
    {},
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: "http://queue.example.com" },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site", Origin: HOST },
    { "Sec-Fetch-Site": "none" },
  ])("changes nothing for a page of another origin: %j", async (headers) => {
    const Cookie = await sessionOf("full-token");
    const response = await pause(Cookie, headers as Record<string, string>);
    expect(await codeOf(response)).toEqual([403, "PERMISSION_DENIED"]);
    expect((await queue("push").describe()).state).toBe("running");
  });

  it("changes something for a page of its own that says so by Sec-Fetch-Site alone", async () => {
    const Cookie = await sessionOf("full-token");
    expect((await pause(Cookie, { "Sec-Fetch-Site": "same-origin" })).status).toBe(200);
  });

  it("does not hold once the token is another, or none is set", async () => {
    const sessions = [await sessionOf("full-token"), await sessionOf("read-token")];
    settings.TASKQUEUE_TOKEN = "new-token";
    settings.TASKQUEUE_READ_TOKEN = "full-token";
    for (const Cookie of sessions) {
      expect(await codeOf(await list(Cookie))).toEqual([401, "UNAUTHENTICATED"]);
    }
    delete settings.TASKQUEUE_TOKEN;
    expect((await list(sessions[0] as string)).status).toBe(401);
  });

  it("does not hold when it has expired, or was tampered with", async () => {
    const full = { name: "token", secret: "full-token", role: "admin" } as const;
    const reader = { name: "read-token", secret: "read-token", role: "read" } as const;
    const expired = await newSession(full, clock.now - 12 * 3600_000 - 1000);
    const [other] = (await newSession(full, clock.now)).split(".");
    const [name, expires, mac] = (await newSession(reader, clock.now)).split(".");
    for (const session of [expired, `${other}.${expires}.${mac}`, `${name}.${expires}9.${mac}`]) {
      expect((await list(`taskqueue_session=${session}`)).status).toBe(401);
    }
    expect((await list(`taskqueue_session=${name}.${expires}.${mac}`)).status).toBe(200);
  });

  it("does not help a wrong token along", async () => {
    const Cookie = await sessionOf("full-token");
    const headers = { Cookie, Authorization: "Bearer wrong" };
    expect((await fetchOf("/_ah/api/queues", { headers })).status).toBe(401);
  });

  it("has nothing to sign in for", async () => {
    const Cookie = await sessionOf("full-token");
    const response = await fetchOf(LOGIN, { headers: { Cookie } });
    expect([response.status, response.headers.get("Location")]).toEqual([303, CONSOLE]);
  });

  it("ends by signing out, which a page of another origin cannot do", async () => {
    const out = (headers: Record<string, string>) =>
      fetchOf(`${CONSOLE}/logout`, { method: "POST", headers });
    const response = await out(SAME_ORIGIN);
    expect([response.status, response.headers.get("Location")]).toEqual([303, CONSOLE]);
    expect(response.headers.get("Set-Cookie")).toMatch(
      /^taskqueue_session=; Path=\/_ah; Max-Age=0/,
    );
    const refused = await out({ Origin: "https://evil.example" });
    expect([refused.status, refused.headers.get("Set-Cookie")]).toEqual([403, null]);
  });
});
