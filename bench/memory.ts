// Memory that processes hold, in bytes, as Linux says; 0 on other systems.
import { readFileSync, writeFileSync } from "node:fs";

const PAGE_BYTES = 4096;

export function memoryOf(pid: number): number {
  if (process.platform !== "linux") return 0;
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
}

/** The most it has held since its start, or since it was asked to forget; 0 for one that has ended. */
export function peakOf(pid: number): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** From now on its peak is that of what comes. */
export function forgetPeak(pid: number): void {
  if (process.platform === "linux") writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
