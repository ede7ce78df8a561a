// The peers' packages, which the project's own install does not have: they are installed when they are first asked for.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(import.meta.dirname, "package.json"));

export function installPeers(): void {
  if (existsSync(join(import.meta.dirname, "node_modules", "bullmq"))) return;
  execFileSync("npm", ["ci", "--prefix", import.meta.dirname], { stdio: "inherit" });
}

/** A package of theirs, typed by what is used of it: the compiler sees none of them. */
export function peerPackage<T>(name: string): T {
  return require(name) as T;
}
