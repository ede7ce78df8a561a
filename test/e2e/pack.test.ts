// The library as somebody else's Worker has it: packed, installed from the tarball, type-checked and run.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { runningServer, temporaryDir } from "./support.ts";

const FILES = {
  "package.json": JSON.stringify({ name: "outside", private: true, type: "module" }),
  "queue.yaml": "queue:\n  - name: mail\n    rate: 5/s\n",
  "wrangler.toml": `name = "outside"
main = "worker.ts"
compatibility_date = "2026-08-06"
rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"]
`,
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      ...{
        target: "ES2024",
        module: "ESNext",
        moduleResolution: "Bundler",
        strict: true,
        noEmit: true,
        lib: ["ES2024"],
      },
      types: [join(ROOT, "node_modules/@cloudflare/workers-types")],
      skipLibCheck: false,
    },
    files: ["worker.ts", "text.d.ts"],
  }),
  "text.d.ts": 'declare module "*.yaml" { const text: string; export default text; }\n',
  // Middleware of a router, and no \`serve\`: tasks come back to the Worker by loopback.
  "worker.ts": `import { createTaskQueues, readTask, TombstonedTaskError } from "durable-taskqueue";
import queueYaml from "./queue.yaml";
interface Env { TASKQUEUE_TOKEN?: string }
const queues = createTaskQueues<Env, { mail: { to: string } }>({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
export default {
  async fetch(request, env, ctx) {
    const answer = await queues.fetch(request, env, ctx);
    if (answer) return answer;
    if (new URL(request.url).pathname === "/_ah/queue/mail") {
      const { name, payload } = await readTask<typeof queues, "mail">(request);
      console.log("mailed", name, payload.to, request.headers.get("X-AppEngine-QueueName"));
      return new Response("ok");
    }
    if (new URL(request.url).pathname !== "/add") return new Response("up");
    try {
      await queues.get(env, "mail").add({ name: "once", payload: { to: "you" } });
      return new Response(\`added, forged: \${request.headers.get("X-AppEngine-QueueName")}\`);
    } catch (error) {
      return new Response(error instanceof TombstonedTaskError ? "ran before" : String(error));
    }
  },
} satisfies ExportedHandler<Env>;
`,
};

// What the package says it needs, from this repository's own copies: the test needs no registry.
function dependencyDirs(): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return Object.keys(dependencies).map((name) => join(ROOT, "node_modules", name));
}

it("packs, installs, type-checks and runs outside the repository", async () => {
  const dir = temporaryDir();
  const run = (program: string, args: string[], cwd: string) =>
    execFileSync(program, args, { cwd, env: quietEnv(), encoding: "utf8", stdio: "pipe" });
  const packed = run("tar", ["-tzf", inject("tarball")], dir)
    .trim()
    .split("\n");
  const tops = new Set(packed.map((path) => path.split("/")[1]));
  expect([...tops].sort()).toEqual([
    "LICENSE",
    "README.md",
    "cron.schema.json",
    "dist",
    "package.json",
    "queue.schema.json",
  ]);

  const project = join(dir, "outside");
  mkdirSync(project);
  for (const [file, text] of Object.entries(FILES)) writeFileSync(join(project, file), text);
  const install = ["install", "--no-audit", "--no-fund", "--offline", "--install-links"];
  run("npm", [...install, inject("tarball"), ...dependencyDirs()], project);
  // The lines that are optional are not there yet, the others are.
  expect(run("npx", ["durable-taskqueue", "init", "--yes"], project)).toContain(
    "Wrote wrangler.toml.\n",
  );
  run("tsc", ["-p", "."], project);
  expect(run("npx", ["durable-taskqueue", "check", "queue.yaml"], project)).toBe(
    "queue.yaml: 1 queue, and default\n",
  );

  // A new Worker gets the library from where this one did.
  run("npx", ["durable-taskqueue", "init", "--template", "fresh", "--yes"], project);
  const fresh = JSON.parse(readFileSync(join(project, "fresh/package.json"), "utf8"));
  expect(fresh.dependencies).toEqual({ "durable-taskqueue": `file:${inject("tarball")}` });

  const server = await runningServer({ stateDir: join(dir, "state"), cwd: project });
  const forged = { headers: { "X-AppEngine-QueueName": "evil" } };
  expect(await (await server.fetch("/add", forged)).text()).toBe("added, forged: null");
  await until("the task's log line", 10, () => server.lines().includes("mailed once you mail"));
  await until(
    "the tombstone",
    5,
    async () => (await (await server.fetch("/add")).text()) === "ran before",
  );
  const outside = await server.fetch("/_ah/queue/mail", { method: "POST", ...forged });
  expect(outside.status).toBe(403);
});
