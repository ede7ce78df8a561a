// Prometheus and promtool: those of the machine, else Debian's package, unpacked beside the temporary files without
// installing it.
import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Prometheus {
  prometheus: string;
  promtool: string;
}

const KEPT = join(tmpdir(), `taskqueue-prometheus-${process.getuid?.() ?? 0}`);
const QUIET: ExecFileSyncOptions = { stdio: "pipe", timeout: 60_000 };

/** Undefined where there is none and none is to be had. */
export function findPrometheus(): Prometheus | undefined {
  if (runs("promtool")) return { prometheus: "prometheus", promtool: "promtool" };
  const kept = binariesIn(KEPT);
  if (!existsSync(kept.promtool)) unpack();
  return runs(kept.promtool) ? kept : undefined;
}

function binariesIn(dir: string): Prometheus {
  return { prometheus: join(dir, "usr/bin/prometheus"), promtool: join(dir, "usr/bin/promtool") };
}

function runs(promtool: string): boolean {
  try {
    execFileSync(promtool, ["--version"], QUIET);
    return true;
  } catch {
    return false;
  }
}

// Others may do the same at the same time: what is there at last is one's whole work.
function unpack(): void {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-prometheus-"));
  try {
    download(dir);
    const [deb] = readdirSync(dir).filter((file) => file.endsWith(".deb"));
    const root = join(dir, "root");
    mkdirSync(root);
    execFileSync("dpkg-deb", ["-x", join(dir, deb ?? ""), root], QUIET);
    renameSync(root, KEPT);
  } catch {
    // There is none then.
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function download(cwd: string): void {
  const get = () => execFileSync("apt-get", ["download", "prometheus"], { ...QUIET, cwd });
  try {
    get();
  } catch {
    // A machine that is new has no lists yet.
    execFileSync("apt-get", ["update"], QUIET);
    get();
  }
}
