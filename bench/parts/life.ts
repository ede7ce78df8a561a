// How many tasks a second go through their whole life: added, called, settled; and the CPU of one. The library
// and the bare probe take turns, each in a workerd of its own, so that its CPU is its own.
import { join } from "node:path";
import { call } from "../http.ts";
import type { Bar, Report, Table } from "../report.ts";
import type { Size } from "../size.ts";
import {
  cpuOf,
  perSecond,
  type Ratio,
  ratioOf,
  type Side,
  type Slices,
  takeTurns,
} from "../slices.ts";
import { CLASSES, PROBES, type Running, startWorkerd, type WorkerSpec } from "../workerd.ts";

interface Spec {
  name: string;
  worker: "ours" | "probe";
  /** In the query of a slice. */
  query: (slice: number) => string;
  /** What `createTaskQueues` is given beside queue.yaml. */
  options?: object;
  /** How much of the probe's it has to be. */
  atLeast?: number;
}

const SINGLE = "ours";
const BATCHES = "ours, batches of 50";
/** How much of the life cycle of tasks that are called one at a time. */
const BATCHES_AT_LEAST = 2.5;
const BY_RPC = "probe by rpc";
const BY_FETCH = "probe by fetch";

function specs(attemptsPerCall: number): Spec[] {
  const several: Spec = {
    name: `ours, ${attemptsPerCall} attempts a call`,
    worker: "ours",
    query: () => "",
    options: { attemptsPerCall },
    atLeast: 1.6,
  };
  const single = attemptsPerCall > 1 ? { attemptsPerCall: 1 } : {};
  return [
    { name: SINGLE, worker: "ours", query: () => "", options: single, atLeast: 0.85 },
    // Names that have never been seen: their tombstones stay.
    {
      name: "ours, named",
      worker: "ours",
      query: (i) => `&named=s${i}-`,
      options: single,
      atLeast: 0.75,
    },
    ...(attemptsPerCall > 1 ? [several] : []),
    { name: BATCHES, worker: "ours", query: () => "&queue=batches", options: single },
    { name: BY_RPC, worker: "probe", query: () => "&by=rpc" },
    { name: BY_FETCH, worker: "probe", query: () => "&by=fetch" },
    { name: "probe, bare requests", worker: "probe", query: () => "&by=bare" },
  ];
}

export async function measureLife(size: Size): Promise<Report> {
  const all = specs(size.attemptsPerCall);
  const servers = await Promise.all(all.map((spec) => startWorkerd([workerOf(spec)])));
  try {
    const sides = all.map((spec, i) => sideOf(spec, servers[i] as Running, size.tasks));
    return reportOf(all, await takeTurns(sides, size), size);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function workerOf({ worker, options }: Spec): WorkerSpec {
  const entry = join(import.meta.dirname, "..", "worker", `${worker}.ts`);
  const vars = { OPTIONS: JSON.stringify(options ?? {}) };
  return { name: worker, entry, classes: worker === "ours" ? CLASSES : PROBES, vars };
}

function sideOf({ name, worker, query }: Spec, server: Running, tasks: number): Side {
  const port = server.ports.get(worker) as number;
  return {
    name,
    run: (slice) => call(port, "GET", `/run?tasks=${tasks}${query(slice)}`),
    cpu: server.cpu,
  };
}

function reportOf(all: readonly Spec[], slices: Slices, { tasks }: Size): Report {
  const [byRpc, byFetch] = [perSecond(slices, BY_RPC), perSecond(slices, BY_FETCH)];
  // The probe's faster hop is what the library is held against.
  const baseline = byRpc >= byFetch ? BY_RPC : BY_FETCH;
  const ratio = (name: string) => ratioOf(slices, name, baseline);
  const title = `Full life of ${tasks} tasks on one queue; baseline: ${baseline}`;
  const ofBatches: Bar = {
    what: `life cycle: ${BATCHES} / one at a time`,
    found: ratioOf(slices, BATCHES, SINGLE).p50,
    atLeast: BATCHES_AT_LEAST,
  };
  const bars = [...barsOf(all, ratio), ofBatches];
  return { tables: [tableOf(title, all, slices, ratio, baseline)], bars };
}

function tableOf(
  title: string,
  all: readonly Spec[],
  slices: Slices,
  ratio: (name: string) => Ratio,
  baseline: string,
): Table {
  const columns = [
    "",
    "tasks/s p50",
    "of the baseline p25",
    "p50",
    "µs CPU a task",
    "of the baseline",
  ];
  const rows = all.map(({ name }) => {
    const [{ p25, p50 }, cpu] = [ratio(name), cpuOf(slices, name)];
    const share = cpu / cpuOf(slices, baseline);
    const figures = [p25.toFixed(2), p50.toFixed(2), cpu.toFixed(1), share.toFixed(2)];
    return [name, perSecond(slices, name).toFixed(0), ...figures];
  });
  return { title, columns, rows };
}

function barsOf(all: readonly Spec[], ratio: (name: string) => Ratio): Bar[] {
  return all.flatMap(({ name, atLeast }) =>
    atLeast === undefined
      ? []
      : [{ what: `life cycle: ${name} / probe`, found: ratio(name).p50, atLeast }],
  );
}
