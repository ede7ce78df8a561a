// Seconds of CPU that processes have used, user and kernel, as Linux says in hundredths; not a number on other systems.
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;
// The name in the second field is in brackets; what is counted here are the fields behind it.
const [PARENT, USER, SYSTEM, ENDED_USER, ENDED_SYSTEM] = [1, 11, 12, 13, 14];

export function cpuOfProcess(pid: number): number {
  return sum(pid, [USER, SYSTEM]);
}

/** With that of its children, and of those that have ended. */
export function cpuOfFamily(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const own = sum(pid, [USER, SYSTEM, ENDED_USER, ENDED_SYSTEM]);
  return childrenOf(pid).reduce((all, child) => all + cpuOfProcess(child), own);
}

export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function childrenOf(pid: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((each) => Number(statOf(each)[PARENT]) === pid);
}

function sum(pid: number, fields: readonly number[]): number {
  if (process.platform !== "linux") return Number.NaN;
  const stat = statOf(pid);
  return fields.reduce((all, field) => all + Number(stat[field] ?? 0), 0) / TICKS_PER_SECOND;
}

/** Empty for one that has just ended. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  } catch {
    return [];
  }
}
