// `durable-taskqueue/client` as its users have it: in each runtime this machine has, in a browser on a page of another
// origin, and under a worker whose server is killed.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { onWorkerd, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { connect, NoAnswerError } from "../../src/remote/index.ts";
import { clientBundle, hasProgram } from "./client-bundle.ts";
import { browserForAll } from "./console/browsing.ts";
import { runningServer, temporaryDir } from "./support.ts";

const run = promisify(execFile);

const SCRIPT = `
import * as client from "./client.mjs";
const url = SERVER_URL;
const queues = client.connect({ url });
const inbox = queues.get("inbox");
const check = (what, is) => { if (!is) throw new Error(what); };

const one = await inbox.add({ payload: { n: 1 } });
check("named", /^[0-9a-f]{32}$/.test(one.name));
const many = await inbox.add([{ payload: { n: 2 } }, { payload: new Uint8Array([1, 2, 3]) }]);
check("added", many.every(({ task }) => task));
const refused = await inbox.add({ name: one.name, payload: 1 }).catch((error) => error);
check("class", refused instanceof client.TaskAlreadyExistsError && refused instanceof client.TaskQueueError);
check("listed", (await queues.list()).queues.some(({ name }) => name === "inbox"));
const nobody = await client.connect({ url: "http://127.0.0.1:1", retries: 1 }).get("inbox").list().catch((error) => error);
check("no answer", nobody instanceof client.NoAnswerError && nobody.tries === 2);

const seen = [];
const stop = new AbortController();
const worker = inbox.work(async (task, { signal }) => {
  await new Promise((resolve) => setTimeout(resolve, 4500));
  signal.throwIfAborted();
  seen.push(task.payload?.n ?? task.payloadBase64);
}, { concurrency: 3, leaseSeconds: 4, signal: stop.signal });
for (let i = 0; i < 600 && seen.length < 3; i++) await new Promise((resolve) => setTimeout(resolve, 50));
stop.abort();
await worker.finished;
check("worked " + seen, seen.map(String).sort().join() === "1,2,AQID");
check("acknowledged", (await inbox.describe()).statistics.tasks === 0);

const waited = inbox.lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 20 });
await inbox.add({ name: "late", payload: 1, countdown: 1.5 });
const [late] = await waited;
check("waited", late?.name === "late");
await inbox.acknowledge([late]);

const group = await queues.get("sub").group({ tasks: [{ params: { from: "1", to: "2" } }] });
for await (const { state } of group.watch()) check("group " + state, state !== "failed");
console.log("fine");
`;

/** A Node of the system's, which may be older than this repository's own. */
const systemNode = (process.env.PATH ?? "")
  .split(":")
  .filter((dir) => !dir.includes("node_modules"))
  .map((dir) => join(dir, "node"))
  .find((path) => hasProgram(path, /^v(2\d|[3-9]\d)\./));

const RUNTIMES: [name: string, program: string | undefined, args: string[]][] = [
  ["this repository's Node", process.execPath, []],
  ["the system's Node", systemNode, []],
  ["Deno", hasProgram("deno") ? "deno" : undefined, ["run", "--allow-net", "--allow-read"]],
  ["Bun", hasProgram("bun") ? "bun" : undefined, ["run"]],
];

describe("the client in", () => {
  it.for(RUNTIMES)("%s", async ([name, program, args], { skip }) => {
    if (program === undefined) return skip(`this machine has no ${name}`);
    const dir = temporaryDir();
    writeFileSync(join(dir, "client.mjs"), clientBundle());
    const server = await runningServer({ stateDir: join(dir, "state"), command: onWorkerd() });
    writeFileSync(
      join(dir, "script.mjs"),
      SCRIPT.replaceAll("SERVER_URL", JSON.stringify(server.url)),
    );
    const { stdout } = await run(program, [...args, join(dir, "script.mjs")], { timeout: 60_000 });
    expect(stdout).toBe("fine\n");
  });
});

