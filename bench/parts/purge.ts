// How long others wait while very many named tasks are purged, and while the names that they leave are swept: one who
// adds, and one who looks. What counts is the longest wait, so each may wait for an answer before it asks again: a
// machine that is busy is not given more than it can do.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../http.ts";
import type { Bar, Report } from "../report.ts";
import type { Size } from "../size.ts";
import { quantile } from "../statistics.ts";
import { CLASSES, startWorkerd } from "../workerd.ts";

const PACE_MS = 5;
const MOST_MS = 50;
/** Until nothing of what was before is left to do. */
const REST_MS = 1000;
const LOOK_MS = 3000;
/** Tombstones live longer than the purge may take, so that they are swept after it. */
const TOMBSTONE_S = 2;
const PURGED_PER_SECOND = 15_000;
const QUEUE = "/_ah/api/queues/bench";
const DUE = JSON.stringify({});

export async function measurePurge({ purged }: Size): Promise<Report> {
  const entry = join(import.meta.dirname, "..", "worker", "purge.ts");
  const tombstoneS = Math.ceil(TOMBSTONE_S + purged / PURGED_PER_SECOND);
  const vars = { TOMBSTONE_TTL: `${tombstoneS}s` };
  const workerd = await startWorkerd([{ name: "purge", entry, classes: CLASSES, vars }]);
  const port = workerd.ports.get("purge") as number;
  try {
    await call(port, "GET", `/fill?tasks=${purged}&named=n`);
    // The first requests find nothing compiled.
    await waits(port, sleep(REST_MS));
    const before = await waits(port, sleep(LOOK_MS));
    await sleep(REST_MS);
    const purge = await waits(port, call(port, "POST", `${QUEUE}:purge`));
    await sleep(tombstoneS * 1000 + REST_MS);
    const sweep = await waits(port, sleep(LOOK_MS));
    const many = purged.toLocaleString("en");
    const all = {
      "nothing else": before,
      [`a purge of ${many} named tasks`]: purge,
      [`the sweep of ${many} names`]: sweep,
    };
    const columns = ["", "requests", "p50 ms", "p99 ms", "most ms"];
    const rows = Object.entries(all).map(([name, ms]) => [
      name,
      String(ms.length),
      ...[0.5, 0.99, 1].map((share) => quantile(ms, share).toFixed(1)),
    ]);
    return {
      tables: [{ title: "What others wait beside", columns, rows }],
      bars: Object.entries(all)
        .slice(1)
        .map(([name, ms]) => barOf(name, ms)),
    };
  } finally {
    await workerd.stop();
  }
}

function barOf(name: string, ms: readonly number[]): Bar {
  return {
    what: `longest wait beside ${name}`,
    found: quantile(ms, 1),
    atMost: MOST_MS,
    unit: "ms",
  };
}

/** How long each request took, until `work` is done. */
async function waits(port: number, work: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = work.then(() => {
    isOver = true;
  });
  const took: number[] = [];
  const one = async (ask: () => Promise<unknown>) => {
    while (!isOver) {
      const started = performance.now();
      await ask();
      took.push(performance.now() - started);
      await sleep(PACE_MS);
    }
  };
  const look = one(() => call(port, "GET", QUEUE));
  const add = one(() => call(port, "POST", `${QUEUE}/tasks`, DUE));
  await Promise.all([over, look, add]);
  return took;
}
