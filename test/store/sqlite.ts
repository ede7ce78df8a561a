// The store's narrow door over Node's own SQLite: real SQL, in memory, in milliseconds. It behaves as a
// Durable Object's storage does where the store could tell: bytes come as ArrayBuffers, and
// transactions nest.
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { QUEUE_MIGRATIONS } from "../../src/store/migrations.ts";
import type { Row, Sql, SqlValue } from "../../src/store/sql.ts";
import { Tables } from "../../src/store/tables.ts";

export interface CountedSql extends Sql {
  /** Rows read and written so far, and statements run. */
  read: number;
  written: number;
  statements: number;
}

export function memorySql(database = new DatabaseSync(":memory:")): CountedSql {
  const prepared = new Map<string, StatementSync>();
  const prepare = (query: string): StatementSync => {
    const statement = prepared.get(query) ?? database.prepare(query);
    prepared.set(query, statement);
    return statement;
  };
  let depth = 0;
  const sql: CountedSql = {
    read: 0,
    written: 0,
    statements: 0,

    rows(query: string, ...bindings: SqlValue[]) {
      sql.statements++;
      const rows = prepare(query).all(...bindings.map(bound)) as Record<string, SQLOutputValue>[];
      sql.read += rows.length;
      return rows.map(shown);
    },

    run(query: string, ...bindings: SqlValue[]) {
      sql.statements++;
      const values = bindings.map(bound);
      // Several statements at once: only migrations, which bind nothing.
      if (/;\s*\S/.test(query)) {
        if (values.length > 0) throw new Error("several statements cannot share bindings");
        database.exec(query);
        return 0;
      }
      const { changes } = prepare(query).run(...values);
      // SQLite leaves the last count standing when a statement changes no rows by its nature.
      const isWrite = /^\s*(INSERT|UPDATE|DELETE)\b/i.test(query);
      const rowsWritten = isWrite ? Number(changes) : 0;
      sql.written += rowsWritten;
      return rowsWritten;
    },

    transaction(work) {
      const savepoint = `level${depth++}`;
      database.exec(`SAVEPOINT ${savepoint}`);
      try {
        const value = work();
        database.exec(`RELEASE ${savepoint}`);
        return value;
      } catch (error) {
        database.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
        throw error;
      } finally {
        depth--;
      }
    },

    size() {
      const pragma = (name: string) => Number(prepare(`PRAGMA ${name}`).get()?.[name]);
      return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
    },
  };
  return sql;
}

/** A queue's tables over it. */
export function queueTables(sql: Sql = memorySql()): Tables {
  return new Tables(sql, QUEUE_MIGRATIONS);
}

function bound(value: SqlValue): string | number | null | Uint8Array {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}

function shown(row: Record<string, SQLOutputValue>): Row {
  const columns = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? value.slice().buffer : value,
  ]);
  return Object.fromEntries(columns);
}
