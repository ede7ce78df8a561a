// Who has the state of a local server. Two servers on one directory would both run its tasks, and each would write over
// the other, so the first leaves a file there with its process and the second is told.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";

export const LOCK = "npm-start.lock";

/** A file is older than the machine's start only if it is so by this: file systems and clocks round. */
const ROUNDING_MS = 5000;

/** Takes the directory, which is made if need be. Returns the process that has it already, if there is one. */
export function takeState(dir: string, pid = process.pid): number | undefined {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, LOCK);
  if (write(file, pid)) return undefined;
  const holder = holderOf(file);
  if (holder !== undefined && holder !== pid) return holder;
  rmSync(file, { force: true });
  return write(file, pid) ? undefined : holderOf(file);
}

/** Gives the directory back, if this process has it. */
export function leaveState(dir: string, pid = process.pid): void {
  const file = join(dir, LOCK);
  if (pidIn(file) === pid) rmSync(file, { force: true });
}

// Fails where the file is there: of two that start together one has it.
function write(file: string, pid: number): boolean {
  try {
    writeFileSync(file, `${pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The process in the file, if it lives: one that was killed left its file behind. */
function holderOf(file: string): number | undefined {
  const pid = pidIn(file);
  return pid !== undefined && isOfThisRun(file) && isAlive(pid) ? pid : undefined;
}

function pidIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

// The numbers of processes begin anew when the machine does.
function isOfThisRun(file: string): boolean {
  const startedAt = Date.now() - uptime() * 1000;
  return statSync(file).mtimeMs >= startedAt - ROUNDING_MS;
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 is none: it only looks.
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // There, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

// One that has ended and that nobody has asked after, as is usual in a container whose first process does not.
function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
