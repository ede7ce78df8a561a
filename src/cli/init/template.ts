// The files of a new Worker with a queue.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Change, Refusal } from "./plan.ts";
import { declarations, QUEUE_YAML } from "./starter.ts";

const WRANGLER = `# Each line is explained in docs/getting-started.md of durable-taskqueue.
name = "NAME"
main = "src/index.ts"
compatibility_date = "2026-08-06"
rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }]

[triggers]
crons = ["* * * * *"]

[build]
command = "npx durable-taskqueue check queue.yaml"
watch_dir = ["src", "queue.yaml", "cron.yaml"]

[[migrations]]
tag = "v1"
new_sqlite_classes = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"]
`;

const QUEUE_FILE = "queue.yaml";

const MAIN = `import { createTaskQueues, readTask } from "durable-taskqueue";
import queueYaml from "../${QUEUE_FILE}";

interface Env {
  TASKQUEUE_TOKEN?: string;
}

const queues = createTaskQueues<Env, { mail: { to: string } }>({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

export default queues.serve({
  async fetch(request: Request, env: Env) {
    const { pathname, searchParams } = new URL(request.url);
    // Only the queue gets here. A throw, or an answer that is not 2xx: tried again.
    if (pathname === "/_ah/queue/mail") {
      const task = await readTask<typeof queues, "mail">(request);
      console.log(\`\${task.name}: a mail to \${task.payload.to}\`);
      return new Response();
    }
    if (pathname === "/send") {
      const to = searchParams.get("to") ?? "you@example.com";
      const { name } = await queues.get(env, "mail").add({ payload: { to } });
      return new Response(\`queued as \${name}\\n\`);
    }
    return new Response("/send?to=you@example.com adds a task; /_ah/console shows the queues\\n");
  },
});
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2024",
    "module": "ESNext",
    "moduleResolution": "Bundler",
    "lib": ["ES2024"],
    "types": ["@cloudflare/workers-types"],
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true
  },
  "include": ["src"]
}
`;

/** Refuses a folder in which one of the files is there. */
export function templateOf(dir: string, name: string): Change[] {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new Refusal(
      `--template: found the name ${JSON.stringify(name)}, expected 1 to 63 of a-z, 0-9 and "-", such as my-worker`,
    );
  }
  const files = Object.entries(filesOf(name));
  const there = [...files.map(([path]) => path), "wrangler.json", "wrangler.jsonc"];
  const found = there.find((path) => existsSync(join(dir, path)));
  if (found !== undefined) {
    const how = "a Worker that is there gets its queues without --template";
    throw new Refusal(`${join(dir, found)}: is there already, expected an empty folder; ${how}`);
  }
  return files.map(([path, after]) => ({ path, before: undefined, after }));
}

function filesOf(name: string): Record<string, string> {
  return {
    "package.json": packageOf(name),
    "wrangler.toml": WRANGLER.replace("NAME", name),
    [QUEUE_FILE]: QUEUE_YAML,
    "tsconfig.json": TSCONFIG,
    "src/index.ts": MAIN,
    "src/queue-yaml.d.ts": declarations(false, "\n"),
    ".gitignore": "node_modules/\n.wrangler/\n.dev.vars\n",
  };
}

function packageOf(name: string): string {
  const { devDependencies } = ownPackage();
  const versions = (names: string[]) =>
    Object.fromEntries(names.map((each) => [each, `^${devDependencies[each]}`]));
  const text = {
    name,
    private: true,
    type: "module",
    scripts: { start: "wrangler dev", deploy: "wrangler deploy", check: "tsc" },
    dependencies: { "durable-taskqueue": ownSource() },
    devDependencies: versions([
      ...["@cloudflare/workers-types", "typescript", "wrangler"],
      ...(isOldNode() ? ["node"] : []),
    ]),
    allowScripts: { esbuild: true, sharp: true, workerd: true, ...(isOldNode() && { node: true }) },
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

// Wrangler needs Node 22; the package `node` puts one on the path of npm's scripts.
function isOldNode(): boolean {
  return Number(process.versions.node.split(".")[0]) < 22;
}

interface OwnPackage {
  version: string;
  devDependencies: Record<string, string>;
}

function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(join(ownFolder(), "package.json"), "utf8"));
}

// dist/cli/<chunk>.js as it is installed, src/cli/init/template.ts as it is written.
function ownFolder(): string {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const places = ["..", "../..", "../../.."].map((up) => join(here, up));
  return places.find((place) => existsSync(join(place, "package.json"))) as string;
}

/** Where this package came from, if that was no registry: a new project gets it from there too. */
function ownSource(): string {
  const own = ownFolder();
  const byVersion = `^${ownPackage().version}`;
  if (basename(dirname(own)) !== "node_modules") return `file:${own}`;
  const lock = join(own, "../.package-lock.json");
  if (!existsSync(lock)) return byVersion;
  const { packages } = JSON.parse(readFileSync(lock, "utf8"));
  const { resolved = "", link = false } = packages["node_modules/durable-taskqueue"] ?? {};
  if (resolved.startsWith("git+")) return resolved;
  if (!link && !resolved.startsWith("file:")) return byVersion;
  return `file:${join(own, "../..", resolved.replace(/^file:/, ""))}`;
}
