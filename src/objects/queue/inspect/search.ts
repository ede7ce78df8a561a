// A search for tasks by what is in them: rows are read one after another, so many and so large that others of the object
// are not kept waiting. It says how far it came, and goes on there.
import { behind, comparePlaces, LAST_NAME } from "../../../core/list-place.ts";
import type { ListQuery } from "../../../core/task/calls.ts";
import { matcherOf } from "../../../core/task/search.ts";
import { type RowSize, rowSizes } from "../../../store/queue/row-sizes.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Sql } from "../../../store/sql.ts";
import type { PartAsk } from "../../shard-part.ts";
import type { PartRows, QueueContext, TaskSearch } from "../context/context.ts";
import { isKept, matches, rangeOf, rowsOf, sizeOf } from "./queries.ts";

/** Rows that one call looks at, and bytes of their bodies: about 50 ms of an object's time. */
const MOST = { rows: 5000, bytes: 8 * 1024 * 1024 };
/** The same of what is read at once, which lies in memory. */
const STEP = { rows: 500, bytes: 1024 * 1024 };

export class Search implements TaskSearch {
  readonly #queue: QueueContext;
  readonly #sql: Sql;

  constructor(queue: QueueContext, { sql }: { sql: Sql }) {
    this.#queue = queue;
    this.#sql = sql;
  }

  part(query: ListQuery, ask: PartAsk): PartRows {
    const found = new Found(ask);
    const isSought = matcherOf(query);
    const { after, scan = MOST.rows } = ask;
    // The row that the page before ended with may be one of several at its key.
    let key = after.name === LAST_NAME ? after.key : after.key - 1;
    for (let bytes = 0; found.scanned.length < scan && bytes < MOST.bytes; ) {
      const next = this.#next(query, key);
      const rows = next.count === 0 ? [] : rowsOf(this.#queue, query.state, key, next.count);
      for (const row of rows) {
        key = row.key;
        if (comparePlaces(row, after) <= 0) continue;
        const isOne = matches(this.#queue, row, query) && isSought(row);
        if (found.isFullWith(row, isOne)) return found.upTo();
      }
      if (next.isLast) return found.all();
      bytes += next.bytes;
    }
    return { ...found.all(), upTo: behind(key), isTired: true };
  }

  /** How many rows behind `key` may be read at once, and whether there are none behind these. */
  #next({ state }: ListQuery, key: number): { count: number; bytes: number; isLast: boolean } {
    const sizes = this.#sizes(state, key);
    let [count, bytes] = [0, 0];
    for (const size of sizes) {
      if (count > 0 && bytes + size.bytes > STEP.bytes) break;
      count++;
      bytes += size.bytes;
    }
    return { count, bytes, isLast: count === sizes.length && count < STEP.rows };
  }

  #sizes(state: ListQuery["state"], key: number): RowSize[] {
    const limit = STEP.rows;
    if (isKept(state)) {
      const isThere = state === "failed" || this.#queue.store.ruled.exist;
      const all = { after: key, upTo: Number.MAX_SAFE_INTEGER, limit };
      return isThere ? rowSizes(this.#sql, state, all) : [];
    }
    const { from, upTo } = rangeOf(state, this.#queue.now());
    return rowSizes(this.#sql, "tasks", { after: Math.max(key, from), upTo, limit });
  }
}

/** What a search has found for one answer, and what it has looked at. */
class Found {
  readonly rows: TaskRow[] = [];
  readonly scanned: number[] = [];
  readonly #ask: PartAsk;
  #size = 0;
  #end = 0;

  constructor(ask: PartAsk) {
    this.#ask = ask;
  }

  /** Whether the answer ends with this row, or before it. */
  isFullWith(row: TaskRow, isOne: boolean): boolean {
    const { bytes, least, limit } = this.#ask;
    if (isOne) this.#size += sizeOf(row);
    const isTooLarge = isOne && this.#size > bytes && this.rows.length >= least;
    this.#end = isTooLarge ? row.key - 1 : row.key;
    if (isTooLarge) return true;
    this.scanned.push(row.key);
    return isOne && this.rows.push(row) === limit;
  }

  /** The answer where it is full. */
  upTo(): PartRows {
    return { ...this.all(), upTo: behind(this.#end) };
  }

  all(): PartRows {
    const { rows, scanned } = this;
    return { rows, scanned };
  }
}
