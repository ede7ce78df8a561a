// An object's tables, made at its first insert: an object that is only asked, or refuses what it is asked, keeps
// nothing, however many there are of its kind.
import { type Migration, migrate } from "./migrations.ts";
import type { Row, Sql, SqlValue } from "./sql.ts";

/** The SQLite of one object, whose tables are those of `migrations`, made when they are needed. */
export class Tables implements Sql {
  readonly #sql: Sql;
  readonly #migrations: readonly Migration[];
  #exist: boolean;

  constructor(sql: Sql, migrations: readonly Migration[]) {
    this.#sql = sql;
    this.#migrations = migrations;
    this.#exist = sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'").length > 0;
    if (this.#exist) migrate(sql, migrations);
  }

  /** Whether anything was ever kept. */
  get exist(): boolean {
    return this.#exist;
  }

  rows(query: string, ...bindings: SqlValue[]): Row[] {
    if (!this.#exist && isInsert(query)) this.#make();
    if (this.#exist) return this.#sql.rows(query, ...bindings);
    if (!isAggregate(query)) return [];
    const row = rowOfNothing(query);
    return row ? [row] : this.#rowsOfEmptyTables(query, bindings);
  }

  run(query: string, ...bindings: SqlValue[]): number {
    if (!this.#exist && isInsert(query)) this.#make();
    return this.#exist ? this.#sql.run(query, ...bindings) : 0;
  }

  // Tables made in a transaction that is rolled back are gone with it.
  transaction<T>(work: () => T): T {
    const existed = this.#exist;
    try {
      return this.#sql.transaction(work);
    } catch (error) {
      this.#exist = existed;
      throw error;
    }
  }

  size(): number {
    return this.#sql.size();
  }

  #make(): void {
    migrate(this.#sql, this.#migrations);
    this.#exist = true;
  }

  // Made and undone, so that no table is left; but SQLite writes a page.
  #rowsOfEmptyTables(query: string, bindings: readonly SqlValue[]): Row[] {
    let rows: Row[] = [];
    const undo = new Error("undone on purpose");
    try {
      this.#sql.transaction(() => {
        migrate(this.#sql, this.#migrations);
        rows = this.#sql.rows(query, ...bindings);
        throw undo;
      });
    } catch (error) {
      if (error !== undo) throw error;
    }
    return rows;
  }
}

function isInsert(query: string): boolean {
  return /^\s*INSERT\b/.test(query);
}

/** Whether the query has a row of its own where there are no others. */
function isAggregate(query: string): boolean {
  return /\b(count|min|max|sum|total|avg)\(/.test(query) && !/\bGROUP BY\b/.test(query);
}

/** What a query that asks for nothing but named aggregates answers where there are no rows; undefined of any other. */
function rowOfNothing(query: string): Row | undefined {
  const [, list = ""] = /^\s*SELECT (.*?) FROM /s.exec(query) ?? [];
  const row: Row = {};
  for (const item of list.split(/, */)) {
    const [, aggregate, name] = /^(count|min|max|sum|avg)\([\w*]+\) AS (\w+)$/.exec(item) ?? [];
    if (name === undefined) return undefined;
    row[name] = aggregate === "count" ? 0 : null;
  }
  return row;
}
