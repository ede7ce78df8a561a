// Shells beside bash: those of the machine, else Debian's packages.
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { runs, unpacked } from "./debian.ts";

export interface Shell {
  program: string;
  env: NodeJS.ProcessEnv;
  /** Lines that have to come first in its startup file. */
  first: string;
}

const VERSION = ["--version"];

/** Undefined where there is none and none is to be had. */
export function findZsh(): Shell | undefined {
  if (runs("zsh", VERSION)) return { program: "zsh", env: {}, first: "" };
  const root = unpacked("zsh", ["zsh", "zsh-common"]);
  if (root === undefined) return undefined;
  const first = `module_path=(${root}/usr/lib/*/zsh/*(N))
fpath=(${root}/usr/share/zsh/functions/**/*(/N))`;
  return working({ program: inside(root, "zsh"), env: {}, first });
}

export function findFish(): Shell | undefined {
  if (runs("fish", VERSION)) return { program: "fish", env: {}, first: "" };
  const root = unpacked("fish", ["fish", "fish-common", "libpcre2-32-0"]);
  if (root === undefined) return undefined;
  // It looks for both of its folders beside its own, and takes neither where one is missing.
  if (!existsSync(join(root, "usr/etc"))) symlinkSync("../etc", join(root, "usr/etc"));
  const libraries = ["x86_64", "aarch64"].map((cpu) => join(root, `usr/lib/${cpu}-linux-gnu`));
  const env = { LD_LIBRARY_PATH: libraries.join(":") };
  return working({ program: inside(root, "fish"), env, first: "" });
}

function working(shell: Shell): Shell | undefined {
  return runs(shell.program, VERSION, { ...process.env, ...shell.env }) ? shell : undefined;
}

function inside(root: string, program: string): string {
  const [first = "", last = ""] = ["usr/bin", "bin"].map((folder) => join(root, folder, program));
  return existsSync(first) ? first : last;
}
