// However this process ends, no server it started and no file of theirs stays behind.
import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";

const children = new Set<ChildProcess>();
const dirs = new Set<string>();

/** From now on the process ends with this one, and the directory is removed. */
export function leaveNothing(child: ChildProcess, dir: string): void {
  if (dirs.size === 0) process.once("exit", clearUp);
  children.add(child);
  dirs.add(dir);
  child.once("exit", () => children.delete(child));
}

function clearUp(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
}
