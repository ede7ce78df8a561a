// A project outside the repository with the package's files, installed without a registry.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inject } from "vitest";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { temporaryDir } from "./support.ts";

/** A new project with these files; gone when the test is over. */
export function outsideProject(files: Readonly<Record<string, string>>): string {
  const project = temporaryDir();
  addFiles(project, files);
  install(project);
  return project;
}

export function addFiles(project: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
}

/** The package as it is published, installed without a registry. */
function install(project: string): void {
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  const others = readdirSync(join(ROOT, "node_modules"));
  for (const name of others) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  cpSync(inject("unpacked"), join(modules, "durable-taskqueue"), { recursive: true });
}

/** What the program says; throws when it fails. */
export function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...quietEnv(), VITEST: undefined },
    encoding: "utf8",
    timeout: 200_000,
  });
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")}: ${status}\n${stdout}\n${stderr}`);
  return stdout;
}
