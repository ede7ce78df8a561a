// Rows of expired names, which new names take over: an update of such a row costs what the insert of a new one
// does, and so an expired name is removed for nothing.
import { integer, json, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/** Names looked at together. */
const PAGE = 256;
/**
 * Names that one new name may have looked at, on average: 2 us. Where fewer than one in so many has expired, some
 * new names get rows of their own, and the table grows until there are as many. After looks in vain it is less.
 */
const LOOKED_AT = { most: 32, least: 8 };

const EXPIRED = `SELECT count(*) AS n, max(name) AS last, json_group_array(name) FILTER (WHERE expires <= ?) AS expired
  FROM (SELECT name, expires FROM names WHERE name > ? ORDER BY name LIMIT ${PAGE})`;

/** All of it can be lost: it is a place to look at, and whoever takes a row makes sure of it. */
export class SpareNames {
  readonly #sql: Sql;
  #found: string[] = [];
  #after: string | undefined;
  #mayLookAt = PAGE;
  #more = LOOKED_AT.most;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** A name that has expired by `now`, if one is at hand. It begins to look behind `name`, for neighbours share pages. */
  next(name: string, now: number): string | undefined {
    this.#mayLookAt = Math.min(PAGE, this.#mayLookAt + this.#more);
    if (this.#found.length === 0 && this.#mayLookAt === PAGE) this.#look(this.#after ?? name, now);
    return this.#found.pop();
  }

  #look(after: string, now: number): void {
    this.#mayLookAt = 0;
    this.#after = this.#page(after, now);
    if (this.#after === "") this.#after = this.#page("", now);
    const isInVain = this.#found.length === 0;
    this.#more = isInVain ? Math.max(LOOKED_AT.least, this.#more / 2) : LOOKED_AT.most;
  }

  /** Behind which name to go on: the first of all, at the end. */
  #page(after: string, now: number): string {
    const row = this.#sql.rows(EXPIRED, now, after)[0] as Row;
    this.#found.push(...json<string[]>(row, "expired"));
    return integer(row, "n") === PAGE ? text(row, "last") : "";
  }
}
