// What each queue last said of itself, so that a list of queues asks none that is as it was.
import { integer, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/** What is known of a queue. */
export interface Summary {
  name: string;
  /** Its view as JSON; absent when it is too large to be kept, or was never asked for. */
  view?: string;
  /** The entry of queue.yaml it had then, as `entryMark` has it. */
  entry: string;
  /** Until when the view holds (ms since 1970); absent when the queue has changed since. */
  until?: number;
  /** Whether its last quarter of an hour has anything in it. */
  isActive: boolean;
  /** Its totals as JSON, where it was asked for them. */
  totals?: string;
}

const COLUMNS = "name, view, entry, until, active, totals";

export class Summaries {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(name: string): Summary | undefined {
    const [row] = this.#sql.rows(`SELECT ${COLUMNS} FROM summaries WHERE name = ?`, name);
    return row && summaryOf(row);
  }

  /** Of queues whose names come after `after`, up to `upTo`. */
  between(after: string, upTo: string): Map<string, Summary> {
    const query = `SELECT ${COLUMNS} FROM summaries WHERE name > ? AND name <= ?`;
    const rows = this.#sql.rows(query, after, upTo);
    return new Map(rows.map((row) => [text(row, "name"), summaryOf(row)]));
  }

  put({ name, view, entry, until, isActive, totals }: Summary): void {
    const query = `INSERT OR REPLACE INTO summaries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`;
    const values = [name, view ?? null, entry, until ?? null, Number(isActive), totals ?? null];
    this.#sql.run(query, ...values);
  }

  /** The queue has changed: what is known of it holds no more. */
  outdate(name: string): void {
    const query = `INSERT INTO summaries (name, entry, active) VALUES (?, '', 1)
      ON CONFLICT (name) DO UPDATE SET until = NULL`;
    this.#sql.run(query, name);
  }

  remove(name: string): void {
    this.#sql.run("DELETE FROM summaries WHERE name = ?", name);
  }
}

function summaryOf(row: Row): Summary {
  const { view, until, totals } = row;
  return {
    name: text(row, "name"),
    ...(typeof view === "string" && { view }),
    entry: text(row, "entry"),
    ...(typeof until === "number" && { until }),
    isActive: integer(row, "active") === 1,
    ...(typeof totals === "string" && { totals }),
  };
}
