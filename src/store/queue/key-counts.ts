// Which keys tasks name, by name, and how many tasks each has. What is read is bounded, however many a key has.
import type { KeyCounts } from "../../core/metrics/key-view.ts";
import { MOST_COUNTED } from "../../core/metrics/key-view.ts";
import { integer, text } from "../rows.ts";
import type { Sql } from "../sql.ts";
import type { LineTables } from "./line-tables.ts";
import { LAST_SCHEDULED_KEY, lastKeyOf } from "./row-key.ts";

// From name to name: the tasks of one are not gone through.
const NAMES = `WITH RECURSIVE keys(line) AS (
    SELECT (SELECT min(line) FROM tasks INDEXED BY lines WHERE line > ?1)
    UNION ALL
    SELECT (SELECT min(line) FROM tasks INDEXED BY lines WHERE line > keys.line)
      FROM keys WHERE keys.line IS NOT NULL
    LIMIT ?2 + 0
  ) SELECT line FROM keys WHERE line IS NOT NULL`;
const COUNT = `SELECT sum((SELECT count(*) FROM (SELECT 1 FROM tasks INDEXED BY lines
      WHERE line = ?1 AND priority = place.value AND key > ?2 AND key <= ?3 LIMIT ?4 + 0))) AS n
  FROM json_each('[-1,0,1,2,3,4,5,6,7,8,9]') AS place`;
const MOST = MOST_COUNTED + 1;

export class CountedKeys {
  readonly #sql: Sql;
  readonly #tables: LineTables;

  constructor(sql: Sql, tables: LineTables) {
    this.#sql = sql;
    this.#tables = tables;
  }

  /** Names of keys with tasks behind `after`, `limit` at most. */
  names(after: string, limit: number): string[] {
    if (!this.#tables.exist) return [];
    return this.#sql.rows(NAMES, after, limit).map((row) => text(row, "line"));
  }

  counts(key: string, now: number): KeyCounts {
    if (!this.#tables.exist) return { due: 0, scheduled: 0 };
    const last = lastKeyOf(now);
    return {
      due: this.#count(key, -1, last),
      scheduled: this.#count(key, last, LAST_SCHEDULED_KEY),
    };
  }

  #count(key: string, after: number, upTo: number): number {
    const [row] = this.#sql.rows(COUNT, key, after, upTo, MOST);
    return row ? Math.min(MOST, integer(row, "n")) : 0;
  }
}
