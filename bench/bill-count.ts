// What the platform bills, as the Worker counts it and Node reads it.

/** Of one class of objects, or of one task. */
export interface Count {
  /** Rows written, as the SQL cursor counts them. */
  rows: number;
  statements: number;
  /** Alarms set, each of which is billed as one more row. */
  alarms: number;
  /** Calls by RPC, and runs of the alarm. */
  requests: number;
}

/** Counts by class; of the entrypoint TaskRunner, which is billed nothing, only `requests` is not 0. */
export type Counts = Record<string, Count>;

/** What tasks of a kind cost; and the first two of them, with what their objects wrote once. */
export interface KindCounts {
  tasks: number;
  first: Counts;
  counts: Counts;
}

/** How many come first. */
export const FIRST = 2;

export function total(counts: Counts, of: keyof Count): number {
  return Object.values(counts).reduce((sum, count) => sum + count[of], 0);
}

/** What was counted between two looks. */
export function between(before: Counts, after: Counts): Counts {
  const less = (name: string, of: keyof Count) =>
    (after[name]?.[of] ?? 0) - (before[name]?.[of] ?? 0);
  const count = (name: string): Count => ({
    rows: less(name, "rows"),
    statements: less(name, "statements"),
    alarms: less(name, "alarms"),
    requests: less(name, "requests"),
  });
  return Object.fromEntries(Object.keys(after).map((name) => [name, count(name)]));
}
