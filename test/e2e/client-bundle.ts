// `durable-taskqueue/client` as one file, for runtimes that are given a path.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { ROOT } from "../../scripts/server.ts";

/** The module's text. */
export function clientBundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, "src/remote/index.ts")],
    ...{ bundle: true, write: false, format: "esm", platform: "neutral", target: "es2022" },
  });
  return outputFiles[0]?.text ?? "";
}

/** Whether this machine has such a program; `version` is what it has to say of itself. */
export function hasProgram(program: string, version = /\d/, args = ["--version"]): boolean {
  try {
    const said = execFileSync(program, args, { stdio: "pipe", encoding: "utf8" });
    return version.test(said);
  } catch {
    return false;
  }
}
