// What queues cost, in the order that is asked for, and held against what the plan includes.
import type { Costs, QueueCosts } from "../../core/metrics/costs.ts";
import { GB_OF_AN_OBJECT } from "../../core/metrics/prices.ts";

/** The columns, in their order; the numbers are of a day, `month` the dollars of a month. */
export const COLUMNS = ["name", "rows", "requests", "active", "day", "month", "since"] as const;

export type Column = (typeof COLUMNS)[number];

/** What a column begins with when it is chosen: names from a on, numbers from the largest. */
export type Order = "up" | "down";

export function firstOrder(column: Column): Order {
  return column === "name" || column === "since" ? "up" : "down";
}

export function columnOf(text: string): Column {
  return COLUMNS.find((column) => column === text) ?? "month";
}

const VALUES: Record<Column, (costs: QueueCosts) => string | number> = {
  name: ({ name }) => name,
  rows: ({ perDay }) => perDay.rowsWritten,
  requests: ({ perDay }) => perDay.requests,
  active: ({ perDay }) => perDay.activeSeconds,
  day: ({ perDay }) => perDay.dollars,
  month: ({ perMonth }) => perMonth.dollars,
  since: ({ since }) => since,
};

/** Those that are equal by their names. */
export function sorted(queues: readonly QueueCosts[], by: Column, order: Order): QueueCosts[] {
  const value = VALUES[by];
  const sign = order === "up" ? 1 : -1;
  return [...queues].sort((a, b) => sign * compare(value(a), value(b)) || compare(a.name, b.name));
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** How much of one thing a month takes, and how much of it the plan includes. */
export interface IncludedRow {
  what: string;
  used: number;
  included: number;
}

export function includedRows({ total, included }: Costs): IncludedRow[] {
  const { rowsWritten, alarmsSet, rowsRead, requests, activeSeconds } = total.perMonth;
  return [
    { what: "rows written", used: rowsWritten + alarmsSet, included: included.rowsWritten },
    { what: "rows read", used: rowsRead, included: included.rowsRead },
    { what: "requests", used: requests, included: included.requests },
    { what: "GB-s awake", used: activeSeconds * GB_OF_AN_OBJECT, included: included.gbSeconds },
  ];
}
