import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { add, runningServer, stateOf, temporaryDir } from "./support.ts";

const NPM_START = ["npm", "start", "--"];

/** The lines the demo's home page tells people to paste, as [method, path, form fields]. */
function curlLines(page: string): [string, string, Record<string, string>][] {
  const lines = [...page.matchAll(/<pre>curl (.*?)<\/pre>/g)].map(([, line = ""]) =>
    line.replaceAll("&amp;", "&"),
  );
  return lines.map((line) => {
    const fields = Object.fromEntries(
      [...line.matchAll(/-d (\w+)=(\S+)/g)].map(([, k, v]) => [k, v]),
    );
    const url = new URL(/'(http[^']+)'/.exec(line)?.[1] ?? "");
    const isPost = Object.keys(fields).length > 0 || line.includes("-X POST");
    return [isPost ? "POST" : "GET", url.pathname + url.search, fields];
  });
}

it("npm start serves the demo on the port and the directory it is told, and its page's lines work", async () => {
  const server = await runningServer({ stateDir: temporaryDir(), command: NPM_START });
  const page = await (await server.fetch("/")).text();
  const statuses: [string, number][] = [];
  for (const [method, path, fields] of curlLines(page)) {
    const body = method === "POST" ? { body: new URLSearchParams(fields) } : {};
    const { status } = await server.fetch(path, { method, ...body });
    statuses.push([path.split("?")[0] ?? path, status]);
  }
  expect(statuses).toEqual([
    ["/_ah/api/queues/master/tasks", 201],
    ["/_ah/api/queues/master/tasks", 409],
    ["/_ah/api/queues/sub", 200],
    ["/_ah/api/queues/sub:pause", 200],
    ["/_ah/api/queues/sub:resume", 200],
    ["/_ah/api/queues/sub/tasks", 201],
    ["/_ah/queue/sub", 403],
  ]);
  await until("the slow task cut off at its deadline", 30, () =>
    server.lines().some((line) => /^sub slow cut off at 1\d of 1\.\.30/.test(line)),
  );
  await until("the slow task done by its second attempt", 10, async () => {
    return (await stateOf(server, "sub", "slow")) === "done";
  });
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

it("a bad queue.yaml stops start and deploy before anything runs, with its place", () => {
  const copy = join(temporaryDir(), "copy");
  const skipped = /node_modules|\.git|\.wrangler|dist/;
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !skipped.test(path.slice(ROOT.length)) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "queue.yaml"), "queue:\n  - name: mail\n    rate: 5/w\n");
  for (const [program, ...args] of [
    ["npm", "start"],
    ["wrangler", "deploy", "--dry-run"],
  ]) {
    const options = { cwd: copy, env: quietEnv(), encoding: "utf8", timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(program as string, args, options);
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(
      /queue\.yaml:3:11: queue "mail": rate: found "?5\/w"?, expected/,
    );
  }
});
