// What a task costs on the bill: rows written over its whole life, and alarms set, each of which is
// billed as one more row. What a queue writes once in its life is left out by counting from its second
// task on.
import { call } from "./http.ts";

/** Per task. */
export interface Cost {
  rows: number;
  alarms: number;
}

export interface Costs {
  unnamed: Cost;
  /** With the tombstone its name leaves. */
  named: Cost;
  /** Added one at a time to an idle queue: the most alarms a task can cost. */
  alone: Cost;
}

const MANY = 5000;
const FEW = 50;

export async function measureRows(port: number): Promise<Costs> {
  await call(port, "GET", "/run?tasks=1&named=first");
  return {
    unnamed: await costOf(port, [`/run?tasks=${MANY}`], MANY),
    named: await costOf(port, [`/run?tasks=${MANY}&named=task`], MANY),
    alone: await costOf(port, new Array(FEW).fill("/run?tasks=1"), FEW),
  };
}

async function costOf(port: number, paths: readonly string[], tasks: number): Promise<Cost> {
  const before = await bill(port);
  for (const path of paths) await call(port, "GET", path);
  const after = await bill(port);
  return {
    rows: (after.rows - before.rows) / tasks,
    alarms: (after.alarms - before.alarms) / tasks,
  };
}

async function bill(port: number): Promise<Cost> {
  return JSON.parse(await call(port, "GET", "/bill"));
}
