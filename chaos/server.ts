// The Worker under test on raw workerd, on one state, in today's version and in one before it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const WORKERD = join(ROOT, "node_modules/.bin/workerd");
/** The last that wrote rows before tables were made with the first row, and lowered the schema's number. */
const BEFORE = "0b5a38f";
const CLASSES = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"];

export type Version = "now" | "before";

/** Bundles both; false where this clone does not have the commit of the one before. */
export async function bundleAll(dir: string): Promise<boolean> {
  await bundle(ROOT, join(dir, "now.js"));
  const before = join(dir, "before");
  try {
    mkdirSync(before);
    const archive = ["-C", ROOT, "archive", BEFORE, "src"];
    const tar = execFileSync("git", archive, {
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "ignore"],
    });
    execFileSync("tar", ["-x", "-C", before], { input: tar });
  } catch {
    rmSync(before, { recursive: true, force: true });
    return false;
  }
  cpSync(join(ROOT, "chaos"), join(before, "chaos"), { recursive: true });
  cpSync(join(ROOT, "tsconfig.json"), join(before, "tsconfig.json"));
  const assets = "src/http/console/assets.ts";
  cpSync(join(ROOT, assets), join(before, assets));
  symlinkSync(join(ROOT, "node_modules"), join(before, "node_modules"));
  await bundle(before, join(dir, "before.js"));
  return true;
}

async function bundle(root: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, "chaos/worker/worker.ts")],
    ...{ outfile, absWorkingDir: root, bundle: true, format: "esm", target: "es2024" },
    ...{ external: ["cloudflare:*"], loader: { ".yaml": "text" }, logLevel: "warning" },
  });
}

export interface Running {
  url: string;
  /** kill -9; when it has ended. */
  kill(): Promise<void>;
  log: string[];
}

/** Waits until it answers. */
export async function start(
  dir: string,
  version: Version,
  variables: Record<string, string>,
): Promise<Running> {
  mkdirSync(join(dir, "state"), { recursive: true });
  const config = join(dir, "config.capnp");
  writeFileSync(config, configOf(dir, version, variables));
  const child = spawn(WORKERD, ["serve", "--control-fd=3", config], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const atExit = () => child.kill("SIGKILL");
  process.once("exit", atExit);
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as Readable }).on("line", (line) => log.push(line));
  }
  const kill = async () => {
    process.off("exit", atExit);
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  };
  const url = `http://127.0.0.1:${await portOf(child, log)}`;
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  );
  return { url, kill, log };
}

async function portOf(child: ChildProcess, log: readonly string[]): Promise<number> {
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, port } = JSON.parse(line);
    if (event === "listen") return port;
  }
  throw new Error(`workerd ended before it listened\n${log.join("\n")}`);
}

function configOf(dir: string, version: Version, variables: Record<string, string>): string {
  const namespaces = CLASSES.map(
    (name) => `(className = "${name}", uniqueKey = "chaos-${name}", enableSql = true),`,
  );
  const bindings = Object.entries(variables).map(
    ([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)}),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "chaos", worker = .chaos),
    (name = "disk", disk = (path = "${dir}/state", writable = true)),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [ (name = "chaos", address = "127.0.0.1:0", http = (), service = "chaos") ],
);
const chaos :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "${version}.js") ],
  compatibilityDate = "2026-08-06",
  compatibilityFlags = ["enable_request_signal"],
  durableObjectNamespaces = [ ${namespaces.join(" ")} ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [ ${bindings.join(" ")} ],
);
`;
}
