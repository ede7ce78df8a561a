// `npm run build:console`: the console's code and style as one module that the Worker serves them from, so
// that a Worker needs no assets of its own. Its budget is for what a browser loads.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT } from "./server.ts";

const BUDGET_KIB_GZIP = 80;
const MODULE = join(ROOT, "src/http/console/assets.ts");
const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

const { outputFiles } = await build({
  entryPoints: [{ in: join(ROOT, "src/console/main.tsx"), out: "console" }],
  outdir: ROOT,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  write: false,
});

const assets = outputFiles.map(({ path, text, contents }) => {
  const type = extname(path);
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 10);
  return { name: `console-${hash}${type}`, type: TYPES[type] ?? "", body: text };
});

const kib = assets.reduce((sum, { body }) => sum + gzipSync(body).byteLength, 0) / 1024;
// Not to stdout, which is npm's own when it packs.
console.error(`console: ${kib.toFixed(2)} KiB gzip of ${BUDGET_KIB_GZIP}`);
if (kib > BUDGET_KIB_GZIP) {
  console.error(`the console is over its budget of ${BUDGET_KIB_GZIP} KiB gzip`);
  process.exit(1);
}
writeIfChanged(
  MODULE,
  `// Made by scripts/build-console.ts.
/** A file the console's page loads; its name changes with what it says. */
export interface ConsoleAsset {
  name: string;
  type: string;
  body: string;
}

export const CONSOLE_ASSETS: readonly ConsoleAsset[] = ${JSON.stringify(assets, null, 2)};
`,
);

// A server that watches src builds anew on every write there, which runs this again.
function writeIfChanged(path: string, text: string): void {
  if (readOr(path, "") !== text) writeFileSync(path, text);
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
