import type { Server } from "./server.ts";

interface ShownQueue {
  name: string;
  state: string;
  rate: string;
  statistics: { tasks: number; executedLastMinute: number; inFlight: number; failed: number };
}

const HEAD = ["queue", "state", "rate", "tasks", "executed last minute", "in flight", "failed"];

/** The server's queues as they stand, a line each. */
export async function queueTable(server: Server): Promise<string> {
  const { queues } = await server.json<{ queues: ShownQueue[] }>("/_ah/api/queues");
  const rows = [HEAD, ...queues.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .join("\n");
}

function rowOf({ name, state, rate, statistics }: ShownQueue): string[] {
  const { tasks, executedLastMinute, inFlight, failed } = statistics;
  return [name, state, rate, ...[tasks, executedLastMinute, inFlight, failed].map(String)];
}
