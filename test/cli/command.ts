// The command as its users start it: a bundle, of which a start takes a third of the CPU that one from the sources does.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { bundleCli } from "../../scripts/cli-bundle.ts";
import { ROOT } from "../../scripts/server.ts";

/** The path of its program, for the tests of a file. */
export function bundledCommand(): string {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-command-"));
  beforeAll(async () => {
    copyFileSync(join(ROOT, "package.json"), join(dir, "package.json"));
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
    await bundleCli(join(dir, "dist"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  return join(dir, "dist/cli.js");
}
