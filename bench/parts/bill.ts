// What a task of each kind costs on the bill, over its whole life: rows written, alarms set and requests, of all
// objects that it concerns; and how many statements and calls of the runner there are beside them.
import { join } from "node:path";
import { PRICES } from "../../src/core/metrics/prices.ts";
import { type Count, type Counts, FIRST, type KindCounts, total } from "../bill-count.ts";
import { call } from "../http.ts";
import { dollarsAMillion } from "../prices.ts";
import type { Bar, Report, Table } from "../report.ts";
import { startTarget } from "../target-server.ts";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";

/** What is counted of each kind, by its name. */
type Bill = ReadonlyMap<string, KindCounts>;

/** A queue's history is a row for twenty that tasks write, at most. */
const HISTORY = 0.1;
const BARS: readonly [kind: string, of: keyof Count, atMost: number][] = [
  ["unnamed, in batches", "rows", 2 + HISTORY],
  ["named, in batches", "rows", 4 + HISTORY],
  ["unnamed with a key, in batches", "rows", 4 + HISTORY],
  ["unnamed with a key that has limits, in batches", "rows", 4 + HISTORY],
  ["unnamed with a priority, in batches", "rows", 4 + HISTORY],
  ["with a result", "rows", 3 + HISTORY],
  ["subtask of a group", "rows", 3 + HISTORY],
  ["to another server", "rows", 2 + HISTORY],
  ["no task, an unknown queue that is asked", "rows", 2],
  ["unnamed, alone", "alarms", 1 + HISTORY],
  ["unnamed, alone, others scheduled ahead", "alarms", 1 + HISTORY],
];
export async function measureBill(): Promise<Report> {
  const target = await startTarget();
  const entry = join(import.meta.dirname, "..", "worker", "bill", "worker.ts");
  const vars = { TASKQUEUE_ALLOW_HOSTS: new URL(target.origin).host, TARGET: target.origin };
  const workerd = await startWorkerd([
    { name: "bill", entry, classes: CLASSES, vars },
    { name: "recurring", entry, classes: CLASSES, vars: { ...vars, RECURRING: "yes" } },
  ]);
  try {
    const bill = new Map([
      ...(await billOf(workerd, "bill")),
      ...(await billOf(workerd, "recurring")),
    ]);
    return { tables: [costs(bill), ownRows(bill)], bars: barsOf(bill) };
  } finally {
    target.close();
    await workerd.stop();
  }
}

async function billOf({ ports }: Running, worker: string): Promise<[string, KindCounts][]> {
  const port = ports.get(worker) as number;
  const bill: [string, KindCounts][] = [];
  for (const name of JSON.parse(await call(port, "GET", "/kinds")) as string[]) {
    const counts = await call(port, "GET", `/kind?name=${encodeURIComponent(name)}`);
    bill.push([name, JSON.parse(counts)]);
  }
  return bill;
}

function costs(bill: Bill): Table {
  const title = `A task's whole life; list prices of ${PRICES.date}`;
  const columns = [
    "",
    "rows",
    "alarms",
    "requests",
    "$ a million",
    "statements",
    "calls of the runner",
  ];
  const rows = [...bill].map(([name, kind]) => {
    const each = {
      rows: of(kind, "rows"),
      alarms: of(kind, "alarms"),
      requests: of(kind, "requests"),
    };
    const { rows: written, alarms, requests } = each;
    const calls = (kind.counts.TaskRunner?.requests ?? 0) / kind.tasks;
    const figures = [
      written,
      alarms,
      requests,
      dollarsAMillion(each),
      of(kind, "statements"),
      calls,
    ];
    return [name, ...figures.map((figure) => figure.toFixed(2))];
  });
  return { title, columns, rows };
}

/** Of one task, in all objects. */
function of({ tasks, counts }: KindCounts, what: keyof Count): number {
  return total(objectsOf(counts), what) / tasks;
}

/** Without the entrypoint, whose calls are billed nothing. */
function objectsOf({ TaskRunner: _, ...objects }: Counts): Counts {
  return objects;
}

function ownRows(bill: Bill): Table {
  const rows = [...firstOf(bill)].map(([name, count]) => [name, count.toFixed(1)]);
  return { title: "Rows an object writes once, of itself", columns: ["", "rows"], rows };
}

/** What each class wrote with the first kind that it had to do with, but for what every task writes. */
function firstOf(bill: Bill): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { tasks, first, counts } of bill.values()) {
    for (const [name, { requests, rows }] of Object.entries(objectsOf(first))) {
      if (requests === 0 || found.has(name)) continue;
      found.set(name, rows - (FIRST * (counts[name]?.rows ?? 0)) / tasks);
    }
  }
  return found;
}

function barsOf(bill: Bill): Bar[] {
  return BARS.map(([name, what, atMost]): Bar => {
    const kind = bill.get(name);
    return { what: `bill: ${what}, ${name}`, found: kind ? of(kind, what) : Number.NaN, atMost };
  });
}
