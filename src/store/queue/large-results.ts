// What handlers answered that is too large for the row of its task's name. A result lies at its expiry, as a failed
// task does, and the name's row says where.
import type { Result } from "../../core/task/result.ts";
import { bytes, optionalInteger, optionalText } from "../rows.ts";
import type { Sql } from "../sql.ts";
import { dueOf, lastKeyOf } from "./row-key.ts";
import { freeKey } from "./tasks.ts";

export class LargeResults {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Keeps a result until `expires` (ms since 1970) and answers the key it lies at. */
  add(name: string, { type, body }: Result, expires: number): number {
    const key = freeKey(this.#sql, "large_results", expires);
    this.#sql.run("INSERT INTO large_results VALUES (?, ?, ?, ?)", key, name, type, body);
    return key;
  }

  at(key: number, name: string): Result | undefined {
    const query = "SELECT type, body FROM large_results WHERE key = ? AND name = ?";
    const [row] = this.#sql.rows(query, key, name);
    return row && { type: optionalText(row, "type") ?? null, body: bytes(row, "body") };
  }

  remove(key: number, name: string): void {
    this.#sql.run("DELETE FROM large_results WHERE key = ? AND name = ?", key, name);
  }

  clear(): void {
    this.#sql.run("DELETE FROM large_results");
  }

  /** Forgets up to `limit` results that expired by `now`; when the next one does (ms), if any. */
  sweep(now: number, limit: number): { removed: number; earliest: number } {
    const query =
      "DELETE FROM large_results WHERE key IN (SELECT key FROM large_results WHERE key <= ? LIMIT ?)";
    const removed = this.#sql.run(query, lastKeyOf(now), limit);
    const [row] = this.#sql.rows("SELECT min(key) AS key FROM large_results");
    const first = row && optionalInteger(row, "key");
    return { removed, earliest: first === undefined ? Number.POSITIVE_INFINITY : dueOf(first) };
  }
}
