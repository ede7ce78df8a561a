// Names: a live task's row says where the task lies, and when the task ends the same row becomes its
// tombstone. A name lies in it at most once, which is what makes it accepted once. A task without a
// name of its own gets a row only when it moves (a retry) or fails, so that it can still be found.
import type { Result } from "../../core/task/result.ts";
import type { Progress } from "../../core/task/task.ts";
import {
  integer,
  json,
  optionalBody,
  optionalInteger,
  optionalJson,
  optionalText,
  text,
} from "../rows.ts";
import type { Row, Sql, SqlValue } from "../sql.ts";
import { SpareNames } from "./spare-names.ts";
import type { KeptIn } from "./tasks.ts";

/**
 * `live`: the named task lies at `key`. `moved`: the same for a task with a generated name. `failed`: it
 * failed and its record lies at `key` of the failed tasks. `done`, `deleted`: tombstones, and where
 * a done task left a large result, it lies at `key` of those.
 */
export type NameState = "live" | "moved" | "failed" | "done" | "deleted";

/** What a tombstone remembers of its task, times in ms since 1970. */
export interface TaskRecord {
  createdAt: number;
  endedAt: number;
  progress: Progress;
}

export interface NameRow {
  name: string;
  state: NameState;
  key: number | null;
  /** When the name is free again, ms since 1970; null while its task lives. */
  expires: number | null;
  record: TaskRecord | undefined;
  /** What a done task left, if that fits the row. */
  result?: Result;
}

/** The row of a name whose task has ended. */
export interface EndedRow extends NameRow {
  state: "failed" | "done" | "deleted";
  expires: number;
  record: TaskRecord;
}

/** Which names: those that begin with `prefix`, behind `after` in their order, `limit` at most. */
export interface NameQuery {
  prefix: string;
  after: string;
  limit: number;
}

/** Where the task of a name lies. */
interface NamePlace {
  name: string;
  key: number;
}

const COLUMNS = "name, state, key, expires, record";
const WITH_RESULT = `${COLUMNS}, type, body`;
/** The key of a row that has its result itself; `migrations.ts` has it too. */
const RESULT_IN_ROW = -1;
/** Four rows to a page of the tree, which SQLite would spill otherwise: bytes for name, record and result together. */
const MAX_IN_ROW = 900;
/** Names one page may look at to find those whose task has ended. */
const SCAN = 5000;
/** Comes after every character a name can have. */
const LAST_CHARACTER = "~";
const HAS_NO_RECORD = (kept: KeptIn) =>
  `AND NOT EXISTS (SELECT 1 FROM ${kept} AS kept WHERE kept.key = n.key AND kept.name = n.name)`;
const RANGE = "FROM names WHERE name > ? AND name >= ? AND name < ? ORDER BY name";

/** What a page of a survey has seen; `earliest`: the next expiry among the names that stay, in ms since 1970. */
export interface SurveyPage {
  /** Where to go on; undefined at the end. */
  next: string | undefined;
  expired: number;
  staying: string[];
  earliest: number;
}

const SURVEY = `SELECT count(*) AS n, max(name) AS last, count(*) FILTER (WHERE expires <= ?) AS expired,
    min(expires) FILTER (WHERE expires > ?) AS earliest,
    json_group_array(name) FILTER (WHERE expires IS NULL OR expires > ?) AS staying
  FROM (SELECT name, expires FROM names WHERE name > ? ORDER BY name LIMIT ?)`;
const PUT = `INSERT OR REPLACE INTO names (${WITH_RESULT}) VALUES (?, ?, ?, ?, ?, ?, ?)`;
/** What is not given is NULL: each value that is bound takes time. */
const PUT_LIVE = "INSERT OR REPLACE INTO names (name, state, key) VALUES (?, ?, ?)";
const PUT_ENDED = `INSERT OR REPLACE INTO names (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`;
/** The same for many, given as JSON; a record is a text in it, for SQLite to copy. */
const PUT_ALL_LIVE = `INSERT OR REPLACE INTO names (name, state, key)
  SELECT value ->> 0, 'live', value ->> 1 FROM json_each(?)`;
