// npm run bench: the library against a bare probe, what a task costs in rows, and how long one waits.
// See README.md for how to read what it prints.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { closeConnections } from "./http.ts";
import { type Latency, measureLatency, startTarget, type TargetServer } from "./latency.ts";
import { type Cost, type Costs, measureRows } from "./rows.ts";
import { quantile } from "./statistics.ts";
import { measureThroughput, SIDES, type Throughput } from "./throughput.ts";
import { CLASSES, startWorkerd, WORKERD, type WorkerSpec } from "./workerd.ts";

const TARGET = 0.7;
const PROBES = ["ProbeByRpc", "ProbeByFetch", "ProbeOfBareRequests"];

const { values: options } = parseArgs({
  options: {
    tasks: { type: "string", default: "20000" },
    rounds: { type: "string", default: "9" },
    samples: { type: "string", default: "200" },
  },
});

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
await main();

async function main(): Promise<void> {
  printMachine();
  const target = await startTarget();
  const workerd = await startWorkerd(workersFor(target));
  try {
    const { ports } = workerd;
    printThroughput(await measureThroughput(ports, Number(options.tasks), Number(options.rounds)));
    printRows(await measureRows(ports.get("counting") as number));
    const port = ports.get("ours") as number;
    printLatency(await measureLatency(port, target, Number(options.samples)));
  } finally {
    closeConnections();
    target.close();
    await workerd.stop();
  }
}

function workersFor({ origin }: TargetServer): WorkerSpec[] {
  const file = (name: string) => join(import.meta.dirname, "worker", `${name}.ts`);
  const vars = { TASKQUEUE_ALLOW_HOSTS: new URL(origin).host };
  return [
    { name: "ours", entry: file("ours"), classes: CLASSES, vars },
    { name: "counting", entry: file("counting"), classes: CLASSES },
    { name: "probe", entry: file("probe"), classes: PROBES },
  ];
}

function printMachine(): void {
  const workerd = execFileSync(WORKERD, ["--version"], { encoding: "utf8" }).trim();
  console.log(`${availableParallelism()} cores, Node ${process.version}, ${workerd}\n`);
}

function printThroughput({ rounds, medians, baseline, ratio, ratioToBare }: Throughput): void {
  console.log(`Full life of ${options.tasks} unnamed tasks on one queue, tasks/s`);
  console.log(row("", SIDES));
  for (const [i, round] of rounds.entries()) {
    console.log(row(`round ${i + 1}`, SIDES.map((side) => round[side].toFixed(0)))); // biome-ignore format: one line a row
  }
  console.log(
    row(
      "median",
      SIDES.map((side) => medians[side].toFixed(0)),
    ),
  );
  const outcome = ratio >= TARGET ? "reached" : "MISSED";
  console.log(`ours / ${baseline}: ${ratio.toFixed(2)} (target at least ${TARGET}: ${outcome})`);
  console.log(`ours / probe of bare requests: ${ratioToBare.toFixed(2)}\n`);
}

function printRows({ unnamed, named, alone }: Costs): void {
  console.log("Rows written in a task's life");
  console.log(row("", ["rows", "alarms set"]));
  const cells = ({ rows, alarms }: Cost) => [rows.toFixed(2), alarms.toFixed(2)];
  console.log(row("unnamed", cells(unnamed)));
  console.log(row("named, with tombstone", cells(named)));
  console.log(row("alone on an idle queue", cells(alone)));
  console.log("");
}

function printLatency({ http, worker, floor }: Latency): void {
  console.log(`Add by HTTP to handler start on an idle queue, ${worker.length} samples, ms`);
  console.log(row("", ["p50", "p99"]));
  const cells = (sample: number[]) => [0.5, 0.99].map((p) => quantile(sample, p).toFixed(2));
  console.log(row("handler in the Worker", cells(worker)));
  console.log(row("handler at a url", cells(http)));
  console.log(row("floor: a bare request", cells(floor)));
}

function row(head: string, cells: readonly string[]): string {
  return head.padEnd(24) + cells.map((cell) => cell.padStart(16)).join("");
}
