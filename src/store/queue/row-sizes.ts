// How large the bodies of rows are, told without reading them: for whoever reads many rows, and no more than fit.
import { integer } from "../rows.ts";
import type { Sql } from "../sql.ts";
import type { KeptIn } from "./tasks.ts";

export interface RowSize {
  key: number;
  bytes: number;
}

const QUERIES = { tasks: sizes("tasks"), failed: sizes("failed"), expired: sizes("expired") };

function sizes(table: string): string {
  return `SELECT key, ifnull(octet_length(body), 0) AS bytes FROM ${table}
    WHERE key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
}

/** Of rows with `after < key <= upTo`, the first `limit` of them. */
export function rowSizes(
  sql: Sql,
  table: "tasks" | KeptIn,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): RowSize[] {
  return sql
    .rows(QUERIES[table], after, upTo, limit)
    .map((row) => ({ key: integer(row, "key"), bytes: integer(row, "bytes") }));
}
