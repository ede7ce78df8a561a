// The package as its users get it: packed once for all tests of servers, as a tarball and unpacked.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { quietEnv, ROOT } from "../../scripts/server.ts";

export default function setup(project: TestProject): () => void {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-packed-"));
  const run = (program: string, args: string[], cwd: string) =>
    execFileSync(program, args, { cwd, env: quietEnv(), encoding: "utf8", stdio: "pipe" });
  const packed = run("npm", ["pack", "--json", "--pack-destination", dir], ROOT);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  run("tar", ["-xzf", filename], dir);
  // What the package needs, so that its command runs where it was unpacked.
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  project.provide("tarball", join(dir, filename));
  project.provide("unpacked", join(dir, "package"));
  return () => rmSync(dir, { recursive: true, force: true });
}
