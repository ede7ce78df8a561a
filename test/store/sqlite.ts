// The store's narrow door over Node's own SQLite: real SQL, in memory, in milliseconds.
import { DatabaseSync } from "node:sqlite";
import type { Row, Sql, SqlValue } from "../../src/store/sql.ts";

export interface CountedSql extends Sql {
  /** Rows written so far. */
  written: number;
}

export function memorySql(database = new DatabaseSync(":memory:")): CountedSql {
  let depth = 0;
  const sql: CountedSql = {
    written: 0,
    exec(query: string, ...bindings: SqlValue[]) {
      const { rows, rowsWritten } = run(database, query, bindings);
      sql.written += rowsWritten;
      return Object.assign(rows, { rowsWritten });
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
    size: () => 0,
  };
  return sql;
}

function run(database: DatabaseSync, query: string, bindings: SqlValue[]) {
  // Several statements at once: only migrations, which bind nothing.
  if (/;\s*\S/.test(query)) {
    database.exec(query);
    return { rows: [] as Row[], rowsWritten: 0 };
  }
  const statement = database.prepare(query);
  const values = bindings.map((value) =>
    value instanceof ArrayBuffer ? new Uint8Array(value) : value,
  );
  if (/^\s*SELECT/i.test(query)) return { rows: statement.all(...values) as Row[], rowsWritten: 0 };
  // SQLite leaves the last count standing when a statement changes no rows by its nature.
  const { changes } = statement.run(...values);
  const isWrite = /^\s*(INSERT|UPDATE|DELETE)/i.test(query);
  return { rows: [] as Row[], rowsWritten: isWrite ? Number(changes) : 0 };
}