describe("a worker whose server is killed", () => {
  // Two restarts of a server, on a machine that may be busy.
  it("goes on when it is back, and every task that was added is worked on", {
    timeout: 300_000,
  }, async () => {
    const stateDir = temporaryDir();
    let server: Server = await runningServer({ stateDir, command: onWorkerd() });
    const { port } = new URL(server.url);
    const inbox = connect<{ inbox: number }>({ url: server.url, retries: 12 }).get("inbox");

    const seen = new Map<number, number>();
    const told: string[] = [];
    const worker = inbox.work(
      async ({ payload }) => {
        await new Promise((resolve) => setTimeout(resolve, 100 + (payload % 7) * 300));
        seen.set(payload, (seen.get(payload) ?? 0) + 1);
      },
      {
        ...{ concurrency: 5, leaseSeconds: 6, graceSeconds: 5 },
        onError: (error) => void told.push(String(error)),
      },
    );
    let added = 0;
    const adding = { isOn: true };
    const producer = (async () => {
      while (adding.isOn) {
        await inbox.add({ payload: added });
        added++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    for (let kills = 1; kills <= 2; kills++) {
      const before = seen.size;
      await until("some work", 60, () => seen.size > before + 10);
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, 500));
      server = await startServer({ stateDir, command: onWorkerd(), port: Number(port) });
      onTestFinished(() => server.stop());
    }
    const before = seen.size;
    await until("work after the last kill", 60, () => seen.size > before + 10);
    adding.isOn = false;
    await producer;
    await until("all of it", 60, () => seen.size === added);
    await worker.stop();
    // A lease whose acknowledgement was under way when the server was killed may be given again.
    const again = [...seen.values()].filter((times) => times > 1).length;
    expect(again).toBeLessThanOrEqual(2 * 5);
    const { tasks } = (await inbox.describe()).statistics;
    expect([seen.size, tasks]).toEqual([added, 0]);
    // Told once for each time it was away, and of leases lost to that.
    expect(told.filter((text) => text.startsWith("NoAnswerError")).length).toBeLessThanOrEqual(4);
  });

  it("that is never there is told so, by a class of its own", async () => {
    const nobody = connect({ url: "http://127.0.0.1:1", retries: 2 }).get("inbox");
    const error = await nobody.add({ payload: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(String(error)).toMatch(
      /^NoAnswerError: POST http:\/\/127.0.0.1:1\/_ah\/api\/queues\/inbox\/tasks: .+ \(tried 3 times\)$/,
    );
  });
});

describe("in a browser, a page of another origin", () => {
  const browser = browserForAll();

  const PAGE = `<!doctype html><title>shop</title><script type="module">
    import * as client from "/client.mjs";
    window.client = client;
  </script>`;

  /** A site that has the client, and nothing else. */
  async function site(): Promise<string> {
    const module = clientBundle();
    const server = createServer(({ url }, response) => {
      const isModule = url === "/client.mjs";
      response.setHeader("Content-Type", isModule ? "text/javascript" : "text/html");
      response.end(isModule ? module : PAGE);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** What a page of this origin says of its try. */
  async function tryFrom(origin: string, url: string, token?: string): Promise<string> {
    const context = await browser.current.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(origin);
    await page.waitForFunction(() => "client" in window);
    return page.evaluate(
      async ([to, secret]) => {
        const { client } = window as unknown as {
          client: typeof import("../../src/remote/index.ts");
        };
        const queues = client.connect({ url: to as string, token: secret, retries: 0 });
        try {
          const inbox = queues.get("inbox");
          const { name } = await inbox.add({ payload: "from a page", countdown: 1.5 });
          const [task] = await inbox.lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 20 });
          await inbox.acknowledge(task ? [task] : []);
          await inbox.define({ mode: "pull" }).catch((error) => {
            if (!(error instanceof client.QueueInFileError)) throw error;
          });
          return task?.name === name ? "fine" : `found ${task?.name}`;
        } catch (error) {
          return `${(error as Error).name}`;
        }
      },
      [url, token] as const,
    );
  }

  it("uses the queues if it is listed, with the token or where there is none", async () => {
    const [listed, other] = [await site(), await site()];
    const allow = `TASKQUEUE_ALLOW_ORIGINS:${listed}`;
    const open = await runningServer({
      stateDir: temporaryDir(),
      command: onWorkerd({ vars: [allow] }),
    });
    expect(await tryFrom(listed, open.url)).toBe("fine");
    expect(await tryFrom(other, open.url)).toBe("NoAnswerError");
    await open.stop();

    const closed = await runningServer({
      stateDir: temporaryDir(),
      command: onWorkerd({ vars: [allow, "TASKQUEUE_TOKEN:open-sesame"] }),
    });
    expect(await tryFrom(listed, closed.url, "open-sesame")).toBe("fine");
    expect(await tryFrom(listed, closed.url, "wrong")).toBe("UnauthenticatedError");
    expect(await tryFrom(listed, closed.url)).toBe("UnauthenticatedError");
    expect(await tryFrom(other, closed.url, "open-sesame")).toBe("NoAnswerError");
  });

  it("has nothing of a server without the setting", async () => {
    const server = await runningServer({ stateDir: temporaryDir(), command: onWorkerd() });
    expect(await tryFrom(await site(), server.url)).toBe("NoAnswerError");
  });
});
