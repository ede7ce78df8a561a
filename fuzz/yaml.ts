// Many changed files, read on a thread that is watched.
import { Worker } from "node:worker_threads";
import type { YamlReport, YamlWork } from "./yaml-worker.ts";

/** CPU time one file may take, in ms; and how long a thread may be at one before it is ended. */
export const MAX_READ_MS = 1000;
const HANG_MS = 30_000;
const LOOK_MS = 500;

export async function readYamlFiles(seed: string, count: number): Promise<YamlReport> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData: YamlWork = { seed, from: 0, to: count, progress };
  const worker = new Worker(new URL("./yaml-worker.ts", import.meta.url), { workerData });
  const report = new Promise<YamlReport>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
  const watch = watched(progress);
  try {
    const read = await Promise.race([report, watch.hung]);
    if (typeof read !== "number") return read;
    const fault = `not read to its end in ${HANG_MS / 1000} s`;
    const slowest = { index: read, ms: HANG_MS };
    return { findings: [{ index: read, fault }], slowest, heap: [0, 0] };
  } finally {
    watch.end();
    await worker.terminate();
  }
}

/** Resolves with the number of a file that the thread does not come away from. */
function watched(progress: Int32Array): { hung: Promise<number>; end(): void } {
  const { promise: hung, resolve } = Promise.withResolvers<number>();
  let last = -1;
  let since = Date.now();
  const timer = setInterval(() => {
    const now = Atomics.load(progress, 0);
    if (now !== last) since = Date.now();
    last = now;
    if (Date.now() - since > HANG_MS) resolve(now);
  }, LOOK_MS);
  return { hung, end: () => clearInterval(timer) };
}
