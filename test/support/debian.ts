// Debian's packages, unpacked beside the temporary files without installing them.
import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const QUIET: ExecFileSyncOptions = { stdio: "pipe", timeout: 60_000 };

/** Their root, which is kept under this name; undefined where they are not to be had. */
export function unpacked(name: string, packages: readonly string[]): string | undefined {
  const kept = join(tmpdir(), `taskqueue-${name}-${process.getuid?.() ?? 0}`);
  if (!existsSync(kept)) unpack(packages, kept);
  return existsSync(kept) ? kept : undefined;
}

export function runs(program: string, args: readonly string[], env = process.env): boolean {
  try {
    execFileSync(program, args, { ...QUIET, env });
    return true;
  } catch {
    return false;
  }
}

// Others may do the same at the same time: what is there at last is one's whole work.
function unpack(packages: readonly string[], kept: string): void {
  const dir = mkdtempSync(`${kept}-`);
  try {
    download(packages, dir);
    const root = join(dir, "root");
    mkdirSync(root);
    for (const deb of readdirSync(dir).filter((file) => file.endsWith(".deb"))) {
      execFileSync("dpkg-deb", ["-x", join(dir, deb), root], QUIET);
    }
    renameSync(root, kept);
  } catch {
    // There are none then.
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function download(packages: readonly string[], cwd: string): void {
  const get = () => execFileSync("apt-get", ["download", ...packages], { ...QUIET, cwd });
  try {
    get();
  } catch {
    // A machine that is new has no lists yet.
    execFileSync("apt-get", ["update"], QUIET);
    get();
  }
}
