// The Worker under test on raw workerd, on one state, in today's version and in one before it.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { OF_WORKERS } from "../scripts/bundle.ts";
import { ROOT } from "../scripts/server.ts";
import { configOf } from "../scripts/workerd-config.ts";
import { portsOf, spawnWorkerd } from "../scripts/workerd-process.ts";
import { CLASSES } from "../src/objects/exported.ts";

const NAME = "chaos";
/** The last that wrote rows before tables were made with the first row, and lowered the schema's number. */
const BEFORE = "0b5a38f";

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
  const entryPoints = [join(root, "chaos/worker/worker.ts")];
  await build({ ...OF_WORKERS, entryPoints, outfile, absWorkingDir: root });
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
  const child = spawnWorkerd(configured(dir, version, variables), "pipe");
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
  const ports = await portsOf(child, 1).catch((error) => {
    throw new Error(`${error}\n${log.join("\n")}`);
  });
  const url = `http://127.0.0.1:${ports.get(NAME)}`;
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  );
  return { url, kill, log };
}

/** The file that says what is to run. */
function configured(dir: string, version: Version, vars: Record<string, string>): string {
  const [stateDir, config] = [join(dir, "state"), join(dir, "config.capnp")];
  mkdirSync(stateDir, { recursive: true });
  const worker = { name: NAME, module: `${version}.js`, classes: CLASSES, vars };
  writeFileSync(config, configOf([worker], { stateDir }));
  return config;
}
