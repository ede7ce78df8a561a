// What is on disk of keys and lines, for a Worker whose tasks have keys.
import type { Sql } from "../sql.ts";
import { CountedKeys } from "./key-counts.ts";
import { KeyRows } from "./key-rows.ts";
import { LeasableLines, type LeasablePlace, leasedInLines } from "./leasable-lines.ts";
import type { LineTables } from "./line-tables.ts";
import { StoredLines } from "./lines.ts";

export class KeyStore {
  readonly lines: StoredLines;
  readonly rows: KeyRows;
  readonly counted: CountedKeys;
  readonly #sql: Sql;
  readonly #tables: LineTables;

  constructor(sql: Sql, tables: LineTables) {
    this.#sql = sql;
    this.#tables = tables;
    this.lines = new StoredLines(sql);
    this.rows = new KeyRows(sql, tables);
    this.counted = new CountedKeys(sql, tables);
  }

  /** The lines as leasing reads them; of one tag, if it is given. `leased` is told of what is met that was leased. */
  leasable(tag?: string, leased?: (place: LeasablePlace) => void): LeasableLines {
    return new LeasableLines(this.#sql, tag, leased);
  }

  /** Every task that has a key and was leased, whether its lease holds or not. */
  leased(): Iterable<LeasablePlace> {
    return leasedInLines(this.#sql, this.#tables);
  }
}
