// Reads the files on a thread of its own, so that one that is never read to its end can be found and named.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { faultsOfReading } from "./yaml-checks.ts";
import { yamlAt } from "./yaml-files.ts";

/** What this thread is given, and what it says at its end. */
export interface YamlWork {
  seed: string;
  from: number;
  to: number;
  /** The number of the file that is being read. */
  progress: Int32Array;
}

export interface YamlReport {
  findings: { index: number; fault: string }[];
  slowest: { index: number; ms: number };
  /** MiB in use after the first fifth and at the end, garbage aside. */
  heap: [warm: number, end: number];
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapMiB(): number {
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

function readAll({ seed, from, to, progress }: YamlWork): YamlReport {
  const report: YamlReport = { findings: [], slowest: { index: -1, ms: 0 }, heap: [0, 0] };
  const warm = from + Math.floor((to - from) / 5);
  for (let index = from; index < to; index++) {
    Atomics.store(progress, 0, index);
    const begun = process.cpuUsage();
    const faults = faultsOfReading(yamlAt(seed, index));
    const { user, system } = process.cpuUsage(begun);
    const ms = (user + system) / 1000;
    if (ms > report.slowest.ms) report.slowest = { index, ms };
    report.findings.push(...faults.map((fault) => ({ index, fault })));
    if (index === warm) report.heap[0] = heapMiB();
  }
  report.heap[1] = heapMiB();
  return report;
}

parentPort?.postMessage(readAll(workerData as YamlWork));
