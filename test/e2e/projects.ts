// Projects of users, outside the repository: files in a folder of their own, the packed library, and the
// packages of this repository by links, so that no registry is asked.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { inject } from "vitest";
import { freePort, quietEnv, ROOT, Server } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";

/** Files by their paths. */
export type Files = Readonly<Record<string, string>>;

/** What users install beside the library. */
const BESIDE = ["hono", "wrangler", "typescript", "@cloudflare/workers-types"];

/** A new folder with these files and its node_modules. Whoever asks for it removes it. */
export function projectOf(files: Files): string {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-project-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  linkPackages(dir);
  return dir;
}

/** The packages of a project, as after `npm install`. */
export function linkPackages(dir: string): void {
  const unpacked = inject("unpacked");
  const { dependencies } = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), ...BESIDE]) {
    const place = join(dir, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), place);
  }
  // A copy: a bundler looks for a package's packages from where it really lies.
  cpSync(unpacked, join(dir, "node_modules/durable-taskqueue"), { recursive: true });
  mkdirSync(join(dir, "node_modules/.bin"), { recursive: true });
  const command = join(dir, "node_modules/.bin/durable-taskqueue");
  symlinkSync("../durable-taskqueue/dist/cli.js", command);
}

/** `wrangler dev` there, once it is ready or has ended or found a fault; the caller stops it. */
export async function devServer(dir: string, args: readonly string[] = []): Promise<Server> {
  const port = await freePort();
  const ports = ["--port", `${port}`, "--inspector-port", `${await freePort()}`];
  const child: ChildProcess = spawn("wrangler", ["dev", ...ports, ...args], {
    ...{ cwd: dir, env: quietEnv(), detached: true },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = new Server(`http://127.0.0.1:${port}`, child);
  const isSettled = () => /Ready on|\[ERROR\]/.test(logOf(server));
  try {
    await until("a line that says how wrangler dev went", 60, () =>
      child.exitCode === null ? isSettled() : true,
    );
    return server;
  } catch (error) {
    await server.kill();
    throw new Error(`${error}\n${logOf(server)}`);
  }
}

/** Everything it wrote, without colours. */
export function logOf(server: Server): string {
  return server.lines().map(stripVTControlCharacters).join("\n");
}
