// The scripts of examples/moving: what waits elsewhere is printed as tasks, and added here once, however often.
import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { peerPackage } from "../../bench/peers/packages.ts";
import { startPostgres } from "../../bench/peers/postgres.ts";
import { endServer, freePort, programOf, startServer } from "../../bench/peers/server.ts";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { PARENT, queueName, serverOfFile, tasksClient } from "./google-clients.ts";
import { CLI, temporaryDir } from "./support.ts";

const exec = promisify(execFile);
const PEERS = join(ROOT, "bench/peers/node_modules");
const server = serverOfFile();

const HOUR_MS = 3_600_000;

/** What a script prints, beside the packages it needs. */
async function printed(script: string, modules: string, args: string[], env = {}) {
  const dir = temporaryDir();
  symlinkSync(modules, join(dir, "node_modules"));
  copyFileSync(join(ROOT, "examples/moving", script), join(dir, script));
  const options = { env: { ...quietEnv(), ...env } };
  return (await exec(process.execPath, [join(dir, script), ...args], options)).stdout;
}

/** Adds them; what the command says, and the exit. */
function added(lines: string) {
  const args = [CLI, "add", "inbox", "--from", "-", "--url", server().url];
  const options = { input: lines, env: quietEnv(), encoding: "utf8" } as const;
  const { stdout, status, stderr } = spawnSync(process.execPath, args, options);
  return { stdout, status, stderr };
}

const tasksIn = (lines: string) =>
  lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

it("Cloud Tasks: names, times, requests", async () => {
  const client = tasksClient(server());
  await client.createQueue({ parent: PARENT, queue: { name: queueName("old") } });
  const seconds = Math.floor(Date.now() / 1000) + 3600;
  for (const name of ["a", "b"]) {
    const httpRequest = {
      url: "https://example.com/hook",
      httpMethod: "PUT" as const,
      headers: { "X-Own": name },
      body: Buffer.from(`body of ${name}`).toString("base64"),
    };
    const task = {
      name: `${queueName("old")}/tasks/${name}`,
      httpRequest,
      scheduleTime: { seconds },
    };
    await client.createTask({ parent: queueName("old"), task });
  }
  const lines = await printed(
    "from-cloud-tasks.mjs",
    join(ROOT, "node_modules"),
    [queueName("old")],
    { CLOUD_TASKS_URL: server().url },
  );
  expect(tasksIn(lines)).toEqual(
    ["a", "b"].map((name) => ({
      ...{ name, url: "https://example.com/hook", method: "PUT", headers: { "X-Own": name } },
      payloadBase64: Buffer.from(`body of ${name}`).toString("base64"),
      eta: new Date(seconds * 1000).toISOString(),
      dispatchDeadline: 600,
    })),
  );
});

const redis = programOf("redis-server");
const hasPeers = existsSync(join(PEERS, "bullmq"));

describe.skipIf(!redis || !hasPeers)(
  "BullMQ (needs redis-server, and the packages of bench/peers)",
  () => {
    interface Queue {
      add(name: string, data: object, options?: object): Promise<unknown>;
      pause(): Promise<void>;
      close(): Promise<void>;
    }

    it("jobs that wait, are delayed, or have a priority", async () => {
      const port = await freePort();
      const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""];
      const child = await startServer(redis as string, args, async () => true);
      try {
        const { Queue } = peerPackage<{ Queue: new (name: string, options: object) => Queue }>(
          "bullmq",
        );
        const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
        const queue = new Queue("mail", { connection });
        await queue.add("welcome", { to: "you" }, { attempts: 3 });
        await queue.add("later", { to: "me" }, { delay: HOUR_MS });
        await queue.add("first", { to: "us" }, { priority: 1 });
        await queue.pause();
        await queue.close();
        const url = `redis://127.0.0.1:${port}`;
        const lines = await printed("from-bullmq.mjs", PEERS, ["mail", url]);
        const tasks = tasksIn(lines).sort((a, b) => (a.name < b.name ? -1 : 1));
        expect(tasks).toMatchObject([
          { name: "bullmq-mail-1", payload: { to: "you" }, retry: { limit: 2 } },
          { name: "bullmq-mail-2", headers: { "X-Job-Name": "later" }, eta: expect.any(String) },
          { name: "bullmq-mail-3", payload: { to: "us" }, priority: 5 },
        ]);
      } finally {
        await endServer(child, "SIGTERM");
      }
    });
  },
);

const postgres = programOf("postgres", ["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin"]);

describe.skipIf(!postgres || !hasPeers)(
  "pg-boss (needs PostgreSQL, and the packages of bench/peers)",
  () => {
    interface Boss {
      on(event: "error", listener: () => void): void;
      start(): Promise<unknown>;
      createQueue(name: string): Promise<void>;
      send(name: string, data: object, options?: object): Promise<unknown>;
      stop(options: object): Promise<void>;
    }

    it("jobs that wait, and those for later; twice is once", async () => {
      const running = await startPostgres();
      if (!running) throw new Error("PostgreSQL did not start");
      try {
        const at = (await running.database("moving")) as Record<string, string>;
        const { PgBoss } = peerPackage<{ PgBoss: new (options: object) => Boss }>("pg-boss");
        const boss = new PgBoss(at);
        boss.on("error", () => {});
        await boss.start();
        await boss.createQueue("mail");
        await boss.send("mail", { to: "you" });
        await boss.send("mail", { to: "me" }, { startAfter: 3600, retryLimit: 7 });
        await boss.stop({ graceful: false });
        const url = `postgres://${at.user}@${at.host}:${at.port}/${at.database}`;
        const lines = await printed("from-pg-boss.mjs", PEERS, ["mail", url]);
        const tasks = tasksIn(lines);
        expect(tasks.map(({ payload }) => payload.to).sort()).toEqual(["me", "you"]);
        expect(tasks.find(({ payload }) => payload.to === "me")).toMatchObject({
          ...{
            name: expect.stringMatching(/^pgboss-/),
            eta: expect.any(String),
            retry: { limit: 7 },
          },
        });
        expect(added(lines)).toMatchObject({ status: 0, stdout: "added 2, refused 0\n" });
        const again = added(lines);
        expect(again).toMatchObject({ status: 1, stdout: "added 0, refused 2\n" });
        expect(again.stderr).toMatch(/^-:1: TASK_ALREADY_EXISTS/);
      } finally {
        await running.close();
      }
    });
  },
);
