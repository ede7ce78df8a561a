// The ways to use the library, each tried from nothing: a project is made outside the repository, a task is added,
// and it is seen to run.

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "esbuild";
import { launchBrowser } from "../scripts/browser.ts";
import type { Server } from "../scripts/server.ts";
import { until } from "../scripts/until.ts";
import { logged, text, viteDev, wranglerDev } from "./dev.ts";
import { run, type Workshop } from "./workshop.ts";

export interface Way {
  what: string;
  go(workshop: Workshop): Promise<void>;
}

/** Uses a server, and ends it whatever comes. */
async function using(server: Server, use: (server: Server) => Promise<void>): Promise<void> {
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

/** A new Worker that `init` makes: queue "mail", and "inbox" for workers elsewhere. */
async function fresh(workshop: Workshop, name: string): Promise<string> {
  await run(workshop.dir, "npx", "durable-taskqueue", "init", "--template", name, "--yes");
  const project = `${workshop.dir}/${name}`;
  workshop.project(name, {
    "queue.yaml": "queue:\n  - {name: mail, rate: 10/s}\n  - {name: inbox, mode: pull}\n",
  });
  return project;
}

const MAILED = /a mail .*to you@example\.com/;

async function queuesOne(server: Server): Promise<void> {
  if (!/^queued \w+/.test(await text(server, "/"))) throw new Error("nothing was queued");
}

async function tryExample(workshop: Workshop, name: string, ...args: string[]): Promise<void> {
  const project = workshop.example(name);
  await run(project, "npx", "wrangler", "types");
  await run(project, "npx", "tsc", "--noEmit");
  await using(await wranglerDev(project, ...args), async (server) => {
    await queuesOne(server);
    await logged(server, MAILED);
    await edits(server, project);
  });
}

/** Edits queue.yaml while the server runs: a good one takes effect, a bad one is shown, and is got over. */
async function edits(server: Server, project: string): Promise<void> {
  const file = join(project, "queue.yaml");
  const good = readFileSync(file, "utf8");
  const write = async (rate: string) => {
    // A watcher takes two edits within some milliseconds for one, and may have told of the first.
    await pause(500);
    writeFileSync(file, good.replace(/rate: \S+/, `rate: ${rate}`));
  };
  const runsAt = (rate: string) =>
    until(`the rate ${rate}`, 30, async () => {
      const { ok, body } = await server.look("/_ah/api/queues/mail");
      return ok && (JSON.parse(body) as { rate: string }).rate === rate;
    });
  await write("7/s");
  await runsAt("7/s");
  await write("7/w");
  await shows(server, /rate: found "7\/w", expected a number per s, m, h or d/);
  await write("8/s");
  await runsAt("8/s");
}

/** A development server shows an error in its log, or, as Vite does, to whoever asks. */
async function shows(server: Server, error: RegExp): Promise<void> {
  await until(`${error}`, 30, async () => {
    if (server.lines().some((line) => error.test(line))) return true;
    return error.test((await server.look("/")).body.replaceAll('\\"', '"'));
  });
}

/** A script of Node in the project, told where the server is. */
function script(workshop: Workshop, name: string, code: string, url: string): Promise<string> {
  const project = workshop.project(name, { "main.mjs": code });
  return run(project, "node", "main.mjs", url);
}

const PRODUCER = `
import { connect, TaskAlreadyExistsError } from "durable-taskqueue/client";
const queue = connect({ url: process.argv[2] }).get("mail");
await queue.add({ name: "once", countdown: 60, payload: { to: "you@example.com" } });
const again = await queue.add({ name: "once" }).catch((error) => error);
if (!(again instanceof TaskAlreadyExistsError)) throw new Error("added twice");
await queue.run("once");
while ((await queue.get("once")).state !== "done") await new Promise((wake) => setTimeout(wake, 50));
console.log("ran");
`;

const WORKER = `
import { connect } from "durable-taskqueue/client";
const queue = connect({ url: process.argv[2] }).get("inbox");
await queue.add(["a", "b", "c"].map((payload) => ({ payload })));
const seen = [];
const worker = queue.work(({ payload }) => {
  seen.push(payload);
  if (seen.length === 3) worker.stop();
}, { concurrency: 2 });
await worker.finished;
console.log(seen.sort().join(""), (await queue.describe()).statistics.tasks);
`;

const PAGE = `
import { connect } from "durable-taskqueue/client";
const queue = connect({ url: new URLSearchParams(location.search).get("queues") }).get("mail");
queue.add({ name: "from-a-page", payload: { to: "you@example.com" } }).then(
  ({ state }) => { document.title = "added: " + state; },
  (error) => { document.title = String(error); },
);
`;

// Nothing but what Python has.
const PYTHON = `
import json, sys, urllib.request
INBOX = sys.argv[1] + "/_ah/api/queues/inbox"

def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(INBOX + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)

call("POST", "/tasks", {"payload": "hello"})
for task in call("POST", "/tasks:lease", {"leaseSeconds": 30, "maxTasks": 1, "waitSeconds": 10})["tasks"]:
    print("working on", task["payload"])
    call("DELETE", f"/tasks/{task['name']}?lease={task['lease']}")
print(call("GET", "")["statistics"]["tasks"], "left")
`;

/** A site of its own, whose page adds a task to the queues of another origin. */
async function site(workshop: Workshop): Promise<{ url: string; close(): void }> {
  const project = workshop.project("page", { "page.js": PAGE });
  const { outputFiles } = await build({
    ...{ entryPoints: [`${project}/page.js`], bundle: true, write: false, format: "esm" },
    platform: "browser",
  });
  const html = `<!doctype html><title>page</title><script type="module">${outputFiles[0]?.text}</script>`;
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html").end(html);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

export const WAYS: Readonly<Record<string, Way>> = {
  template: {
    what: "a new Worker of init --template, under wrangler dev",
    async go(workshop) {
      const project = await fresh(workshop, "plain");
      await run(project, "npx", "tsc");
      await using(await wranglerDev(project), async (server) => {
        await text(server, "/send?to=you@example.com");
        await logged(server, MAILED);
      });
    },
  },
  init: {
    what: "init in a Worker that is there",
    async go(workshop) {
      const project = workshop.project("there", {
        "wrangler.toml":
          'name = "there"\nmain = "src/index.js"\ncompatibility_date = "2024-09-23"\n',
        "src/index.js": `export default {
  async fetch(request) {
    if (!request.url.endsWith("/_ah/queue/mail")) return new Response("up");
    console.log("handled", await request.text());
    return new Response();
  },
};
`,
      });
      await run(project, "npx", "durable-taskqueue", "init", "--yes");
      await using(await wranglerDev(project), async (server) => {
        await text(server, "/_ah/api/queues/mail/tasks", { method: "POST", body: "hello" });
        await logged(server, /handled hello/);
      });
    },
  },
  environments: {
    what: "wrangler.jsonc with environments, objects and triggers of the Worker's own",
    go: (workshop) => tryExample(workshop, "environments", "--env", "staging"),
  },
  hono: { what: "Hono", go: (workshop) => tryExample(workshop, "hono") },
  "itty-router": {
    what: "itty-router",
    go: (workshop) => tryExample(workshop, "itty-router"),
  },
  vite: {
    what: "@cloudflare/vite-plugin",
    async go(workshop) {
      const project = workshop.example("vite");
      await workshop.installOwn(project);
      await run(project, "npx", "wrangler", "types");
      await run(project, "npx", "tsc", "--noEmit");
      await using(await viteDev(project), async (server) => {
        await queuesOne(server);
        await logged(server, MAILED);
        await edits(server, project);
      });
    },
  },
  binding: {
    what: "a second Worker that adds by a service binding, and a third that runs the tasks",
    async go(workshop) {
      const project = workshop.example("second-worker");
      const configs = ["shop", "app", "backend"].flatMap((it) => ["-c", `${it}/wrangler.toml`]);
      await using(await wranglerDev(project, ...configs), async (server) => {
        await text(server, "/order");
        await logged(server, /backend: \w+ on mail sent a mail/);
      });
    },
  },
  clients: {
    what: "from outside: Node, a browser at another origin, a pull worker in Node and one in Python",
    async go(workshop) {
      const project = await fresh(workshop, "called");
      const page = await site(workshop);
      const allowed = ["--var", `TASKQUEUE_ALLOW_ORIGINS:${page.url}`];
      await using(await wranglerDev(project, ...allowed), async (server) => {
        const { url } = server;
        expectSame(await script(workshop, "producer", PRODUCER, url), "ran\n");
        expectSame(await script(workshop, "worker", WORKER, url), "abc 0\n");
        const python = workshop.project("python", { "worker.py": PYTHON });
        expectSame(await run(python, "python3", "worker.py", url), "working on hello\n0 left\n");
        await inBrowser(`${page.url}/?queues=${encodeURIComponent(url)}`);
        await until("the page's task", 10, async () => {
          const task = await server.fetch("/_ah/api/queues/mail/tasks/from-a-page");
          return ((await task.json()) as { state?: string }).state === "done";
        });
      }).finally(page.close);
    },
  },
};

async function inBrowser(url: string): Promise<void> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction("document.title !== 'page'");
    expectSame((await page.title()).replace(/: .*/, ""), "added");
  } finally {
    await browser.close();
  }
}

function expectSame(found: string, expected: string): void {
  if (found !== expected)
    throw new Error(`found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}
