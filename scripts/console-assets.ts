// The console's code and style as one module that the Worker serves them from, so that a Worker needs no assets of
// its own. Its budget is for what a browser loads.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "./server.ts";

const BUDGET_KIB_GZIP = 80;
const MODULE = join(ROOT, "src/http/console/assets.ts");
const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** What the module is made of: its own sources, those of the packages in it, and this script. */
const SOURCES = ["src/console", "src/core", "scripts/console-assets.ts", "package-lock.json"];

/**
 * Writes the module, unless it is made of these sources already. Whoever watches src builds anew on each write there, so
 * one that changes nothing is left out. Throws when it is over its budget.
 */
export async function buildConsole(): Promise<void> {
  const firstLine = `// Made by scripts/console-assets.ts of sources ${hashOfSources()}.\n`;
  const before = readOr(MODULE, "");
  if (before.startsWith(firstLine)) return;
  const rest = `${MODULE_HEAD}${JSON.stringify(await bundled(), null, 2)};\n`;
  if (before !== firstLine + rest) writeFileSync(MODULE, firstLine + rest);
}

const MODULE_HEAD = `/** A file the console's page loads; its name changes with what it says. */
export interface ConsoleAsset {
  name: string;
  type: string;
  body: string;
}

export const CONSOLE_ASSETS: readonly ConsoleAsset[] = `;

interface Asset {
  name: string;
  type: string;
  body: string;
}

async function bundled(): Promise<Asset[]> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [{ in: join(ROOT, "src/console/main.tsx"), out: "console" }],
    ...{ outdir: ROOT, bundle: true, minify: true, write: false },
    ...{ format: "esm", target: "es2022" },
    ...{ jsx: "automatic", jsxImportSource: "preact" },
  });
  const assets = outputFiles.map(({ path, text, contents }) => {
    const type = extname(path);
    const hash = createHash("sha256").update(contents).digest("hex").slice(0, 10);
    return { name: `console-${hash}${type}`, type: TYPES[type] ?? "", body: text };
  });
  checkBudget(assets);
  return assets;
}

function checkBudget(assets: readonly Asset[]): void {
  const kib = assets.reduce((sum, { body }) => sum + gzipSync(body).byteLength, 0) / 1024;
  // To stderr: packing runs this, and `npm pack --json` answers on stdout.
  console.error(`console: ${kib.toFixed(2)} KiB gzip of ${BUDGET_KIB_GZIP}`);
  if (kib <= BUDGET_KIB_GZIP) return;
  throw new Error(`the console is over its budget of ${BUDGET_KIB_GZIP} KiB gzip`);
}

function hashOfSources(): string {
  const hash = createHash("sha256");
  for (const source of SOURCES.flatMap(filesOf)) {
    hash
      .update(`${source}\0`)
      .update(readFileSync(join(ROOT, source)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

function filesOf(path: string): string[] {
  if (extname(path) !== "") return [path];
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort();
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
