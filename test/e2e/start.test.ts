import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { onWorkerd, quietEnv, ROOT, type Server } from "../../scripts/server.ts";
import { LOCK } from "../../scripts/state-lock.ts";
import { until } from "../../scripts/until.ts";
import { add, runningServer, stateOf, temporaryDir } from "./support.ts";

const NPM_START = ["npm", "start", "--"];

interface Call {
  path: string;
  init: RequestInit;
}

/** The requests that lines of curl in a text make. */
function curlLines(text: string, line: RegExp): Call[] {
  return [...text.matchAll(line)].map(([, shown = ""]) => {
    const curl = shown.replaceAll("&amp;", "&");
    const { pathname, search } = new URL(/http:[^'\s]+/.exec(curl)?.[0] ?? "");
    const fields = [...curl.matchAll(/-d (\w+)=(\S+)/g)].map(([, k = "", v = ""]) => [k, v]);
    const headers = [...curl.matchAll(/-H '(\S+): (\S+)'/g)].map(([, k = "", v = ""]) => [k, v]);
    const raw = / -d (\w+) /.exec(curl)?.[1];
    const isPost = raw || fields.length > 0 || curl.includes("-X POST");
    const post = isPost ? { method: "POST", body: raw ?? new URLSearchParams(fields) } : {};
    return { path: pathname + search, init: { ...post, headers: Object.fromEntries(headers) } };
  });
}

/** What each call is answered: its path without the query, the status, and the code of a refusal. */
async function answersTo(server: Server, calls: readonly Call[]): Promise<unknown[][]> {
  const answers: unknown[][] = [];
  for (const { path, init } of calls) {
    const response = await server.fetch(path, init);
    const { error } = (await response.json()) as { error?: { code: string } };
    answers.push([path.split("?")[0], response.status, ...(error ? [error.code] : [])]);
  }
  return answers;
}

it("npm start serves the demo; what its page and the README tell people to paste works", async () => {
  const server = await runningServer({ stateDir: temporaryDir(), command: NPM_START });
  const page = await (await server.fetch("/")).text();
  expect(await answersTo(server, curlLines(page, /<pre>(curl .*?)<\/pre>/g))).toEqual([
    ["/_ah/api/queues/master/tasks", 201],
    ["/_ah/api/queues/master/tasks", 409, "TASK_ALREADY_EXISTS"],
    ["/_ah/api/queues/sub", 200],
    ["/_ah/api/groups/master-count/events", 404, "UNKNOWN_GROUP"],
    ["/_ah/api/queues/sub:pause", 200],
    ["/_ah/api/queues/sub:resume", 200],
    ["/_ah/api/queues/sub/tasks", 201],
    ["/_ah/api/cron/tally:run", 200],
    ["/_ah/queue/sub", 403, "PERMISSION_DENIED"],
  ]);
  await until("the slow task cut off at its deadline", 30, () =>
    server.lines().some((line) => /^sub slow cut off at 1\d of 1\.\.30/.test(line)),
  );
  await until("the slow task done by its second attempt", 10, async () => {
    return (await stateOf(server, "sub", "slow")) === "done";
  });

  // By now the page's own count has run, and the README's bears the same name.
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  expect(await answersTo(server, curlLines(readme, /^(curl .*127\.0\.0\.1:8787.*)$/gm))).toEqual([
    ["/_ah/api/queues/master/tasks", 409, "TOMBSTONED_TASK"],
    ["/_ah/api/queues/master/tasks", 409, "TOMBSTONED_TASK"],
    ["/_ah/api/queues/sub/tasks/count-1-10", 200],
    ["/_ah/api/queues/sub", 200],
    ["/_ah/api/queues/inbox/tasks", 201],
  ]);
});

/** Payloads that a reader of text by patterns takes for something else. */
const PAYLOADS = [
  "hello",
  'say "hi"',
  '{"name":"x","lease":"y"}',
  '"name": "x", "payload": "y"',
  'back\\slash \\n \\"',
  "two\nlines\n",
  "tab\tand $HOME `id` $(id) %s %d",
  "Grüße, 日本語, 😀",
  "",
  "'; rm -rf / #",
  "x".repeat(200_000),
];

it("the README's worker leases what another terminal adds, as soon as it is there, and shows it as it is", async () => {
  const server = await runningServer({ stateDir: temporaryDir() });
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, script = ""] = /```js\n(const inbox = .*?)```/s.exec(readme) ?? [];
  const file = join(temporaryDir(), "worker.mjs");
  writeFileSync(file, script.replace("http://127.0.0.1:8787", server.url));
  const worker = spawn("node", [file], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void worker.kill("SIGKILL"));
  let said = "";
  worker.stdout.setEncoding("utf8").on("data", (chunk) => {
    said += chunk;
  });
  for (const body of PAYLOADS) {
    const headers = { "Content-Type": "text/plain" };
    const added = await server.fetch("/_ah/api/queues/inbox/tasks", {
      method: "POST",
      body,
      headers,
    });
    const { name } = (await added.json()) as { name: string };
    await until(`${body} done`, 10, () => said.includes(`working on ${name}: ${body}\n`));
  }
  await until("an empty queue", 10, async () => {
    const { statistics } = await server.json<{ statistics: { tasks: number } }>(
      "/_ah/api/queues/inbox",
    );
    return statistics.tasks === 0;
  });
});

it("a second npm start on one state directory is refused, and one after a kill is not", async () => {
  const stateDir = temporaryDir();
  const first = await runningServer({ stateDir, command: NPM_START });
  const again = spawnSync("npm", ["start", "--", `--persist-to=${stateDir}`, "--port", "0"], {
    ...{ cwd: ROOT, env: quietEnv(), encoding: "utf8", timeout: 60_000 },
  });
  expect(again.status).toBe(1);
  expect(again.stderr).toMatch(/in use by another npm start \(process \d+\)\. .*--persist-to/);
  expect(await stateOf(first, "sub", "nobody")).toBe("unknown");
  await first.kill();
  const next = await runningServer({ stateDir, command: NPM_START });
  expect(await stateOf(next, "sub", "nobody")).toBe("unknown");
});

it.each([
  ["SIGTERM to npm alone", "SIGTERM", 1],
  ["Ctrl-C, SIGINT to the whole group,", "SIGINT", -1],
] as const)("%s ends all of npm start", async (_, signal, sign) => {
  const stateDir = temporaryDir();
  const server = await runningServer({ stateDir, command: NPM_START });
  expect(existsSync(join(stateDir, LOCK))).toBe(true);
  process.kill(sign * server.pid, signal);
  await until("the end of it", 20, () => !existsSync(join(stateDir, LOCK)));
  await until("no answer", 10, async () => !(await server.answers()));
});

it("a task with an absolute url reaches a server that is allowed, and is not followed elsewhere", async () => {
  const calls: { url?: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const target = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    calls.push({ url: request.url ?? "", headers: request.headers, body });
    if (request.url === "/moved") response.writeHead(302, { Location: "/elsewhere" });
    response.end();
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  onTestFinished(() => void target.close());
  const host = `127.0.0.1:${(target.address() as AddressInfo).port}`;
  const allow = ["--var", `TASKQUEUE_ALLOW_HOSTS:${host}`];
  const server = await runningServer({
    stateDir: temporaryDir(),
    command: ["wrangler", "dev", ...allow],
  });

  const url = encodeURIComponent(`http://${host}/hook`);
  const moved = encodeURIComponent(`http://${host}/moved`);
  expect((await add(server, "default", `name=hook&url=${url}`, { a: "1" })).status).toBe(201);
  expect((await add(server, "default", `name=moved&url=${moved}&retry.limit=0`, {})).status).toBe(
    201,
  );
  const refused = encodeURIComponent("http://127.0.0.1:1/");
  expect((await add(server, "default", `url=${refused}`, {})).body.error?.code).toBe("INVALID_URL");
  await until(
    "both called",
    10,
    async () => (await stateOf(server, "default", "moved")) === "failed",
  );
  expect(calls.map(({ url: path }) => path).sort()).toEqual(["/hook", "/moved"]);
  const hook = calls.find(({ url: path }) => path === "/hook");
  expect(hook?.body).toBe("a=1");
  expect(hook?.headers).toMatchObject({
    "x-appengine-taskname": "hook",
    "x-appengine-queuename": "default",
    "content-type": "application/x-www-form-urlencoded",
  });
});

const BAD_FILES = [
  {
    file: "queue.yaml",
    text: "queue:\n  - name: mail\n    rate: 5/w\n",
    said: /queue\.yaml:3:11: queue "mail": rate: found "?5\/w"?, expected/,
  },
  {
    file: "cron.yaml",
    text: "cron:\n  - url: /tally\n    schedule: every 5 weeks\n",
    said: /cron\.yaml:3:15: cron "tally": schedule: found "every 5 weeks", expected hours or minutes/,
  },
];

/** The project without what is installed or made in it. */
function copyOfProject(): string {
  const copy = join(temporaryDir(), "copy");
  const skipped = /node_modules|\.git|\.wrangler|dist|console\/assets\.ts/;
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !skipped.test(path.slice(ROOT.length)) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

const BUILD = /Running: (.*)|The file (\S+) changed/;

it("npm start builds once, though the console was not there, and then once for each edit", async () => {
  const copy = copyOfProject();
  const server = await runningServer({
    ...{ stateDir: temporaryDir(), command: NPM_START, cwd: copy },
  });
  const builds = () =>
    server.lines().flatMap((line) => {
      const [, command, file] = BUILD.exec(line) ?? [];
      return command ?? file ?? [];
    });
  expect(builds()).toEqual(["npm run -s build:demo"]);
  expect(existsSync(join(copy, "src/http/console/assets.ts"))).toBe(true);
  const file = join(copy, "queue.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/rate: \S+/, "rate: 7/m"));
  await until("the new rate", 30, async () => {
    const { ok, body } = await server.look("/_ah/api/queues/master");
    return ok && (JSON.parse(body) as { rate: string }).rate === "7/m";
  });
  // Whatever was written before the edit would have been heard of by now.
  expect(builds()).toEqual(["npm run -s build:demo", "queue.yaml", "npm run -s build:demo"]);
});

it.each(BAD_FILES)(
  "a bad $file stops start and deploy before anything runs, with its place",
  ({ file, text, said }) => {
    const copy = copyOfProject();
    writeFileSync(join(copy, file), text);
    for (const [program, ...args] of [
      ["npm", "start"],
      ["wrangler", "deploy", "--dry-run"],
    ]) {
      const options = { cwd: copy, env: quietEnv(), encoding: "utf8", timeout: 60_000 } as const;
      const { status, stdout, stderr } = spawnSync(program as string, args, options);
      expect(status).not.toBe(0);
      expect(stdout + stderr).toMatch(said);
    }
  },
);

const STARTS = { "npm start": NPM_START, workerd: onWorkerd() };

it.each<[keyof typeof STARTS, name: string, setting: string, entry: string, expected: string]>([
  ["npm start", "LOG", "verbose", '"verbose"', "error, warn, info, debug"],
  ["workerd", "TOKENS", "ops=secret", "a text that is no JSON", "a JSON list of"],
  [
    ...(["workerd", "ALLOW_HOSTS", "localhost,http://x"] as const),
    ...(['"http://x"', "host, host:port or *.domain"] as const),
  ],
  [
    ...(["workerd", "ALLOW_ORIGINS", "https://a.example,b.example"] as const),
    ...(['"b.example"', "origins such as https://app.example.com"] as const),
  ],
])(
  "%s with a TASKQUEUE_%s of %j does not start, and names the entry",
  (start, name, setting, entry, expected) => {
    const [program = "", ...args] = STARTS[start];
    const given = ["--var", `TASKQUEUE_${name}:${setting}`, "--port", "0"];
    const options = { cwd: ROOT, env: quietEnv(), encoding: "utf8", timeout: 60_000 } as const;
    const state = ["--persist-to", temporaryDir()];
    const { status, stdout, stderr } = spawnSync(program, [...args, ...given, ...state], options);
    expect(status).toBeGreaterThan(0);
    expect(stdout + stderr).toContain(`TASKQUEUE_${name}: found ${entry}, expected ${expected}`);
  },
);
