// The lines of a pull queue, whose tasks are leased where they lie: those that were never leased, all of them or of one
// tag, and those that were, which are not found by when they are due. What is read up to a moment leaves out tasks
// whose ETA that very moment is: they can be leased only after it.
import { integer, optionalInteger, optionalText, text } from "../rows.ts";
import type { Row, Sql, SqlValue } from "../sql.ts";
import type { LineTables } from "./line-tables.ts";
import {
  keyOf,
  type LinePlace,
  type LineRows,
  NAMES_BEHIND,
  placeOf,
  placesOf,
  placesTogether,
} from "./lines.ts";
import { dueOf, lastKeyOf } from "./row-key.ts";

/** Where a task stands in its line, and what leasing has to know of it. */
export interface LeasablePlace extends LinePlace {
  name: string;
  tag: string | undefined;
  /** When its last lease ends or ended, ms since 1970. */
  lease: number | undefined;
}

const PLACE = `tasks.key AS key, name, line, priority, lease, spec ->> 'tag' AS tag`;
const HAS_COME = "(tasks.key <= ?3 OR created = ?4)";
const IS_FRESH = `lease IS NULL AND ${HAS_COME}`;
const IN_TAG = "spec ->> 'tag' =";

const IN_ORDER = `SELECT ${PLACE} FROM tasks
  WHERE key > ?1 AND key <= ?2 AND ${HAS_COME} ORDER BY key LIMIT ?5 + 0`;
const IN_ORDER_TAGGED = `SELECT ${PLACE} FROM tags CROSS JOIN tasks USING (key)
  WHERE tags.tag = ?6 AND tags.key > ?1 AND tags.key <= ?2 AND ${HAS_COME}
  ORDER BY tags.key LIMIT ?5 + 0`;
const WITHOUT_KEY = IN_ORDER.replace("WHERE", "WHERE (line IS NULL OR line = '') AND");
const WITHOUT_KEY_TAGGED = IN_ORDER_TAGGED.replace(
  "WHERE",
  "WHERE (line IS NULL OR line = '') AND",
);
const OF_PRIORITY = `SELECT key FROM tasks INDEXED BY lines
  WHERE line = ?6 AND priority = ?7 AND key > ?1 AND key <= ?2 AND ${IS_FRESH}
  ORDER BY key LIMIT ?5 + 0`;
const OF_PRIORITY_TAGGED = OF_PRIORITY.replace("ORDER", `AND ${IN_TAG} ?8 ORDER`);
const LAST_OF_WINDOW = `SELECT key FROM tasks WHERE key > ? AND key <= ?
  ORDER BY key LIMIT 1 OFFSET ? - 1`;
const LAST_OF_WINDOW_TAGGED = `SELECT key FROM tags WHERE key > ? AND key <= ? AND tag = ?4
  ORDER BY key LIMIT 1 OFFSET ?3 - 1`;
const PLAIN = `SELECT key FROM tasks
  WHERE line IS NULL AND key > ?1 AND key <= ?2 AND ${IS_FRESH} ORDER BY key LIMIT ?5 + 0`;
const PLAIN_TAGGED = `SELECT tags.key AS key FROM tags CROSS JOIN tasks USING (key)
  WHERE tags.tag = ?6 AND line IS NULL AND tags.key > ?1 AND tags.key <= ?2 AND ${IS_FRESH}
  ORDER BY tags.key LIMIT ?5 + 0`;
const FIRST_OF_EACH = firstOfEach("");
const FIRST_OF_EACH_TAGGED = firstOfEach(`AND ${IN_TAG} ?6`);
const BEHIND_LINE = placesTogether(`SELECT key, line, priority FROM tasks INDEXED BY lines
  WHERE line > ? ORDER BY line, priority, key LIMIT ? + 0`);
const BEHIND_LINE_TAGGED = placesTogether(`SELECT key, line, priority FROM tasks INDEXED BY lines
  WHERE line > ? AND ${IN_TAG} ? ORDER BY line, priority, key LIMIT ? + 0`);
const AT_KEYS = `SELECT ${PLACE} FROM json_each(?) AS place CROSS JOIN tasks
  ON tasks.key = place.value`;
const LEASED = `SELECT ${PLACE} FROM tasks INDEXED BY leases
  WHERE line > '' AND lease IS NOT NULL AND (line > ?1 OR (line = ?1 AND key > ?2))
  ORDER BY line, key LIMIT ?3 + 0`;
const LEASED_ANYWHERE = `SELECT ${PLACE} FROM tasks
  WHERE line > '' AND lease IS NOT NULL AND key > ?1 ORDER BY key LIMIT ?2 + 0`;

// One that has begun holds its line, whenever it is due.
function firstOfEach(also: string): string {
  return `SELECT place.value AS priority, (
      SELECT key FROM tasks INDEXED BY lines WHERE line = ?5 AND priority = place.value ${also}
        AND lease IS NULL AND key > ?1
        AND (place.value < 0 OR (key <= ?2 AND ${HAS_COME})) ORDER BY key LIMIT 1
    ) AS key FROM json_each('[-1,0,1,2,3,4,5,6,7,8,9]') AS place`;
}

