// An alert whose message is under way when everything is killed, and the page's receiver.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { freePort, onWorkerd, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import type { AlertTest, AlertView } from "../../src/core/alerts/alert-view.ts";
import { blocksOf } from "../support/pages.ts";
import { temporaryState } from "./console/state.ts";
import { outsideServer } from "./outside.ts";
import { temporaryDir } from "./support.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
const QUEUE = "/_ah/api/queues/watched";

const state = temporaryState();
let server: Server;
afterAll(() => server?.stop());

function start(): Promise<Server> {
  const vars = ["TASKQUEUE_ALLOW_HOSTS:127.0.0.1", `TASKQUEUE_SIGNING_SECRET:${SECRET}`];
  const command = onWorkerd({ vars });
  return startServer({ stateDir: state.dir, command });
}

async function define(url: string): Promise<void> {
  const alerts = [{ oldest_due_older_than: "1s", send: url, name: "slow" }];
  const body = JSON.stringify({ rate: "1/s", extensions: { alerts } });
  expect((await server.fetch(QUEUE, { method: "PUT", body })).status).toBe(200);
}

async function alertOf(): Promise<AlertView | undefined> {
  return (await server.json<{ alerts: AlertView[] }>(QUEUE)).alerts[0];
}

it("killed with -9 while a message waits for its answer, it is sent again under its id, and no other", async () => {
  let answers = false;
  const outside = await outsideServer(({ response }) => {
    if (answers) response.end();
  });
  server = await start();
  await define(`${outside.origin}/hook`);
  await server.fetch(`${QUEUE}:pause`, { method: "POST" });
  await server.fetch(`${QUEUE}/tasks`, { method: "POST", body: "x" });
  await until("the message", 30, () => outside.arrived.length > 0);
  await server.kill();
  answers = true;
  server = await start();
  await until("its answer", 60, async () => (await alertOf())?.pending === 0);
  expect(await alertOf()).toMatchObject({ state: "begun", lastSent: { event: "begun" } });
  const seen = outside.arrived.map(({ headers, body }) => `${headers["webhook-id"]} ${body}`);
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen).size).toBe(1);
});

it("the page's receiver takes what is signed, and nothing else", async () => {
  const dir = temporaryDir();
  const [snippet] = blocksOf("docs/alerts.md").filter(({ language }) => language === "js");
  // The package is the repository's.
  const text = snippet?.text.replace('"standardwebhooks"', JSON.stringify(packageOf())) ?? "";
  writeFileSync(join(dir, "receiver.mjs"), text);
  const port = await freePort();
  const env = { ...process.env, PORT: `${port}`, OPS_WEBHOOK_SECRET: SECRET };
  const receiver = spawn(process.execPath, [join(dir, "receiver.mjs")], { env });
  onTestFinished(() => void receiver.kill());
  let said = "";
  for (const stream of [receiver.stdout, receiver.stderr])
    stream.on("data", (data) => (said += data));
  const url = `http://127.0.0.1:${port}/`;
  const post = () => fetch(url, { method: "POST", body: "{}" }).then(({ status }) => status);
  await until("the receiver", 20, () => post().then(...[() => true, () => false]));
  expect(await post()).toBe(401);
  await define(url);
  const path = `${QUEUE}/alerts/slow:test`;
  const answer = await server.json<AlertTest>(path, { method: "POST" });
  expect(answer).toMatchObject({ sent: true, status: 204 });
  await until("its line", 10, () => /^alert\.test queue "watched": a test of/m.test(said));
  receiver.kill();
  await once(receiver, "exit");
});

function packageOf(): string {
  return new URL("node_modules/standardwebhooks/dist/index.js", `file://${ROOT}`).href;
}
