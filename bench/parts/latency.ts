// How long a single task waits on an idle queue, from just before the add until its handler runs, beside the
// same of a bare object. workerd's clock ticks in whole milliseconds, so the time is taken in Node, by a clock
// that both ends share:
//  - from a Worker: one request, in which the Worker adds and waits for its handler to be called;
//  - over HTTP: an add by the API, and another request that the handler's call ends;
//  - to a url: the same, and the handler is a server in this process.
// Samples of all kinds take turns. What the way of measuring takes by itself is the floor: a request that the
// Worker answers at once.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../http.ts";
import type { Bar, Report } from "../report.ts";
import type { Size } from "../size.ts";
import { quantile } from "../statistics.ts";
import { startTarget, type TargetServer } from "../target-server.ts";
import { CLASSES, PROBES, type Running, startWorkerd } from "../workerd.ts";

/** Between two samples everything settles: the result is written, the alarm is at rest. */
const PAUSE_MS = 10;
const WARM_UP = 20;
const ADD = "/_ah/api/queues/bench/tasks";
const MOST = { p50: 1.5, p99: 3 };

/** Begins, and ends when the handler runs. */
type Sample = () => Promise<number>;

export async function measureLatency({ samples }: Size): Promise<Report> {
  const target = await startTarget();
  const workerd = await startWorkerd(workersFor(target));
  try {
    const times = await sampled(kindsOf(workerd, target), samples);
    const columns = ["", "p50 ms", "p99 ms"];
    const title = `Add to handler on an idle queue, ${samples} samples`;
    const rows = Object.entries(times).map(([name, own]) => [
      name,
      ...[0.5, 0.99].map((share) => quantile(own, share).toFixed(2)),
    ]);
    return { tables: [{ title, columns, rows }], bars: barsOf(times) };
  } finally {
    target.close();
    await workerd.stop();
  }
}

function workersFor({ origin }: TargetServer) {
  const file = (name: string) => join(import.meta.dirname, "..", "worker", `${name}.ts`);
  const vars = { TASKQUEUE_ALLOW_HOSTS: new URL(origin).host };
  return [
    { name: "ours", entry: file("ours"), classes: CLASSES, vars },
    { name: "probe", entry: file("probe"), classes: PROBES },
  ];
}

const WAYS = ["from a Worker", "over HTTP"] as const;

function kindsOf({ ports }: Running, target: TargetServer): Record<string, Sample> {
  const [ours, probe] = [ports.get("ours") as number, ports.get("probe") as number];
  const outside = JSON.stringify({ url: `${target.origin}/task` });
  const nextCall = (port: number) => () => call(port, "GET", "/next-call");
  return {
    "ours, from a Worker": () => timed(() => call(ours, "GET", "/add-and-wait")),
    "bare object, from a Worker": () => timed(() => call(probe, "GET", "/add-and-wait")),
    "ours, over HTTP": () => until(nextCall(ours), () => call(ours, "POST", ADD, "{}")),
    "bare object, over HTTP": () => until(nextCall(probe), () => call(probe, "GET", "/add")),
    "ours, over HTTP, to a url": () => until(target.next, () => call(ours, "POST", ADD, outside)),
    floor: () => timed(() => call(ours, "POST", "/task")),
  };
}

async function sampled(
  kinds: Record<string, Sample>,
  samples: number,
): Promise<Record<string, number[]>> {
  const all = Object.entries(kinds);
  const times = Object.fromEntries(all.map(([name]): [string, number[]] => [name, []]));
  for (let i = -Math.min(WARM_UP, samples); i < samples; i++) {
    for (const [name, sample] of all) {
      await sleep(PAUSE_MS);
      const ms = await sample();
      if (i >= 0) times[name]?.push(ms);
    }
  }
  return times;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** From `begin` until what `wait` has waited for since before. */
async function until(wait: () => Promise<unknown>, begin: () => Promise<unknown>): Promise<number> {
  const called = wait();
  await sleep(PAUSE_MS);
  const started = performance.now();
  const begun = begin();
  await called;
  const ms = performance.now() - started;
  await begun;
  return ms;
}

function barsOf(times: Record<string, number[]>): Bar[] {
  return WAYS.flatMap((way) => {
    const [ours, bare] = [times[`ours, ${way}`] ?? [], times[`bare object, ${way}`] ?? []];
    const ratio = (share: number) => quantile(ours, share) / quantile(bare, share);
    const what = `idle latency ${way}, ours / bare object`;
    return [
      { what: `${what}, p50`, found: ratio(0.5), atMost: MOST.p50 },
      { what: `${what}, p99`, found: ratio(0.99), atMost: MOST.p99 },
    ];
  });
}
