// npm run bench:pull: what a lease of 100 tasks takes on a queue of a thousand and on one of a million, and
// how long a worker that waits is behind the add that ends its waiting.
import { join } from "node:path";
import { closeConnections } from "./http.ts";
import { median, quantile } from "./statistics.ts";
import { CLASSES, startWorkerd } from "./workerd.ts";

const SIZES = { small: 1000, big: 1_000_000 } as const;
type Size = keyof typeof SIZES;
const ROUNDS = 40;
/** Leases of 100 in one call, so that the call itself weighs little. */
const LEASES = 5;
const TARGET = 1.5;
const POLLS = 100;
const headers = { "Content-Type": "application/json" };

const entry = join(import.meta.dirname, "worker", "pull.ts");
const workerd = await startWorkerd([{ name: "pull", entry, classes: CLASSES }]);
const origin = `http://127.0.0.1:${workerd.ports.get("pull")}`;
try {
  for (const size of ["small", "big"] as const) {
    const ms = await timed(() => call(`/fill?queue=${size}&n=${SIZES[size]}`));
    console.log(`filled with ${SIZES[size]} tasks in ${(ms / 1000).toFixed(1)} s`);
  }
  const took: Record<Size, number[]> = { small: [], big: [] };
  for (let i = -5; i < ROUNDS; i++) {
    for (const size of i % 2 ? (["small", "big"] as const) : (["big", "small"] as const)) {
      const ms = await lease(size);
      if (i >= 0) took[size].push(ms);
    }
  }
  const show = (size: Size) =>
    `p50 ${median(took[size]).toFixed(2)} ms, p90 ${quantile(took[size], 0.9).toFixed(2)} ms`;
  console.log(`a lease of 100 of ${SIZES.small}: ${show("small")}`);
  console.log(`a lease of 100 of ${SIZES.big}: ${show("big")}`);
  const ratio = median(took.big) / median(took.small);
  const outcome = ratio < TARGET ? "reached" : "MISSED";
  console.log(`ratio ${ratio.toFixed(2)} (target under ${TARGET}: ${outcome})`);
  const behind = await longPoll();
  const cells = [0.5, 0.99].map((p) => quantile(behind, p).toFixed(1));
  console.log(`add sent to a waiting lease's answer: p50 ${cells[0]} ms, p99 ${cells[1]} ms`);
} finally {
  closeConnections();
  await workerd.stop();
}

async function lease(size: Size): Promise<number> {
  let held = "";
  const ms = await timed(async () => {
    held = await (await call(`/lease?queue=${size}&n=${LEASES}`)).text();
  });
  await call(`/end?queue=${size}`, { method: "POST", body: held });
  return ms / LEASES;
}

async function longPoll(): Promise<number[]> {
  const tasks = "/_ah/api/queues/idle/tasks";
  const wait = JSON.stringify({ leaseSeconds: 60, maxTasks: 1, waitSeconds: 60 });
  const behind: number[] = [];
  for (let i = 0; i < POLLS; i++) {
    const waiting = call(`${tasks}:lease`, { method: "POST", body: wait }).then((got) =>
      got.text(),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    const added = call(tasks, { method: "POST", body: JSON.stringify({ payload: "" }), headers });
    behind.push(await timed(() => waiting));
    await added;
  }
  return behind;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function call(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(origin + path, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}
