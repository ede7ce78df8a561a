// `npm run check:size`: what the library adds to a Worker, part by part, and whether each whole stays within its
// budget. As wrangler deploys it: bundled, not minified, compressed.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT } from "./server.ts";

/** KiB gzip of a Worker that imports these from an entry of the library; a budget where there is one. */
const ROWS: { what: string; entry: "index" | "slim"; names: string; budget?: number }[] = [
  {
    what: "the queue alone, files compiled",
    entry: "slim",
    names: "createTaskQueues",
    budget: 150,
  },
  { what: "with the JSON API", entry: "slim", names: "createTaskQueues, api" },
  { what: "with Cloud Tasks' API", entry: "slim", names: "createTaskQueues, cloudTasks" },
  {
    what: "with the JSON API and the console",
    entry: "slim",
    names: "createTaskQueues, api, console",
  },
  { what: "with YAML read at the start", entry: "slim", names: "createTaskQueues, fromYaml" },
  { what: "everything", entry: "index", names: "createTaskQueues", budget: 300 },
];

async function kibOf(entry: string, names: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${names} } from "./src/${entry}.ts";\nexport default [${names}];`,
      resolveDir: ROOT,
    },
    ...{ bundle: true, write: false, format: "esm", target: "es2024" },
    ...{ conditions: ["workerd", "worker", "browser"], external: ["cloudflare:*"] },
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).byteLength / 1024;
}

for (const { what, entry, names, budget } of ROWS) {
  const kib = await kibOf(entry, names);
  const most = budget === undefined ? "" : ` of ${budget}`;
  console.log(`bundle, ${what}: ${kib.toFixed(1)} KiB gzip${most}`);
  if (budget === undefined || kib <= budget) continue;
  console.error(`the bundle is over its budget of ${budget} KiB gzip`);
  process.exitCode = 1;
}