const PUT_ALL_ENDED = `INSERT OR REPLACE INTO names (name, state, expires, record)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)`;
const PLACE_ALL = `INSERT OR REPLACE INTO names (name, state, key)
  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`;
/** The row of an expired name becomes that of another, whose own row, if it has one, goes. */
const TAKE_OVER = `UPDATE OR REPLACE names
  SET name = ?, state = ?, key = ?, expires = ?, record = ?, type = ?, body = ?
  WHERE name = ? AND expires <= ?`;
/** The same of many live ones, given as JSON: name, key, and the name of the row. No name may be that of a row. */
const TAKE_OVER_ALL = `UPDATE OR REPLACE names
  SET name = given.value ->> 0, state = 'live', key = given.value ->> 1,
    expires = NULL, record = NULL, type = NULL, body = NULL
  FROM json_each(?) AS given WHERE names.name = given.value ->> 2 AND names.expires <= ?
  RETURNING name`;

export class Names {
  readonly #sql: Sql;
  readonly #spare: SpareNames;
  readonly #mayHaveExpired: (now: number) => boolean;
  #watched: Set<string> | undefined;

  /** `mayHaveExpired`: whether names may be there that have at `now` (ms). */
  constructor(sql: Sql, mayHaveExpired: (now: number) => boolean) {
    this.#sql = sql;
    this.#spare = new SpareNames(sql);
    this.#mayHaveExpired = mayHaveExpired;
  }

  /** The rows of those of the names that are taken or tombstoned at `now`. */
  findAll(names: readonly string[], now: number): Map<string, NameRow> {
    const query = `SELECT ${WITH_RESULT} FROM names
      WHERE name IN (SELECT value FROM json_each(?)) AND (expires IS NULL OR expires > ?)`;
    const rows = this.#sql.rows(query, JSON.stringify(names), now).map(nameOf);
    return new Map(rows.map((row) => [row.name, row]));
  }

  /** The row of a name that is taken or tombstoned at `now`; an expired tombstone is as good as none. */
  find(name: string, now: number): NameRow | undefined {
    const row = this.#sql.rows(`SELECT ${WITH_RESULT} FROM names WHERE name = ?`, name)[0];
    const found = row && nameOf(row);
    return found && (found.expires === null || found.expires > now) ? found : undefined;
  }

  /** A name that is free is the task's at `key`. */
  take(name: string, key: number, now: number): void {
    this.#putNew({ name, state: "live", key, expires: null, record: undefined }, now);
  }

