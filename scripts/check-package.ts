// `npm run check:package`: what `npm pack` makes, looked at by the linters of packages: every entry is found, and has
// its types, however it is imported.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./server.ts";

function output(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  if (status === 0) return stdout;
  console.error(`${[command, ...args].join(" ")} failed\n${stdout}\n${stderr}`);
  process.exit(1);
}

const dir = mkdtempSync(join(tmpdir(), "taskqueue-package-"));
try {
  const [packed] = JSON.parse(
    output("npm", "pack", "--json", "--silent", "--pack-destination", dir),
  );
  const file = join(dir, packed.filename);
  output("publint", file, "--strict");
  // The library is ESM, as everything a Worker imports; Node 20 can import nothing else of it.
  output("attw", file, "--profile", "esm-only", "--format", "ascii");
  console.log(`package: ${packed.entryCount} files, ${Math.ceil(packed.size / 1024)} KiB packed`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
