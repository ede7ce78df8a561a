// How long others wait while very many named tasks are purged, while the names that they leave are swept, while as many
// are deleted or put back after they failed, and while a queue of as many is removed: one who adds, and one who looks. What counts is the longest wait, so each may wait
// for an answer before it asks again: a machine that is busy is not given more than it can do.
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
const OTHER_QUEUE = "/_ah/api/queues/other";
const FAILING_QUEUE = "/_ah/api/queues/failing";
/** Names in one call; tasks added by one. */
const BATCH = 1000;
const ONE_ATTEMPT = JSON.stringify({
  retry_parameters: { task_retry_limit: 0 },
  extensions: { rate: "none", max_concurrent_requests: 200 },
});
const PAUSED = JSON.stringify({ rate: 0 });
const DUE = JSON.stringify({});
const ALL = JSON.stringify({ all: true });

type Ask = () => Promise<unknown>;

export async function measurePurge({ purged }: Size): Promise<Report> {
  const entry = join(import.meta.dirname, "..", "worker", "purge.ts");
  const tombstoneS = Math.ceil(TOMBSTONE_S + purged / PURGED_PER_SECOND);
  const vars = { TOMBSTONE_TTL: `${tombstoneS}s` };
  const workerd = await startWorkerd([{ name: "purge", entry, classes: CLASSES, vars }]);
  const port = workerd.ports.get("purge") as number;
  const many = purged.toLocaleString("en");
  try {
    await call(port, "GET", `/fill?tasks=${purged}&named=n`);
    await call(port, "PUT", OTHER_QUEUE, PAUSED);
    await call(port, "GET", `/fill?queue=other&tasks=${purged}&named=n`);
    // The first requests find nothing compiled.
    const askers = asks(port, QUEUE);
    await waits(askers, sleep(REST_MS));
    const idle = await waits(askers, sleep(LOOK_MS));
    await sleep(REST_MS);
    const purge = await waits(askers, call(port, "POST", `${QUEUE}:purge`));
    await sleep(tombstoneS * 1000 + REST_MS);
    const sweep = await waits(askers, sleep(LOOK_MS));
    await call(port, "GET", `/fill?tasks=${purged}&named=d`);
    await sleep(REST_MS);
    const deletion = await waits(askers, deleteAll(port, purged));
    await failAll(port, purged);
    const redriven = call(port, "POST", `${FAILING_QUEUE}/tasks:redrive`, ALL);
    const redrive = await waits(asks(port, FAILING_QUEUE), redriven);
    // What it leaves to its alarm comes after the answer.
    const removed = Promise.all([call(port, "DELETE", OTHER_QUEUE), sleep(LOOK_MS)]);
    const removal = await waits([() => look(port)], removed);
    return reportOf(idle, {
      [`a purge of ${many} named tasks`]: purge,
      [`the sweep of ${many} names`]: sweep,
      [`a delete of ${many} named tasks`]: deletion,
      [`a redrive of ${many} failed tasks`]: redrive,
      [`the removal of a queue of ${many} named tasks`]: removal,
    });
  } finally {
    await workerd.stop();
  }
}

/** One who looks at the queue, and one who adds to it. */
function asks(port: number, queue: string): Ask[] {
  const add = () => call(port, "POST", `${queue}/tasks`, DUE);
  return [() => call(port, "GET", queue), add];
}

async function deleteAll(port: number, tasks: number): Promise<void> {
  for (let i = 0; i < tasks; i += BATCH) {
    const length = Math.min(BATCH, tasks - i);
    const names = Array.from({ length }, (_, j) => `d${i + j}`);
    await call(port, "POST", `${QUEUE}/tasks:delete`, JSON.stringify({ names }));
  }
}

/** So many tasks fail, and are kept, on a queue that is paused then. */
async function failAll(port: number, tasks: number): Promise<void> {
  await call(port, "PUT", FAILING_QUEUE, ONE_ATTEMPT);
  for (let i = 0; i < tasks; i += BATCH) {
    await call(port, "GET", `/add?queue=failing&tasks=${Math.min(BATCH, tasks - i)}`);
  }
  while (JSON.parse(await call(port, "GET", FAILING_QUEUE)).statistics.tasks > 0) {
    await sleep(REST_MS);
  }
  await call(port, "POST", `${FAILING_QUEUE}:pause`);
  await sleep(REST_MS);
}

/** At the queue that is being removed: an answer that there is none is one, too. */
async function look(port: number): Promise<void> {
  await call(port, "GET", OTHER_QUEUE).catch(() => {});
}

function reportOf(idle: readonly number[], beside: Record<string, readonly number[]>): Report {
  const rows = Object.entries({ "nothing else": idle, ...beside }).map(([name, ms]) => [
    name,
    String(ms.length),
    ...[0.5, 0.99, 1].map((share) => quantile(ms, share).toFixed(1)),
  ]);
  const columns = ["", "requests", "p50 ms", "p99 ms", "most ms"];
  return {
    tables: [{ title: "What others wait beside", columns, rows }],
    bars: Object.entries(beside).map(([name, ms]) => barOf(name, ms)),
  };
}

function barOf(name: string, ms: readonly number[]): Bar {
  return {
    what: `longest wait beside ${name}`,
    found: quantile(ms, 1),
    atMost: MOST_MS,
    unit: "ms",
  };
}

/** How long each request took, of all who ask, until `work` is done. */
async function waits(all: readonly Ask[], work: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = work.then(() => {
    isOver = true;
  });
  const took: number[] = [];
  const asking = all.map(async (ask) => {
    do {
      const started = performance.now();
      await ask();
      took.push(performance.now() - started);
      await sleep(PACE_MS);
    } while (!isOver);
  });
  await Promise.all([over, ...asking]);
  return took;
}
