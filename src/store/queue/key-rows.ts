// What is kept of keys beside their tasks: levels of their token buckets, many in a row, and limits that were set
// while the queue runs.
import type { KeyLimitsEntry } from "../../core/config/keys-schema.ts";
import type { StoredLevel } from "../../core/dispatch/levels.ts";
import { integer, json, text } from "../rows.ts";
import type { Sql } from "../sql.ts";
import type { LineTables } from "./line-tables.ts";

export class KeyRows {
  readonly #sql: Sql;
  readonly #tables: LineTables;

  constructor(sql: Sql, tables: LineTables) {
    this.#sql = sql;
    this.#tables = tables;
  }

  levels(): { row: number; levels: StoredLevel[] }[] {
    if (!this.#tables.exist) return [];
    return this.#sql
      .rows("SELECT row, levels FROM key_levels")
      .map((row) => ({ row: integer(row, "row"), levels: json(row, "levels") }));
  }

  /** Inside a commit: in place of what the row held. */
  writeLevels(row: number, levels: readonly StoredLevel[]): void {
    const query = "INSERT OR REPLACE INTO key_levels (row, levels) VALUES (?, ?)";
    this.#sql.run(query, row, JSON.stringify(levels));
  }

  clearLevels(): void {
    if (this.#tables.exist) this.#sql.run("DELETE FROM key_levels");
  }

  /** Limits as they were set, by key. */
  limits(): Map<string, KeyLimitsEntry> {
    if (!this.#tables.exist) return new Map();
    const rows = this.#sql.rows("SELECT key, limits FROM key_limits");
    return new Map(rows.map((row) => [text(row, "key"), json<KeyLimitsEntry>(row, "limits")]));
  }

  /** Inside a commit. */
  setLimits(key: string, limits: KeyLimitsEntry): void {
    this.#tables.make();
    const query = "INSERT OR REPLACE INTO key_limits (key, limits) VALUES (?, ?)";
    this.#sql.run(query, key, JSON.stringify(limits));
  }

  /** Inside a commit. */
  removeLimits(key: string): void {
    if (this.#tables.exist) this.#sql.run("DELETE FROM key_limits WHERE key = ?", key);
  }
}
