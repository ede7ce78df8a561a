// Tasks that leave the Worker, to a real server beside it.
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { NO_SPEC } from "../../../src/core/task/task.ts";
import { answerAtDoors } from "../../../src/http/doors.ts";
import type { CloudQueues } from "../../../src/http/queue-service.ts";
import { type PushedTask, readTask } from "../../../src/index.ts";
import { deliveryOf } from "../../../src/objects/delivery/delivery.ts";
import type { QueueSettings } from "../../../src/objects/settings.ts";
import { clock, START } from "../../support/clock.ts";
import {
  crash,
  fire,
  freshStart,
  inObjects,
  objectsOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

const settings = env as QueueSettings;
/** All of that server: a target is an origin. Other files have a place of their own there. */
const outside = inject("outside").replace("127.0.0.1", "localhost");

interface Arrival {
  method: string;
  url: string;
  headers: Record<string, string | undefined>;
  rawHeaders: string[];
  body: string;
  hungUp: boolean;
}

async function ask<T = unknown>(path: string): Promise<T> {
  const text = await (await fetch(outside + path)).text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const arrivals = () => ask<Arrival[]>("/arrived/");

/** Settings as of now: objects are made anew, for they read theirs on start. */
async function set(given: QueueSettings): Promise<void> {
  Object.assign(settings, given);
  await crash();
}

beforeEach(async () => {
  await freshStart();
  await set({ TASKQUEUE_ALLOW_HOSTS: "localhost" });
  await ask("/clear/");
});

afterEach(() => {
  for (const name of Object.keys(settings).filter((it) => it.startsWith("TASKQUEUE_"))) {
    delete (settings as Record<string, unknown>)[name];
  }
});

/** Lets the queue look at its clock while an attempt is held. */
async function tick(): Promise<void> {
  const { name } = await queue("push").add({ url: "/tick" });
  await fire("push");
  await until(() => received.some(({ headers }) => headers.get("X-AppEngine-TaskName") === name));
}

/** What comes outside of one task by its first attempt. */
async function arrivalOf(task: object): Promise<Arrival> {
  await queue("push").add(task);
  await pass("push", 0);
  return (await arrivals())[0] as Arrival;
}

describe("a request to the outside", () => {
  it.each(["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] as const)(
    "is made by %s, with the url, headers and body of the task",
    async (method) => {
      const hasBody = ["POST", "PUT", "PATCH"].includes(method);
      const url = `${outside}/a%20b/%zz?x=1&x=2`;
      const task = {
        method,
        url,
        headers: { "X-Own": ["1", "2"] },
        ...(hasBody && { payload: "é" }),
      };
      const { headers, ...arrival } = await arrivalOf(task);
      expect([arrival.method, arrival.url]).toEqual([method, "/a%20b/%zz?x=1&x=2"]);
      expect(arrival.body).toBe(hasBody ? "é" : "");
      expect(headers["content-type"]).toBe(hasBody ? "text/plain; charset=utf-8" : undefined);
      expect(headers["x-own"]).toBe("1, 2");
      expect(headers["x-appengine-queuename"]).toBe("push");
      expect(Object.keys(headers).filter((name) => name.startsWith("webhook"))).toEqual([]);
    },
  );

  it.each([
    [301, "; this one leads to /elsewhere"],
    [302, "; this one leads to /elsewhere"],
    [307, "; this one leads to /elsewhere"],
    [308, "; this one leads to /elsewhere"],
  ])("is not sent on by a %i, which is a failure that says so", async (status, leadsTo) => {
    const url = `${outside}/?status=${status}&to=/elsewhere`;
    await queue("push").add({ name: "moved", url, retry: { limit: 0 } });
    await pass("push", 1);
    expect(await arrivals()).toHaveLength(1);
    const { state, lastAttempt } = await queue("push").get("moved");
    expect(state).toBe("failed");
    expect(lastAttempt).toMatchObject({ status, error: `redirects are not followed${leadsTo}` });
  });

  it("to a port where nobody listens is an attempt nobody answered", async () => {
    await set({ TASKQUEUE_ALLOW_HOSTS: "localhost" });
    await queue("push").add({ name: "n1", url: "http://localhost:1/", retry: { limit: 0 } });
    await pass("push", 1);
    const { state, lastAttempt } = await queue("push").get("n1");
    expect(state).toBe("failed");
    expect(lastAttempt).not.toHaveProperty("status");
    expect(lastAttempt?.error).not.toBe("");
  });

  it("is not made to a host that was allowed when the task was added and no longer is", async () => {
    await queue("push").add({ name: "n1", url: `${outside}/`, retry: { limit: 0 } });
    await set({ TASKQUEUE_ALLOW_HOSTS: "!localhost" });
    await pass("push", 1);
    expect(await arrivals()).toEqual([]);
    const { host } = new URL(outside);
    expect((await queue("push").get("n1")).lastAttempt?.error).toBe(
      `not called: TASKQUEUE_ALLOW_HOSTS refuses the host ${host}`,
    );
  });

  it("takes up to its deadline of half an hour, and is hung up on then", async () => {
    const url = `${outside}/?hold`;
    await queue("push").add({ name: "long", url, dispatchDeadline: 1800, retry: { limit: 0 } });
    await fire("push");
    await until(async () => (await arrivals()).length === 1);
    clock.now += 1_799_000;
    await tick();
    expect((await queue("push").get("long")).state).toBe("running");
    clock.now += 1_000;
    await tick();
    await until(async () => (await queue("push").get("long")).state === "failed");
    await until(async () => (await arrivals())[0]?.hungUp === true);
    expect((await queue("push").get("long")).lastAttempt?.error).toBe(
      "no answer within its deadline of 1800 s",
    );
  });
});

describe("an attempt whose queue goes away", () => {
  it("is hung up on, and the task goes out again", async () => {
    await queue("push").add({ name: "n1", url: `${outside}/?hold` });
    await fire("push");
    await until(async () => (await arrivals()).length === 1);
    // From a quarter of a second on an attempt listens for its end.
    await scheduler.wait(400);
    await inObjects(objectsOf("push"), (state) => state.abort("gone")).catch(() => {});
    await until(async () => (await arrivals())[0]?.hungUp === true);
    await fire("push");
    await until(async () => (await arrivals()).length === 2);
    await ask("/release/");
    await until(async () => (await queue("push").get("n1")).state === "done");
  });
});

describe("many at once", () => {
  const busy = queue("unlimited");
  const many = (count: number) =>
    busy.add(Array.from({ length: count }, () => ({ url: `${outside}/?hold` })));
  const objects = async () => {
    const { EGRESS } = env as unknown as { EGRESS: DurableObjectNamespace };
    return (await listDurableObjectIds(EGRESS)).length;
  };

  it("go out six from an object, and from no more objects than that takes", async () => {
    await busy.add({});
    await pass("unlimited", 1);
    const before = await objects();
    let all = 0;
    for (const count of [13, 18, 7]) {
      all += count;
      await many(count);
      await fire("unlimited");
      await until(async () => (await arrivals()).length === all);
      await ask("/release/");
      await until(async () => (await busy.describe()).statistics.tasks === 0);
    }
    expect((await objects()) - before).toBe(3);
  });
});

describe("signed with a secret", () => {
  const secrets = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];
  const [first, second] = secrets.map((secret) => `whsec_${secret}`) as [string, string];

  beforeEach(() => {
    vi.useFakeTimers({ now: START, toFake: ["Date"] });
    return () => void vi.useRealTimers();
  });

  it.each([
    ["text", { payload: "Zoë" }],
    ["JSON", { payload: { a: "Zoë" } }],
    ["params", { params: { a: "1 2" } }],
    ["nothing", {}],
  ])("a body of %s is verified by each of two secrets, and by no other", async (type, content) => {
    await set({ TASKQUEUE_SIGNING_SECRET: `${first}, ${second}` });
    const { headers, body } = await arrivalOf({ name: "n1", url: `${outside}/`, ...content });
    expect(headers).toMatchObject({
      "webhook-id": "push_n1",
      "webhook-timestamp": `${START / 1000}`,
    });
    const given = headers as Record<string, string>;
    const signatures = given["webhook-signature"]?.split(" ");
    for (const secret of [first, second]) {
      const verifier = new Webhook(secret);
      expect(signatures).toContain(verifier.sign("push_n1", new Date(START), body));
      // The library reads what it has verified as JSON.
      if (type === "JSON") expect(verifier.verify(body, given)).toEqual({ a: "Zoë" });
    }
    const stranger = new Webhook(`whsec_${btoa("x".repeat(32))}`);
    expect(() => stranger.verify(body, given)).toThrow("No matching signature");
    expect(() => new Webhook(first).verify(`${body}x`, given)).toThrow("No matching signature");
  });

  it("has the id of the attempt before, and a time of its own", async () => {
    await set({ TASKQUEUE_SIGNING_SECRET: first });
    await queue("push").add({
      name: "n1",
      url: `${outside}/?status=500`,
      retry: { limit: 1, minBackoff: 9 },
    });
    await pass("push", 10);
    const said = (await arrivals()).map(({ headers }) => [
      headers["webhook-id"],
      Number(headers["webhook-timestamp"]) - START / 1000,
    ]);
    expect(said).toEqual([
      ["push_n1", 0],
      ["push_n1", 9],
    ]);
  });

  it.each([
    ["whsec_"],
    ["whsec_dG9vIHNob3J0"],
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    [`${first} whsec_%`],
  ])(
    "that is none (%s) sends nothing, and the attempt says so without the secret",
    async (secret) => {
      await set({ TASKQUEUE_SIGNING_SECRET: secret });
      expect(await arrivalOf({ name: "n1", url: `${outside}/` })).toBeUndefined();
      const { error = "" } = (await queue("push").get("n1")).lastAttempt ?? {};
      expect(error).toMatch(
        /^not called: TASKQUEUE_SIGNING_SECRET: secret [12] of [12] is not whsec_ and the base64 of 24 to 64 bytes$/,
      );
    },
  );

  it("leaves the Worker's own routes as they are", async () => {
    await set({ TASKQUEUE_SIGNING_SECRET: first });
    await queue("push").add({});
    await pass("push", 1);
    expect([...(received[0]?.headers.keys() ?? [])].join()).not.toContain("webhook");
  });
});

describe("an identity token", () => {
  const issuer = "https://queues.example.com/_ah/oidc";
  const oidcToken = { serviceAccountEmail: "queues@example.com" };
  const url = `${outside}/hook?x=1`;
  const keys = Promise.all(
    [1, 2].map(async () => {
      const { privateKey } = await generateKeyPair("RS256", { extractable: true });
      return exportPKCS8(privateKey);
    }),
  );

  const documents = async (path: string, host = "https://queues.example.com") => {
    const queues = () => ({ get: queue }) as unknown as CloudQueues;
    const request = new Request(`${host}/_ah/oidc${path}`);
    return (await answerAtDoors(request, { settings, queues, now: clock.now }, [])) as Response;
  };

  it("is signed by the first key, and checked with what is published", async () => {
    const [pem, next] = (await keys) as [string, string];
    await set({ TASKQUEUE_OIDC_KEY: `${pem}\n${next}`, TASKQUEUE_OIDC_ISSUER: issuer });
    const { headers } = await arrivalOf({ url, oidcToken, headers: { authorization: "mine" } });
    const discovery = await (await documents("/.well-known/openid-configuration")).json<{
      issuer: string;
      jwks_uri: string;
    }>();
    expect(discovery).toMatchObject({ issuer, jwks_uri: `${issuer}/jwks` });
    const published = await (await documents("/jwks")).json<{
      keys: { d?: string; kid: string }[];
    }>();
    expect(published.keys).toHaveLength(2);
    expect(published.keys.every(({ d }) => d === undefined)).toBe(true);
    const keySet = createLocalJWKSet(published as never);
    const token = headers.authorization?.slice("Bearer ".length) ?? "";
    const currentDate = new Date(START);
    const options = { issuer, audience: url, currentDate, algorithms: ["RS256"] };
    const { payload, protectedHeader } = await jwtVerify(token, keySet, options);
    expect(payload).toEqual({
      ...{ iss: issuer, aud: url, iat: START / 1000, exp: START / 1000 + 300 },
      ...{ sub: "queues@example.com", azp: "queues@example.com" },
      ...{ email: "queues@example.com", email_verified: true },
    });
    expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT", kid: published.keys[0]?.kid });
    const later = { ...options, currentDate: new Date(START + 301_000) };
    await expect(jwtVerify(token, keySet, later)).rejects.toThrow("exp");
  });

  it("speaks to the audience that was asked for, and no other task carries it", async () => {
    const [pem = ""] = await keys;
    await set({
      TASKQUEUE_OIDC_KEY: pem.replaceAll("\n", "\\n"),
      TASKQUEUE_OIDC_ISSUER: `${issuer}/`,
    });
    const audience = "https://else.example.com";
    await queue("push").add([{ url, oidcToken: { ...oidcToken, audience } }, { url }]);
    await pass("push", 1);
    const tokens = (await arrivals()).map(({ headers }) => headers.authorization);
    expect(tokens.filter((token) => token === undefined)).toHaveLength(1);
    const token = tokens.find((it) => it !== undefined) ?? "";
    expect(decodeJwt(token.slice("Bearer ".length))).toMatchObject({ iss: issuer, aud: audience });
  });

  it("cannot be asked for outside while there is nothing to sign it with, nor read about", async () => {
    await expect(queue("push").add({ url, oidcToken })).rejects.toThrow(
      "TASKQUEUE_OIDC_KEY and TASKQUEUE_OIDC_ISSUER, which sign it, are not set",
    );
    const [status, { error }] = await Promise.all([documents("/jwks"), documents("/jwks")]).then(
      async ([one, two]) => [one.status, await two.json<{ error: { message: string } }>()] as const,
    );
    expect(status).toBe(404);
    expect(error.message).toContain("set TASKQUEUE_OIDC_KEY and TASKQUEUE_OIDC_ISSUER");
    await queue("push").add({ oidcToken });
    await pass("push", 1);
    expect(received[0]?.headers.get("Authorization")).toBeNull();
  });

  it.each([
    ["not a key", "found no PEM block"],
    [
      "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
      'found "RSA PRIVATE KEY", expected "PRIVATE KEY" (openssl pkcs8 -topk8 -nocrypt makes one)',
    ],
    ["-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "expected RSA private keys"],
  ])("is not signed with %j", async (key, why) => {
    await set({ TASKQUEUE_OIDC_KEY: key, TASKQUEUE_OIDC_ISSUER: issuer });
    expect(await arrivalOf({ name: "n1", url, oidcToken })).toBeUndefined();
    expect((await queue("push").get("n1")).lastAttempt?.error).toContain(
      `not called: oidcToken: TASKQUEUE_OIDC_KEY: ${why}`,
    );
  });

  it("is not signed in the name of an issuer that is no url", async () => {
    const [pem = ""] = await keys;
    await set({ TASKQUEUE_OIDC_KEY: pem, TASKQUEUE_OIDC_ISSUER: "your.worker" });
    expect(await arrivalOf({ name: "n1", url, oidcToken })).toBeUndefined();
    expect((await queue("push").get("n1")).lastAttempt?.error).toBe(
      'not called: oidcToken: TASKQUEUE_OIDC_ISSUER: found "your.worker", expected a url such as https://your.worker/_ah/oidc',
    );
  });

  it("has no other documents", async () => {
    expect((await documents("/keys")).status).toBe(404);
  });
});

describe("a target", () => {
  it.each([
    ["app=ORIGIN", { target: "app" }],
    ["app=ORIGIN", { target: "v1.app" }],
    ["v1.app=ORIGIN, app=Backend", { target: "v1.app" }],
    ["backend=ORIGIN", { target: "backend" }],
    ["default=ORIGIN/", {}],
  ])("mapped by %s takes a task with %j to the origin", async (setting, task) => {
    await set({ TASKQUEUE_ALLOW_HOSTS: "", TASKQUEUE_TARGETS: setting.replace("ORIGIN", outside) });
    const arrival = await arrivalOf({ ...task, url: "/x/y", params: { a: "1" } });
    expect([arrival.url, arrival.body]).toEqual(["/x/y", "a=1"]);
    expect(received).toEqual([]);
  });

  it("mapped to an entrypoint by the settings goes there, a task without one to the Worker", async () => {
    await set({ TASKQUEUE_TARGETS: "app=Backend" });
    await queue("results").add([{ name: "a", target: "app" }, { name: "b" }]);
    await pass("results", 1);
    expect((await queue("results").get("a")).result).toBe("from the backend");
    expect((await queue("results").get("b")).result).toBe("ok");
  });

  it.each([
    ["app=Nobody", 'target: this Worker has no service binding and no entrypoint "Nobody"'],
    ["app=https://example.com/path", 'target "app": found "https://example.com/path", expected'],
    ["app=ftp://example.com", 'target "app": found "ftp://example.com", expected'],
    ["app", 'target "app": found "", expected'],
  ])("mapped by %s runs nothing, and says why", async (setting, why) => {
    await set({ TASKQUEUE_TARGETS: setting });
    await queue("push").add({ name: "n1", target: "app", retry: { limit: 0 } });
    await pass("push", 1);
    expect(received).toEqual([]);
    expect((await queue("push").get("n1")).lastAttempt?.error).toContain(why);
  });
});

describe("in the dialect", () => {
  const withCloud = ({ headers }: Arrival) =>
    Object.entries(headers).filter(([name]) => name.startsWith("x-cloudtasks-"));
  const statuses = [503, 404, 429, 500, 302];
  const byStatus = () => {
    let calls = 0;
    handlers.set("/h", () => new Response(null, { status: statuses[calls++] ?? 200 }));
  };
  const said = (prefix: string) =>
    received.map(({ headers }) =>
      ["TaskRetryCount", "TaskExecutionCount", "TaskPreviousResponse", "TaskRetryReason"].map(
        (name) => headers.get(prefix + name),
      ),
    );

  it("cloudtasks headers are named so, and nothing is given a type", async () => {
    const headers = { "User-Agent": "mine", "X-CloudTasks-QueueName": "forged", "X-Own": "1" };
    const task = {
      name: "n1",
      url: `${outside}/`,
      payload: "text",
      headers,
      dialect: "cloudtasks",
    };
    const arrival = await arrivalOf(task);
    expect(Object.fromEntries(withCloud(arrival))).toEqual({
      "x-cloudtasks-queuename": "push",
      "x-cloudtasks-taskname": "n1",
      "x-cloudtasks-taskretrycount": "0",
      "x-cloudtasks-taskexecutioncount": "0",
      "x-cloudtasks-tasketa": (START / 1000).toFixed(6),
    });
    expect(arrival.rawHeaders).toContain("X-CloudTasks-QueueName");
    expect(arrival.headers).toMatchObject({ "user-agent": "Google-Cloud-Tasks", "x-own": "1" });
    expect(arrival.headers).not.toHaveProperty("content-type");
    expect(Object.keys(arrival.headers).join()).not.toContain("x-appengine");
    expect(arrival.body).toBe("text");
  });

  it("cloudtasks the counts leave out what was answered with 5xx", async () => {
    byStatus();
    await queue("push").add({ url: "/h", dialect: "cloudtasks" });
    await pass("push", 10);
    expect(said("X-CloudTasks-")).toEqual([
      ["0", "0", null, null],
      ["1", "0", "503", ""],
      ["2", "1", "404", ""],
      ["3", "2", "429", ""],
      ["4", "2", "500", ""],
      ["5", "3", "302", ""],
    ]);
  });

  it("cloudtasks-appengine the counts are of all, and the reasons in its words", async () => {
    byStatus();
    await queue("push").add({ url: "/h?q=1", payload: "x", dialect: "cloudtasks-appengine" });
    await pass("push", 10);
    expect(said("X-AppEngine-").slice(0, 3)).toEqual([
      ["0", "0", null, null],
      ["1", "1", "503", "App Error"],
      ["2", "2", "404", "App Error"],
    ]);
    expect(received[0]?.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(received[0]?.url.search).toBe("?q=1");
  });

  it.each([
    ["cloudtasks", "X-CloudTasks-", ["1", "0", "504", ""]],
    ["cloudtasks-appengine", "X-AppEngine-", ["1", "0", "0", "Instance Unavailable"]],
  ] as const)(
    "%s an attempt without an answer has a status, too",
    async (dialect, prefix, headers) => {
      let calls = 0;
      handlers.set("/h", async ({ signal }) => {
        if (calls++ === 0) while (!signal.aborted) await scheduler.wait(2);
        return new Response();
      });
      await queue("push").add({ url: "/h", dialect, dispatchDeadline: 15 });
      await fire("push");
      await until(() => received.length === 1);
      clock.now += 15_000;
      await tick();
      await pass("push", 10);
      expect(said(prefix).at(-1)).toEqual(headers);
    },
  );

  it("cloudtasks a task on an own route is read as any other", async () => {
    const read: PushedTask[] = [];
    handlers.set("/_ah/queue/push", async (request) => {
      read.push(await readTask(request));
      return new Response();
    });
    await queue("push").add({ name: "n1", payload: { a: 1 }, dialect: "cloudtasks" });
    await pass("push", 1);
    expect(read[0]).toMatchObject({ queue: "push", name: "n1", payload: { a: 1 }, retryCount: 0 });
    expect(read[0]?.eta).toEqual(new Date(START));
  });

  it.each([
    ["cloudtasks", null],
    ["cloudtasks-appengine", "application/octet-stream"],
  ] as const)("%s a text on an own route has the type %s", async (dialect, type) => {
    await queue("push").add({ payload: "text", dialect });
    await pass("push", 1);
    expect(received[0]?.headers.get("Content-Type")).toBe(type);
    expect(received[0]?.body).toBe("text");
  });

  it("cloudtasks an answer of 429 slows the queue, as 503 does; without, it does not", async () => {
    handlers.set("/h", () => new Response(null, { status: 429 }));
    const rates: (number | null)[] = [];
    for (const dialect of [undefined, "cloudtasks"] as const) {
      // So many that each shard has some, where the queue has several.
      const task = { url: "/h", retry: { limit: 0 }, ...(dialect && { dialect }) };
      await Promise.all(Array.from({ length: 8 }, () => queue("push").add(task)));
      await pass("push", 1);
      rates.push((await queue("push").describe()).statistics.enforcedRate);
    }
    expect(rates[0]).toBe(500);
    expect(rates[1]).toBeLessThan(500);
  });
});

it("what only a dialect tells travels with tasks of a dialect alone", () => {
  const attempts = [{ startedAt: 1, endedAt: 2, status: 503 }];
  const progress = { retryCount: 1, executionCount: 1, serverErrorCount: 1, attempts };
  const task = { name: "n", named: true, createdAt: 0, due: 0, body: undefined, progress };
  const usual = deliveryOf({ ...task, spec: NO_SPEC }, 1, { name: "push" });
  expect(usual).toEqual({
    ...{ queue: "push", name: "n", attempt: 1, due: 0 },
    progress: { retryCount: 1, executionCount: 1 },
  });
  const spec = { dialect: "cloudtasks" } as const;
  expect(deliveryOf({ ...task, spec }, 1, { name: "push" }).progress).toEqual({
    ...{ retryCount: 1, executionCount: 1 },
    ...{ serverErrorCount: 1, wasAnswered: true },
  });
});
