// Folders of Workers for `init`, and `init` applied to them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Project, planOf } from "../../../src/cli/init/project.ts";

export type Files = Readonly<Record<string, string>>;

/** A folder with these files, gone when the test is over. */
export function folderOf(files: Files): string {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-init-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [path, text] of Object.entries(files)) write(dir, path, text);
  return dir;
}

export function filesIn(dir: string): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = paths.filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(dir.length + 1), readFileSync(path, "utf8")];
    }),
  );
}

/** Plans and writes. */
export function extend(dir: string): Project {
  const project = planOf(dir);
  for (const { path, after } of project.changes) write(dir, path, after);
  return project;
}

function write(dir: string, path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}
