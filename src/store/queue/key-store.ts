// What is on disk of keys and lines, for a Worker whose tasks have keys.
import type { Sql } from "../sql.ts";
import { CountedKeys } from "./key-counts.ts";
import { KeyRows } from "./key-rows.ts";
import type { LineTables } from "./line-tables.ts";
import { StoredLines } from "./lines.ts";

export class KeyStore {
  readonly lines: StoredLines;
  readonly rows: KeyRows;
  readonly counted: CountedKeys;

  constructor(sql: Sql, tables: LineTables) {
    this.lines = new StoredLines(sql);
    this.rows = new KeyRows(sql, tables);
    this.counted = new CountedKeys(sql, tables);
  }
}
