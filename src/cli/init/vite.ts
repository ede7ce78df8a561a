import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PLUGIN = "@cloudflare/vite-plugin";

/** Whether the Worker in this folder is built by Vite, with Cloudflare's plugin. */
export function usesVite(dir: string): boolean {
  const names = readdirSync(dir).filter((name) => /^vite\.config\.[cm]?[jt]s$/.test(name));
  return names.some((name) => readFileSync(join(dir, name), "utf8").includes(PLUGIN));
}
