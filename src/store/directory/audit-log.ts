// Acts of operators, newest last, for a bounded time and in bounded number. The same acts share a row for a while.
import type { Act, ActKind } from "../../core/audit.ts";
import { integer, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

const KEPT_MS = 90 * 86_400_000;
const MOST_ROWS = 10_000;
/** Old rows that a new one takes along. */
const SWEPT = 20;

/** `begun`, `done`, `refused`: how many of its acts were. */
export interface AuditRow extends Act {
  id: number;
  at: number;
  begun: number;
  done: number;
  refused: number;
  count: number;
  error?: string;
}

export interface ActEnd {
  count?: number;
  error?: string;
  /** Of a long act, which has its row for itself: said twice it is the same. */
  isLong?: true;
}

export class AuditLog {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** An act begins that has no row to share; the number of its own. */
  add({ who, what, queue, name }: Act, now: number): number {
    const query = `INSERT INTO audit (at, who, what, queue, name, begun, done, refused, count, error)
      VALUES (?, ?, ?, ?, ?, 1, 0, 0, 0, NULL)`;
    this.#sql.run(query, now, who, what, queue ?? null, name ?? null);
    const [row] = this.#sql.rows("SELECT max(id) AS id FROM audit");
    const id = integer(row as Row, "id");
    this.#sweep(id, now);
    return id;
  }

  /** Another act begins that shares this row; `isSame`: on the same task. False where there is none any more. */
  addTo(id: number, isSame: boolean): boolean {
    const query = isSame
      ? "UPDATE audit SET begun = begun + 1 WHERE id = ?"
      : "UPDATE audit SET begun = begun + 1, name = NULL WHERE id = ?";
    return this.#sql.run(query, id) > 0;
  }

  /** One of its acts has ended. */
  end(id: number, { count = 0, error, isLong }: ActEnd): void {
    const done = isLong
      ? "UPDATE audit SET done = begun, count = ? WHERE id = ?"
      : "UPDATE audit SET done = done + 1, count = count + ? WHERE id = ?";
    const refused = "UPDATE audit SET refused = refused + 1, error = ? WHERE id = ?";
    this.#sql.run(error === undefined ? done : refused, error ?? count, id);
  }

  /** The newest `limit` before the row `before`, of this queue and by this person where they are given. */
  page(
    { queue, who }: Pick<Act, "queue"> & { who?: string | undefined },
    before: number,
    limit: number,
    now: number,
  ): AuditRow[] {
    const query = `SELECT * FROM audit WHERE id < ?1 AND at > ?2
      AND (?3 IS NULL OR queue = ?3) AND (?4 IS NULL OR who = ?4) ORDER BY id DESC LIMIT ?5`;
    const args = [before, now - KEPT_MS, queue ?? null, who ?? null, limit] as const;
    return this.#sql.rows(query, ...args).map(rowOf);
  }

  #sweep(newest: number, now: number): void {
    this.#sql.run("DELETE FROM audit WHERE id <= ?", newest - MOST_ROWS);
    const query =
      "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?) AND at <= ?";
    this.#sql.run(query, SWEPT, now - KEPT_MS);
  }
}

function rowOf(row: Row): AuditRow {
  const { queue, name, error } = row;
  return {
    ...{ id: integer(row, "id"), at: integer(row, "at") },
    ...{ who: text(row, "who"), what: text(row, "what") as ActKind },
    ...{ begun: integer(row, "begun"), done: integer(row, "done") },
    ...{ refused: integer(row, "refused"), count: integer(row, "count") },
    ...(typeof queue === "string" && { queue }),
    ...(typeof name === "string" && { name }),
    ...(typeof error === "string" && { error }),
  };
}
