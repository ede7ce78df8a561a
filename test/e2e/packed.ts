// The package as its users get it: packed once for all tests of servers, as a tarball and unpacked.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { quietEnv, ROOT } from "../../scripts/server.ts";

export default function setup(project: TestProject): (() => void) | undefined {
  const { projects } = project.vitest;
  // Another project of the same run may have packed it.
  const packed = projects.map((it) => it.getProvidedContext()).find(({ tarball }) => tarball);
  if (packed) {
    provide(project, packed);
    return undefined;
  }
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-packed-"));
  provide(project, packInto(dir));
  return () => rmSync(dir, { recursive: true, force: true });
}

interface Packed {
  tarball: string;
  unpacked: string;
}

function provide(project: TestProject, { tarball, unpacked }: Packed): void {
  project.provide("tarball", tarball);
  project.provide("unpacked", unpacked);
}

function packInto(dir: string): Packed {
  const run = (program: string, args: string[], cwd: string) =>
    execFileSync(program, args, { cwd, env: quietEnv(), encoding: "utf8", stdio: "pipe" });
  const said = run("npm", ["pack", "--json", "--pack-destination", dir], ROOT);
  const [{ filename }] = JSON.parse(said) as [{ filename: string }];
  run("tar", ["-xzf", filename], dir);
  // What the package needs, so that its command runs where it was unpacked.
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  return { tarball: join(dir, filename), unpacked: join(dir, "package") };
}
