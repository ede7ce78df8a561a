// `npx durable-taskqueue init` as users have it: in Workers of several kinds outside the repository, each of
// which then runs a task under `wrangler dev`.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { quietEnv } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { devServer, type Files, linkPackages, logOf, projectOf } from "./projects.ts";

const PACKAGE = '{ "name": "mine", "private": true, "type": "module" }\n';
const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2024", "module": "ESNext", "moduleResolution": "Bundler", "lib": ["ES2024"],
    "types": ["@cloudflare/workers-types"], "strict": true, "noEmit": true, "skipLibCheck": true
  },
  "include": ["src", "*.d.ts"]
}
`;
const HANDLED = "console.log(`handled ${await ";

/** A Worker before `init`, and what `wrangler dev` is told. */
interface Kind {
  files: Files;
  args?: readonly string[];
}

const KINDS: Record<string, Kind> = {
  "plain, wrangler.toml": {
    files: {
      "package.json": PACKAGE,
      "tsconfig.json": TSCONFIG,
      "wrangler.toml":
        '# mine\nname = "mine"\nmain = "src/index.ts"\ncompatibility_date = "2024-09-23"\n',
      "src/index.ts": `const worker: ExportedHandler<Env> = {
  async fetch(request, _env, _ctx): Promise<Response> {
    if (request.url.endsWith("/_ah/queue/mail")) ${HANDLED}request.text()}\`);
    return new Response("up");
  },
};
export default worker;
interface Env {}
`,
      // Other forms, for the compiler alone.
      "src/forms.ts": `import { createTaskQueues } from "durable-taskqueue";
interface Env { A: string }
const queues = createTaskQueues<Env>({ config: "queue:" });
export const a = queues.serve({ fetch: async (request, env, ctx) => new Response(request.url + env.A + ctx) });
export const b = queues.serve({ async fetch(request, env) { return new Response(request.url + env.A); } } satisfies ExportedHandler<Env>);
export const c = queues.serve({ async fetch() { return new Response(); }, async scheduled(controller, env) { console.log(controller.cron, env.A); } });
// @ts-expect-error: no fetch by another name
export const d = queues.serve({ async fetsch() { return new Response(); } });
`,
    },
  },
  "wrangler.jsonc with environments": {
    files: {
      "package.json": PACKAGE,
      "wrangler.jsonc": `{
  // mine
  "name": "mine",
  "main": "worker.js",
  "compatibility_date": "2026-08-06",
  "env": {
    "staging": {
      "vars": { "WHERE": "staging" },
      "rules": [{ "type": "Text", "globs": ["**/*.txt"] }],
      "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
      "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
    },
  },
}
`,
      "worker.js": `import { DurableObject } from 'cloudflare:workers'
import hello from './hello.txt'
export class Room extends DurableObject {}
export default {
  async fetch(request, env) {
    if (request.url.endsWith('/_ah/queue/mail')) ${HANDLED}request.text()} in \${env.WHERE}\`)
    return new Response(hello)
  },
}
`,
      "hello.txt": "hello",
    },
    args: ["--env", "staging"],
  },
  Hono: {
    files: {
      "package.json": PACKAGE,
      "tsconfig.json": TSCONFIG,
      "wrangler.toml": 'name = "mine"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-06"\n',
      "src/index.ts": `import { Hono } from "hono";
const app = new Hono();
app.get("/", (c) => c.text("up"));
app.post("/_ah/queue/mail", async (c) => {
  ${HANDLED}c.req.text()}\`);
  return c.body(null);
});
export default app;
`,
    },
  },
  "itty-router": {
    files: {
      "package.json": PACKAGE,
      "wrangler.json":
        '{ "name": "mine", "main": "index.mjs", "compatibility_date": "2026-08-06" }',
      "index.mjs": `import { AutoRouter } from "itty-router";
const router = AutoRouter();
router.get("/", () => "up");
router.post("/_ah/queue/mail", async (request) => { ${HANDLED}request.text()}\`); return "ok"; });
export default router;
`,
    },
  },
  "itty-router, spread": {
    files: {
      "package.json": PACKAGE,
      "wrangler.json":
        '{ "name": "mine", "main": "index.mjs", "compatibility_date": "2026-08-06" }',
      "index.mjs": `import { AutoRouter } from "itty-router";
const router = AutoRouter();
router.get("/", () => "up");
router.post("/_ah/queue/mail", async (request) => { ${HANDLED}request.text()}\`); return "ok"; });
export default { ...router };
`,
    },
  },
};

interface Outcome {
  first: string;
  second: string;
  isSame: boolean;
  log: string;
}

async function tried({ files, args = [] }: Kind): Promise<Outcome> {
  const dir = projectOf(files);
  try {
    const first = run(dir, "durable-taskqueue", "init", "--yes");
    const before = textsIn(dir);
    const second = run(dir, "durable-taskqueue", "init");
    const isSame = JSON.stringify(textsIn(dir)) === JSON.stringify(before);
    if (files["tsconfig.json"]) checkTypes(dir);
    // It declares the yaml files too, by the rule.
    if (files["src/forms.ts"]) run(dir, "wrangler", "types", "--include-runtime=false");
    if (files["src/forms.ts"]) checkTypes(dir);
    return { first, second, isSame, log: await logOfATask(dir, args) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function logOfATask(dir: string, args: readonly string[]): Promise<string> {
  const server = await devServer(dir, args);
  const log = () => logOf(server);
  try {
    const options = { method: "POST", body: "hello" };
    const added = await server.fetch("/_ah/api/queues/mail/tasks", options);
    expect(added.status, `${await added.text()}\n${log()}`).toBe(201);
    await until("the handler's line", 20, () => /handled hello/.test(log())).catch(() => {});
    return log();
  } catch (error) {
    return `${error}\n${log()}`;
  } finally {
    await server.kill();
  }
}

function run(dir: string, ...args: string[]): string {
  const options = { cwd: dir, env: quietEnv(), encoding: "utf8", stdio: "pipe" } as const;
  return execFileSync("npx", args, options);
}

/** The compiler of this repository. */
function checkTypes(dir: string): void {
  execFileSync("tsc", { cwd: dir, env: quietEnv(), encoding: "utf8", stdio: "pipe" });
}

function textsIn(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true });
  const own = files.filter((it) => it.isFile() && !it.parentPath.includes("node_modules"));
  return own.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
}

describe("init, then wrangler dev", () => {
  const outcomes = new Map<string, Outcome | unknown>();

  // Two side by side, as many as there are cores.
  beforeAll(async () => {
    const left = Object.entries(KINDS);
    const next = async () => {
      for (let kind = left.shift(); kind; kind = left.shift()) {
        outcomes.set(kind[0], await tried(kind[1]).catch((error: unknown) => error));
      }
    };
    await Promise.all([next(), next()]);
  }, 600_000);

  it.each(Object.keys(KINDS))("%s", (name) => {
    const outcome = outcomes.get(name);
    expect(outcome).toMatchObject({
      first: expect.stringContaining("Wrote "),
      second: "Nothing to be done: the queues are set up.\n",
      isSame: true,
      log: expect.stringContaining("handled hello"),
    });
  });
});

it("--template makes a Worker that starts", async () => {
  const dir = projectOf({ "package.json": PACKAGE });
  try {
    run(dir, "durable-taskqueue", "init", "--template", "fresh", "--yes");
    const project = join(dir, "fresh");
    linkPackages(project);
    checkTypes(project);
    const server = await devServer(project);
    try {
      expect(await (await server.fetch("/send?to=me")).text()).toMatch(/^queued as \S+\n$/);
      await until("the handler's line", 20, () => /a mail to me/.test(logOf(server)));
    } finally {
      await server.kill();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
