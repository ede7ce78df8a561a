// Alerts over HTTP: the list of all queues, what roles may, a test with its entry in the audit, and metrics.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ListedAlert } from "../../src/core/alerts/alert-view.ts";
import { clearOutside, deployAlerts, hook, messages } from "../support/alerts.ts";
import { START } from "../support/clock.ts";
import { logged } from "../support/log.ts";
import { crash, freshStart, pass, queue, until } from "../support/time.ts";
import { received } from "../support/worker.ts";

const settings = env as Record<string, unknown>;
const own = (exports as unknown as { default: Fetcher }).default;

beforeEach(async () => {
  await freshStart();
  Object.assign(settings, {
    TASKQUEUE_ALLOW_HOSTS: "127.0.0.1",
    TASKQUEUE_SIGNING_SECRET: `whsec_${btoa("a secret of twenty-four bytes")}`,
    TASKQUEUE_TOKENS: [
      { name: "anna", secret: "anna", role: "admin" },
      { name: "ben", secret: "ben", role: "operate" },
      { name: "cleo", secret: "cleo", role: "read" },
      { name: "shop", secret: "shop", role: "admin", queues: ["push"] },
    ],
  });
  await crash();
  await clearOutside();
});
afterEach(() => {
  for (const name of Object.keys(settings).filter((it) => it.startsWith("TASKQUEUE_")))
    delete settings[name];
});

async function ask(who: string, path: string, method = "GET") {
  const response = await own.fetch(`https://q.example.com${path}`, {
    ...{ method, headers: { Authorization: `Bearer ${who}` } },
  });
  return { status: response.status, text: await response.text() };
}

const alertsFor = async (who: string): Promise<ListedAlert[]> =>
  JSON.parse((await ask(who, "/_ah/api/alerts")).text).alerts;

const TEST = "/_ah/api/queues/paced/alerts/slow:test";

it("lists those of all queues that a token may see, and whether they are on in metrics and the log", async () => {
  const lines = await logged("warn");
  deployAlerts("paced", [{ name: "slow", oldest_due_older_than: "1m", send: hook("/secret") }]);
  await queue("paced").pause();
  await queue("paced").add({});
  await pass("paced", 60);
  await until(async () => (await alertsFor("cleo"))[0]?.lastSent !== undefined);
  const since = new Date(START + 60_000).toISOString();
  expect(await alertsFor("cleo")).toEqual([
    {
      ...{ queue: "paced", name: "slow", when: "oldest_due_older_than 1m" },
      ...{ to: new URL(hook()).origin, state: "begun", since, pending: 0 },
      lastSent: { event: "begun", at: since },
    },
  ]);
  expect(await alertsFor("shop")).toEqual([]);
  expect((await ask("cleo", "/_ah/metrics")).text).toMatch(
    /^taskqueue_alert_active\{queue="paced",alert="slow"\} 1$/m,
  );
  expect(lines.filter(({ event }) => event.startsWith("alert"))).toEqual([
    {
      ...{ level: "warn", event: "alert_begun", queue: "paced", alert: "slow" },
      message: 'queue "paced": the oldest due task has waited 60s, the limit is 1m',
    },
  ]);
});

it("a test is for who operates, is answered with what came of it, and is in the audit", async () => {
  deployAlerts("paced", [{ name: "slow", oldest_due_older_than: "1m", send: hook() }]);
  expect((await ask("cleo", TEST, "POST")).status).toBe(403);
  expect((await ask("shop", TEST, "POST")).status).toBe(403);
  const { status, text } = await ask("ben", TEST, "POST");
  expect(status).toBe(200);
  const [sent] = await messages(1);
  expect(JSON.parse(text)).toEqual({
    ...{ queue: "paced", alert: "slow", id: sent?.id, sent: true, status: 200 },
  });
  const unknown = await ask("ben", TEST.replace("slow", "none"), "POST");
  expect([unknown.status, JSON.parse(unknown.text).error.message]).toEqual([
    ...[400, 'alert: found "none", expected slow'],
  ]);
  const { entries } = JSON.parse((await ask("anna", "/_ah/api/audit")).text);
  // The same of the same person within a minute share an entry.
  expect(entries).toMatchObject([
    { who: "ben", what: "alert_test", queue: "paced", acts: 2, error: "INVALID_REQUEST" },
  ]);
  expect(received).toEqual([]);
});

it("a queue that is removed forgets them, and one of its name begins anew", async () => {
  const body = JSON.stringify({
    ...{ rate: "1/s", extensions: { alerts: [{ oldest_due_older_than: "1m", send: hook() }] } },
  });
  const define = () =>
    own.fetch("https://q.example.com/_ah/api/queues/made", {
      ...{ method: "PUT", headers: { Authorization: "Bearer anna" }, body },
    });
  expect((await define()).status).toBe(200);
  await queue("made").pause();
  await queue("made").add({ name: "a" });
  await pass("made", 60);
  await until(async () => (await alertsFor("cleo"))[0]?.lastSent !== undefined);
  expect((await ask("anna", "/_ah/api/queues/made", "DELETE")).status).toBe(200);
  expect(await alertsFor("cleo")).toEqual([]);
  expect((await define()).status).toBe(200);
  const [alert] = await alertsFor("cleo");
  expect(alert).toMatchObject({ state: "quiet", pending: 0 });
  expect(alert).not.toHaveProperty("lastSent");
  expect((await messages(1)).length).toBe(1);
});
