// Tasks that leave the Worker, from a server started as a user starts it to one outside.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { expect, it, onTestFinished } from "vitest";
import { onWorkerd, type Server } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { type Outside, outsideServer } from "./outside.ts";
import { runningServer, temporaryDir } from "./support.ts";
import { UNTRUSTED } from "./untrusted.ts";

/** A server with these variables, and a queue without much of a limit. */
async function serverWith(vars: Record<string, string>): Promise<Server> {
  const given = Object.entries(vars).map(([name, value]) => `${name}:${value}`);
  const command = onWorkerd({ vars: given });
  const server = await runningServer({ stateDir: temporaryDir(), command });
  await put(server, "/_ah/api/queues/out", {
    name: "out",
    rate: "500/s",
    bucket_size: 100,
    retry_parameters: { min_backoff_seconds: 1 },
    extensions: { keep_failed: "1d" },
  });
  return server;
}

async function put(server: Server, path: string, body: object): Promise<void> {
  expect((await server.fetch(path, json("PUT", body))).status).toBe(200);
}

function json(method: string, body: object): RequestInit {
  const headers = { "Content-Type": "application/json" };
  return { method, headers, body: JSON.stringify(body) };
}

async function send(server: Server, ...tasks: object[]): Promise<number> {
  const response = await server.fetch("/_ah/api/queues/out/tasks", json("POST", { tasks }));
  return response.status;
}

async function lastAttempt(server: Server, name: string): Promise<Record<string, unknown>> {
  const task = await server.json<Record<string, object>>(`/_ah/api/queues/out/tasks/${name}`);
  return (task.lastAttempt ?? {}) as Record<string, unknown>;
}

const arrivals = (outside: Outside, count: number) =>
  until(`${count} requests outside`, 30, () => outside.arrived.length >= count);

it("has more than six requests open at once, each signed so that libraries accept it", async () => {
  const ALL = 20;
  // Nobody is answered before all are there: fewer at once would never end.
  const outside = await outsideServer((_, all) => {
    if (all.length === ALL) for (const { response } of all) response.end();
  });
  const [newer, older] = [0, 1].map(() => `whsec_${randomBytes(32).toString("base64")}`);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const issuer = "https://queues.example.com/_ah/oidc";
  const server = await serverWith({
    TASKQUEUE_ALLOW_HOSTS: outside.host,
    TASKQUEUE_SIGNING_SECRET: `${newer},${older}`,
    TASKQUEUE_OIDC_KEY: pem.trim().replaceAll("\n", "\\n"),
    TASKQUEUE_OIDC_ISSUER: issuer,
  });
  const oidcToken = { serviceAccountEmail: "queues@example.com" };
  const url = `${outside.origin}/hook?x=1`;
  const method = (i: number) => ["POST", "PUT", "PATCH"][i % 3];
  const tasks = Array.from({ length: ALL }, (_, i) => ({
    ...{ name: `t${i}`, url, method: method(i), payload: { i, text: "Zoë" }, oidcToken },
    headers: { "X-Own": `${i}`, Authorization: "replaced" },
  }));
  expect(await send(server, ...tasks)).toBe(200);
  await arrivals(outside, ALL);

  expect(await server.json("/_ah/oidc/.well-known/openid-configuration")).toMatchObject({
    issuer,
    jwks_uri: `${issuer}/jwks`,
  });
  const keySet = createLocalJWKSet(await server.json<JSONWebKeySet>("/_ah/oidc/jwks"));
  for (const { headers, body, method: used } of outside.arrived) {
    const { i } = JSON.parse(body) as { i: number };
    expect([used, headers["x-own"], headers["webhook-id"]]).toEqual([
      method(i),
      `${i}`,
      `out_t${i}`,
    ]);
    for (const secret of [newer, older]) {
      const said = new Webhook(secret as string).verify(body, headers as Record<string, string>);
      expect(said).toEqual({ i, text: "Zoë" });
    }
    const token = headers.authorization?.replace(/^Bearer /, "") ?? "";
    const { payload } = await jwtVerify(token, keySet, { issuer, audience: url });
    expect(payload).toMatchObject({ sub: "queues@example.com", email: "queues@example.com" });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  }
  await until("all done", 10, async () => (await lastAttempt(server, "t0")).status === 200);
});

it("does not deliver to a server whose certificate nobody trusts", async () => {
  let arrived = 0;
  const untrusted = createServer(UNTRUSTED, (_, response) => {
    arrived++;
    response.end();
  }).listen(0, "127.0.0.1");
  await once(untrusted, "listening");
  onTestFinished(() => void untrusted.close());
  const host = `127.0.0.1:${(untrusted.address() as AddressInfo).port}`;
  const server = await serverWith({ TASKQUEUE_ALLOW_HOSTS: host });
  expect(await send(server, { name: "t", url: `https://${host}/`, retry: { limit: 0 } })).toBe(200);
  await until("it failed for good", 20, async () => {
    return (await lastAttempt(server, "t")).error !== undefined;
  });
  expect(arrived).toBe(0);
});

it("gives up on a target that is silent at the deadline, and hangs up", async () => {
  const outside = await outsideServer(() => {});
  const server = await serverWith({ TASKQUEUE_ALLOW_HOSTS: outside.host });
  await send(server, { name: "silent", url: outside.origin, dispatchDeadline: 15 });
  await until("a second attempt", 40, () => outside.arrived.length === 2);
  const [first, second] = outside.arrived as [
    (typeof outside.arrived)[0],
    (typeof outside.arrived)[0],
  ];
  const hungUp = (first.hungUpAt as number) - first.at;
  expect(hungUp).toBeGreaterThanOrEqual(14_500);
  expect(hungUp).toBeLessThan(18_000);
  expect(second.at - (first.hungUpAt as number)).toBeGreaterThanOrEqual(500);
  expect((await lastAttempt(server, "silent")).error).toBe("no answer within its deadline of 15 s");
});

it("sends the tasks of a service to the origin that settings map it to", async () => {
  const outside = await outsideServer();
  const server = await serverWith({ TASKQUEUE_TARGETS: `app=${outside.origin}` });
  await send(server, { target: "v1.app", url: "/work", params: { a: "1" } }, { target: "app" });
  await arrivals(outside, 2);
  const shown = outside.arrived.map(({ method, url, body }) => `${method} ${url} ${body}`).sort();
  expect(shown).toEqual(["POST /_ah/queue/out ", "POST /work a=1"]);
  expect(outside.arrived[0]?.headers["x-appengine-queuename"]).toBe("out");
});