const PAGE = 1000;

export class LeasableLines implements LineRows {
  readonly #sql: Sql;
  readonly #tag: string | undefined;
  readonly #leased: (place: LeasablePlace) => void;

  /** Of one tag, if it is given; `leased` is told of what is met in order that was leased. */
  constructor(sql: Sql, tag?: string, leased: (place: LeasablePlace) => void = () => {}) {
    this.#sql = sql;
    this.#tag = tag;
    this.#leased = leased;
  }

  inOrder(after: number, upTo: number, limit: number): LeasablePlace[] {
    const values = [...between(after, upTo), limit];
    return this.#places(IN_ORDER, IN_ORDER_TAGGED, values);
  }

  withoutKey(after: number, upTo: number, window: number) {
    const last = this.#lastOf(window, after, upTo);
    const values = [after, last, ...between(after, upTo).slice(2), window];
    return { places: this.#places(WITHOUT_KEY, WITHOUT_KEY_TAGGED, values), last };
  }

  #places(query: string, tagged: string, values: readonly SqlValue[]): LeasablePlace[] {
    const places = this.#rows(query, tagged, values).map(leasablePlaceOf);
    for (const place of places) if (place.lease !== undefined) this.#leased(place);
    return places;
  }

  ofPriority(
    line: string,
    priority: number,
    [after, upTo]: readonly [number, number],
    limit: number,
  ): number[] {
    const values = [...between(after, upTo), limit, line, priority];
    return this.#rows(OF_PRIORITY, OF_PRIORITY_TAGGED, values).map(keyOf);
  }

  plain(after: number, upTo: number, limit: number, window: number) {
    const last = this.#lastOf(window, after, upTo);
    const values = [after, last, ...between(after, upTo).slice(2), limit];
    const keys = this.#rows(PLAIN, PLAIN_TAGGED, values).map(keyOf);
    return { keys, last: keys.length === limit ? (keys.at(-1) as number) : last };
  }

  firstOfEach(line: string, upTo: number): { priority: number; key: number }[] {
    const values = [...between(-1, upTo), line];
    return this.#rows(FIRST_OF_EACH, FIRST_OF_EACH_TAGGED, values).flatMap((row) => {
      const key = optionalInteger(row, "key");
      return key === undefined ? [] : { priority: integer(row, "priority"), key };
    });
  }

  behind(after: string, limit: number): LinePlace[] {
    const tag = this.#tag;
    const rows =
      tag === undefined
        ? this.#sql.rows(BEHIND_LINE, after, limit)
        : this.#sql.rows(BEHIND_LINE_TAGGED, after, tag, limit);
    return placesOf(rows);
  }

  /** Of any tag. */
  namesBehind(after: string, limit: number): string[] {
    return this.#sql.rows(NAMES_BEHIND, after, limit).map((row) => text(row, "line"));
  }

  /** The tasks at these keys, in this order; fewer, when some are gone. */
  at(keys: readonly number[]): LeasablePlace[] {
    return this.#sql.rows(AT_KEYS, JSON.stringify(keys)).map(leasablePlaceOf);
  }

  /** The key of the last of so many that are next; `upTo` where there are fewer. */
  #lastOf(window: number, after: number, upTo: number): number {
    const [row] = this.#rows(LAST_OF_WINDOW, LAST_OF_WINDOW_TAGGED, [after, upTo, window]);
    return row ? keyOf(row) : upTo;
  }

  #rows(query: string, tagged: string, values: readonly SqlValue[]): Row[] {
    return this.#tag === undefined
      ? this.#sql.rows(query, ...values)
      : this.#sql.rows(tagged, ...values, this.#tag);
  }
}

/** Every task that has a key and was leased, whether its lease holds or not. */
export function* leasedInLines(sql: Sql, tables: LineTables): Generator<LeasablePlace> {
  if (!tables.exist) return;
  let last = { line: "", key: -1 };
  for (;;) {
    const rows = tables.haveLeases
      ? sql.rows(LEASED, last.line, last.key, PAGE)
      : // A version that had no such index has leased them, if anybody has.
        sql.rows(LEASED_ANYWHERE, last.key, PAGE);
    const places = rows.map(leasablePlaceOf);
    yield* places;
    if (places.length < PAGE) return;
    last = places.at(-1) as LeasablePlace;
  }
}

// Of the last moment only what was added in it and is due at once, up to the moment before all.
function between(after: number, upTo: number): [number, number, number, number] {
  const now = dueOf(upTo);
  return [after, upTo, lastKeyOf(now - 1), now];
}

function leasablePlaceOf(row: Row): LeasablePlace {
  return {
    ...placeOf(row),
    name: text(row, "name"),
    tag: optionalText(row, "tag"),
    lease: optionalInteger(row, "lease"),
  };
}
