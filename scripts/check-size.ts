// `npm run check:size`: what would be deployed, and whether it stays within its budget. The library is
// nearly all of it, so this is what a Worker pays for its queues.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quietEnv, ROOT } from "./server.ts";

const BUDGET_KIB_GZIP = 340;

const outDir = mkdtempSync(join(tmpdir(), "taskqueue-size-"));
const { status, stdout, stderr } = spawnSync(
  "wrangler",
  ["deploy", "--dry-run", "--outdir", outDir],
  {
    cwd: ROOT,
    env: quietEnv(),
    encoding: "utf8",
  },
);
rmSync(outDir, { recursive: true, force: true });
const size = Number(/gzip: ([\d.]+) KiB/.exec(stdout)?.[1]);
if (status !== 0 || Number.isNaN(size)) {
  console.error(`wrangler deploy --dry-run failed\n${stdout}\n${stderr}`);
  process.exit(1);
}
console.log(`bundle: ${size} KiB gzip of ${BUDGET_KIB_GZIP}`);
if (size > BUDGET_KIB_GZIP) {
  console.error(`the bundle is over its budget of ${BUDGET_KIB_GZIP} KiB gzip`);
  process.exit(1);
}
