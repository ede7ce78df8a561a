// npm run bench: what the library costs and how fast it is, each figure beside what it has to be. README.md says
// how to read what it prints.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { WORKERD } from "../scripts/workerd-process.ts";
import { closeConnections } from "./http.ts";
import { writeToPages } from "./page.ts";
import { measureBill } from "./parts/bill.ts";
import { measureFair } from "./parts/fair.ts";
import { measureLatency } from "./parts/latency.ts";
import { measureLife } from "./parts/life.ts";
import { measureMillion } from "./parts/million.ts";
import { measureMoves } from "./parts/moves.ts";
import { measurePeers } from "./parts/peers.ts";
import { measurePurge } from "./parts/purge.ts";
import { measureRate } from "./parts/rate.ts";
import { measureShards } from "./parts/shards.ts";
import {
  asMarkdown,
  asText,
  type Bar,
  isHeld,
  type Report,
  type Table,
  tableOf,
} from "./report.ts";
import { FULL, SHORT, type Size } from "./size.ts";

/** One that takes long gives what it has, bit by bit. */
type Measure = (size: Size) => Promise<Report> | AsyncIterable<Report>;

/** In the order they are measured. */
const PARTS: Record<string, Measure> = {
  life: measureLife,
  latency: measureLatency,
  rate: measureRate,
  million: measureMillion,
  shards: measureShards,
  fair: measureFair,
  purge: measurePurge,
  moves: measureMoves,
  bill: measureBill,
  peers: measurePeers,
};

/**
 * Left out unless this holds, or `--only` names them: peers need servers, and packages that the project does not; moves
 * take more than ten minutes.
 */
const ASKED_FOR: Record<string, () => boolean> = {
  peers: () => options.peers,
  moves: () => options.short,
};

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    peers: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    slices: { type: "string" },
    tasks: { type: "string" },
    samples: { type: "string" },
    "attempts-per-call": { type: "string" },
  },
});

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
await main();

async function main(): Promise<void> {
  const size = sizeOf();
  print(machine());
  const bars: Bar[] = [];
  for (const [name, measure] of chosen()) {
    const said = [machine()];
    const measured = measure(size);
    for await (const report of Symbol.asyncIterator in measured ? measured : [measured]) {
      for (const table of tablesOf(report)) {
        print(options.markdown ? asMarkdown(table) : asText(table));
        said.push(asMarkdown(table));
      }
      bars.push(...report.bars);
    }
    if (options.page) writeToPages(name, said);
  }
  print(`${bars.filter(isHeld).length} of ${bars.length} bars held`);
  closeConnections();
}

function tablesOf({ tables, bars }: Report): Table[] {
  return bars.length > 0 ? [...tables, tableOf(bars)] : [...tables];
}

function chosen(): [name: string, measure: Measure][] {
  const all = Object.entries(PARTS);
  const asked = options.only?.split(",");
  const unknown = asked?.find((name) => !(name in PARTS));
  if (unknown === undefined) {
    return all.filter(([name]) => asked?.includes(name) ?? ASKED_FOR[name]?.() ?? true);
  }
  console.error(`--only: found ${unknown}, expected of ${Object.keys(PARTS).join(", ")}`);
  process.exit(1);
}

function sizeOf(): Size {
  const size = options.short ? SHORT : FULL;
  return {
    ...size,
    slices: Number(options.slices ?? size.slices),
    tasks: Number(options.tasks ?? size.tasks),
    samples: Number(options.samples ?? size.samples),
    attemptsPerCall: Number(options["attempts-per-call"] ?? size.attemptsPerCall),
  };
}

function machine(): string {
  const workerd = execFileSync(WORKERD, ["--version"], { encoding: "utf8" }).trim();
  return `${availableParallelism()} cores, Node ${process.version}, ${workerd}`;
}

function print(text: string): void {
  console.log(`${text}\n`);
}