  /** The same for many. */
  takeAll(tasks: readonly NamePlace[], now: number): void {
    const placed = this.#mayHaveExpired(now) ? this.#takeOverAll(tasks, now) : undefined;
    const rest = placed ? tasks.filter(({ name }) => !placed.has(name)) : tasks;
    this.#putAll(
      PUT_ALL_LIVE,
      rest.map(({ name, key }) => [name, key]),
    );
  }

  /** Which of them have the row of an expired name now. */
  #takeOverAll(tasks: readonly NamePlace[], now: number): Set<string> {
    const names = new Set(tasks.map(({ name }) => name));
    const given = tasks.flatMap(({ name, key }) => {
      const spare = this.#spare.next(name, now);
      return spare === undefined || names.has(spare) ? [] : [[name, key, spare]];
    });
    if (given.length === 0) return new Set();
    for (const name of names) this.#watched?.add(name);
    const rows = this.#sql.rows(TAKE_OVER_ALL, JSON.stringify(given), now);
    return new Set(rows.map((row) => text(row, "name")));
  }

  /** The task of this name lies at `key` from now on. */
  place(name: string, state: "live" | "moved", key: number): void {
    this.#put({ name, state, key, expires: null, record: undefined });
  }

  /** The same for many. */
  placeAll(tasks: readonly (NamePlace & { named: boolean })[]): void {
    this.#putAll(
      PLACE_ALL,
      tasks.map(({ name, named, key }) => [name, named ? "live" : "moved", key]),
    );
  }

  /** The task of this name has ended; the row stays until it expires. */
  end(row: EndedRow): void {
    this.#put(row);
  }

  /** The same for many, without results, and nothing that lies elsewhere. */
  endAll(rows: readonly EndedRow[]): void {
    this.#putAll(
      PUT_ALL_ENDED,
      rows.map(({ name, state, expires, record }) => [
        name,
        state,
        expires,
        JSON.stringify(record),
      ]),
    );
  }

  /** The same of a generated name, which may have no row yet. */
  endGenerated(row: EndedRow): void {
    this.#putNew(row, row.record.endedAt);
  }

  /** Whether a result lies in the row of its name. */
  fits({ name, record, result }: EndedRow & { result: Result }): boolean {
    const { length } = JSON.stringify(record);
    return name.length + length + (result.type ?? "").length + result.body.length <= MAX_IN_ROW;
  }

  /**
   * Names that at `now` nothing but a tombstone holds, with no record in `kept`; and behind which one to go on, if there
   * may be more.
   */
  ended(
    { prefix, after, limit }: NameQuery,
    now: number,
    kept: readonly KeptIn[],
  ): { rows: NameRow[]; next?: string } {
    const range = [after, prefix, prefix + LAST_CHARACTER];
    const query = `SELECT * FROM (SELECT ${COLUMNS} ${RANGE} LIMIT ${SCAN}) AS n
      WHERE expires > ? ${kept.map(HAS_NO_RECORD).join(" ")} LIMIT ?`;
    const rows = this.#sql.rows(query, ...range, now, limit).map(nameOf);
    const scanned = `SELECT name ${RANGE} LIMIT 1 OFFSET ${SCAN - 1}`;
    const [lastScanned] = this.#sql.rows(scanned, ...range);
    const next =
      rows.length === limit ? rows.at(-1)?.name : lastScanned && text(lastScanned, "name");
    return next === undefined ? { rows } : { rows, next };
  }

  /** Names behind `after`, in their order, whatever has them. */
  page(after: string, limit: number): string[] {
    const query = "SELECT name FROM names WHERE name > ? ORDER BY name LIMIT ?";
    return this.#sql.rows(query, after, limit).map((row) => text(row, "name"));
  }

  /** Frees a name at once. */
  remove(name: string): void {
    this.#sql.run("DELETE FROM names WHERE name = ?", name);
  }

  removeAll(names: readonly string[]): void {
    if (names.length === 0) return;
    const query = "DELETE FROM names WHERE name IN (SELECT value FROM json_each(?))";
    this.#sql.run(query, JSON.stringify(names));
  }

  clear(): void {
    this.keepOnly([]);
  }

  /** From now on names that are written are added to `written`; to none, when it is undefined. */
  watch(written: Set<string> | undefined): void {
    this.#watched = written;
  }

  /**
   * Removes every row but those of `names`, for the price of these: a table that is dropped costs no rows, and
   * one that is made costs two.
   */
  keepOnly(names: readonly string[]): void {
    const query = "SELECT * FROM names WHERE name IN (SELECT value FROM json_each(?))";
    const kept = this.#sql.rows(query, JSON.stringify(names));
    const [table] = this.#sql.rows("SELECT sql FROM sqlite_master WHERE name = 'names'");
    if (!table) return;
    this.#sql.run("DROP TABLE names");
    // As it was, with columns of later versions.
    this.#sql.run(text(table, "sql"));
    for (const row of kept) this.#insert(row);
  }

  #insert(row: Row): void {
    const columns = Object.keys(row);
    const places = columns.map(() => "?").join(", ");
    const query = `INSERT INTO names (${columns.join(", ")}) VALUES (${places})`;
    this.#sql.run(query, ...Object.values(row));
  }

  /** Before the tasks with `after < key <= upTo` are deleted: their names become tombstones until `expires`. */
  endTasks(after: number, upTo: number, now: number, expires: number): void {
    const record: TaskRecord = {
      ...{ createdAt: now, endedAt: now },
      progress: { retryCount: 0, executionCount: 0, attempts: [] },
    };
    const theirs = (named: 0 | 1) =>
      `name IN (SELECT name FROM tasks WHERE key > ? AND key <= ? AND named = ${named})`;
    this.#sql.run(`DELETE FROM names WHERE state = 'moved' AND ${theirs(0)}`, after, upTo);
    this.#sql.run(
      `UPDATE names SET state = 'deleted', key = NULL, expires = ?, record = ?
        WHERE state = 'live' AND ${theirs(1)}`,
      ...[expires, JSON.stringify(record), after, upTo],
    );
  }

  /** Looks at up to `limit` names after `after`: how many have expired, and which have not. */
  survey(after: string, now: number, limit: number): SurveyPage {
    const row = this.#sql.rows(SURVEY, now, now, now, after, limit)[0] as Row;
    return {
      next: integer(row, "n") === limit ? text(row, "last") : undefined,
      expired: integer(row, "expired"),
      staying: json<string[]>(row, "staying"),
      earliest: optionalInteger(row, "earliest") ?? Number.POSITIVE_INFINITY,
    };
  }

  /** Removes those of the `limit` names after `after` that have expired; where to go on, undefined at the end. */
  removeExpired(after: string, now: number, limit: number): string | undefined {
    const { next } = this.survey(after, now, limit);
    const query = "DELETE FROM names WHERE name > ? AND name <= coalesce(?, name) AND expires <= ?";
    this.#sql.run(query, after, next ?? null, now);
    return next;
  }

  // Each row that comes takes that of an expired name, if there is one: that removes it for nothing, and keeps the
  // table from growing. The statement makes sure that it has expired.
  #putNew(row: NameRow, now: number): void {
    const spare = this.#mayHaveExpired(now) ? this.#spare.next(row.name, now) : undefined;
    if (spare === undefined || !this.#takeOver(spare, row, now)) this.#put(row);
  }

  #takeOver(spare: string, row: NameRow, now: number): boolean {
    this.#watched?.add(row.name);
    return this.#sql.run(TAKE_OVER, ...valuesOf(row), spare, now) > 0;
  }

  #putAll(query: string, rows: readonly [name: string, ...SqlValue[]][]): void {
    if (rows.length === 0) return;
    for (const [name] of rows) this.#watched?.add(name);
    this.#sql.run(query, JSON.stringify(rows));
  }

  #put(row: NameRow): void {
    this.#watched?.add(row.name);
    if (row.result) this.#sql.run(PUT, ...valuesOf(row));
    else if (row.record) this.#sql.run(PUT_ENDED, ...valuesOf(row).slice(0, 5));
    else this.#sql.run(PUT_LIVE, row.name, row.state, row.key);
  }
}

function valuesOf({ name, state, key, expires, record, result }: NameRow): SqlValue[] {
  const json = record === undefined ? null : JSON.stringify(record);
  if (!result) return [name, state, key, expires, json, null, null];
  return [name, state, RESULT_IN_ROW, expires, json, result.type, result.body];
}

function nameOf(row: Row): NameRow {
  const body = optionalBody(row, "body");
  const result = body instanceof Uint8Array && { type: optionalText(row, "type") ?? null, body };
  return {
    name: text(row, "name"),
    state: text(row, "state") as NameState,
    key: optionalInteger(row, "key") ?? null,
    expires: optionalInteger(row, "expires") ?? null,
    record: optionalJson<TaskRecord>(row, "record"),
    ...(result && { result }),
  };
}
