// The tasks on a queue: rows in, rows out, one method for each legal step of a task's life. A step that
// ends or moves a task names the row by key and by name, so that it touches nothing when the row is no
// longer that task's.
import {
  type AcceptedTask,
  NO_PROGRESS,
  NO_SPEC,
  type Progress,
  type StoredTask,
  type TaskSpec,
} from "../../core/task/task.ts";
import { integer, optionalBody, optionalInteger, optionalJson, text } from "../rows.ts";
import type { Row, Sql, SqlValue } from "../sql.ts";
import { lineColumns, lineOf } from "./line-columns.ts";
import type { RowCount } from "./row-count.ts";
import {
  dueOf,
  firstExpeditedKeyOf,
  firstKeyOf,
  firstParkedKeyOf,
  generatedName,
  isExpedited,
  isParked,
  keyInName,
  LAST_EXPEDITED_KEY,
  LAST_SCHEDULED_KEY,
} from "./row-key.ts";

/** A task with the key of the row it lies in. */
export interface TaskRow extends StoredTask {
  key: number;
}

/** Tasks read at once while those in flight are passed over. */
const SKIP_PAGE = 100;
const DUE_TIMES_REMEMBERED = 256;
/** Of 256 shards each takes every 256th name. */
const MOST_TRIES = 1_000;

export const TASK_COLUMNS = "key, name, named, created, spec, progress, body";
const COLUMNS = TASK_COLUMNS;
// Whole statements: the platform finds a statement it has prepared by its text, which is dear to build.
const INSERT = `INSERT INTO tasks (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
/** New tasks in one statement, which takes 100 values at most: when they were made, and five of each. */
const TOGETHER = 16;
const INSERT_TOGETHER = `INSERT INTO tasks (${COLUMNS}) VALUES
  ${Array.from({ length: TOGETHER }, (_, i) => newTask(2 + 5 * i)).join(", ")}`;
/** The same of tasks of which some are in lines: seven values each. */
const IN_LINES = `INSERT INTO tasks (${COLUMNS}, line, priority) VALUES `;
const INSERT_IN_LINE = `${IN_LINES}(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const TOGETHER_IN_LINES = 14;
const INSERT_TOGETHER_IN_LINES =
  IN_LINES +
  Array.from({ length: TOGETHER_IN_LINES }, (_, i) => newTaskInLine(2 + 7 * i)).join(", ");
const MOVE = "UPDATE tasks SET key = ?, progress = ?, lease = NULL WHERE key = ? AND name = ?";
const MOVE_IN_LINE = `UPDATE tasks SET key = ?, progress = ?, lease = NULL, line = ?, priority = ?
  WHERE key = ? AND name = ?`;
const REMOVE = "DELETE FROM tasks WHERE key = ? AND name = ?";
// Both ways from the outside in, or every task would be looked at.
const REMOVE_ALL = `DELETE FROM tasks WHERE key IN
  (SELECT tasks.key FROM json_each(?) AS place CROSS JOIN tasks
    ON tasks.key = place.value ->> 0 AND tasks.name = place.value ->> 1)`;
/** What it takes to move or remove the row of a task. */
type Moving = Pick<TaskRow, "key" | "name" | "spec">;
/** A task without what its handler is given, which may be large. */
export type BriefTask = Omit<TaskRow, "body" | "lease">;
/** Where records of tasks are kept that are on the queue no more. */
export type KeptIn = "failed" | "expired";

interface Restoring {
  table: KeptIn;
  /** What the spec of each is from then on; itself, where it stays. */
  again: (spec: TaskSpec) => TaskSpec;
}

const BRIEF = `SELECT tasks.key, name, named, created, spec, progress
  FROM json_each(?) AS place CROSS JOIN tasks
    ON tasks.key = place.value ->> 0 AND tasks.name = place.value ->> 1`;
/**
 * Records as new tasks, given the keys of both, and what their row says that the record does not: their line, and the
 * spec where it is another. What is in them is copied without being read.
 */
const RESTORE = { failed: restoring("failed"), expired: restoring("expired") };

const WITH_LEASE = `${COLUMNS}, lease`;
const ROWS = page(COLUMNS);
const ROWS_WITH_LEASE = page(WITH_LEASE);
const KEYS = page("key, name");

function restoring(table: KeptIn) {
  const from = `FROM json_each(?) AS place CROSS JOIN ${table} AS record
    ON record.key = place.value ->> 0 AND record.name = place.value ->> 1`;
  const columns = "key, name, named, created, body, spec";
  const spec = "iif(json_type(place.value, '$[5]') IS NULL, spec, place.value ->> 5)";
  const values = `place.value ->> 2, name, named, created, body, ${spec}`;
  return {
    plain: `INSERT INTO tasks (${columns}) SELECT ${values} ${from}`,
    inLines: `INSERT INTO tasks (${columns}, line, priority)
      SELECT ${values}, place.value ->> 3, place.value ->> 4 ${from}`,
  };
}

function newTask(from: number): string {
  const [key, name, named, spec, body] = [0, 1, 2, 3, 4].map((i) => `?${from + i}`);
  return `(${key}, ${name}, ${named}, ?1, ${spec}, NULL, ${body})`;
}

function newTaskInLine(from: number): string {
  return newTask(from).replace(")", `, ?${from + 5}, ?${from + 6})`);
}

// "+ 0", for SQLite plans a bare "LIMIT ?" anew whenever the number changes.
function page(columns: string): string {
  return `SELECT ${columns} FROM tasks WHERE key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
}

export class Tasks {
  readonly rows: RowCount;
  readonly #sql: Sql;
  readonly #random: () => number;
  readonly #makeLines: () => void;
  readonly #lineOf: typeof lineOf;
  readonly #ownName: (name: string) => string | undefined;
  readonly #lastKeys = new LastKeys();

  /**
   * `random` gives the random part of generated names, 0 to 1; `ownName` the name itself if it is one for this object,
   * or else one like it that is, if there is one. `makeLines` makes what tasks in lines need; without it none is in a
   * line.
   */
  constructor(
    sql: Sql,
    random: () => number,
    rows: RowCount,
    makeLines: (() => void) | undefined,
    ownName: (name: string) => string | undefined,
  ) {
    this.rows = rows;
    this.#makeLines = makeLines ?? (() => {});
    this.#lineOf = makeLines ? lineOf : () => undefined;
    this.#sql = sql;
    this.#random = random;
    this.#ownName = ownName;
  }

  insert(task: AcceptedTask, now: number): TaskRow {
    return this.#put((key) => this.#newTask(task, key, now), task.due);
  }

  #newTask({ name, spec, body }: AcceptedTask, key: number, now: number): TaskRow {
    return {
      key,
      name: name ?? this.nameFor(key),
      named: name !== undefined,
      due: dueOf(key),
      createdAt: now,
      ...{ spec, progress: NO_PROGRESS, body },
    };
  }

  /** A name that nobody has, with this key in it. */
  nameFor(key: number): string {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const name = this.#ownName(generatedName(key, this.#random()));
      if (name !== undefined) return name;
    }
    throw new Error("no name is one for this shard, which takes no tasks any more");
  }

  /** The same for many, in their order. */
  insertAll(tasks: readonly AcceptedTask[], now: number): TaskRow[] {
    const inserted: TaskRow[] = [];
    const areInLines = tasks.some(({ spec }) => this.#lineOf(spec) !== undefined);
    if (areInLines) this.#makeLines();
    const most = areInLines ? TOGETHER_IN_LINES : TOGETHER;
    for (let i = 0; i < tasks.length; i += most) {
      const some = tasks.slice(i, i + most);
      const together =
        some.length === most ? this.#insertTogether(some, now, areInLines) : undefined;
      inserted.push(...(together ?? some.map((task) => this.insert(task, now))));
    }
    return inserted;
  }

  // Undefined if a key was not free, which is rare: then none is written.
  #insertTogether(
    tasks: readonly AcceptedTask[],
    now: number,
    areInLines: boolean,
  ): TaskRow[] | undefined {
    const rows = tasks.map((task) => this.#newTask(task, this.#lastKeys.next(task.due), now));
    const values = rows.flatMap(({ key, name, named, spec, body }): SqlValue[] => {
      const own = [key, name, Number(named), specJson(spec), body ?? null];
      return areInLines ? [...own, ...lineColumns(spec, key)] : own;
    });
    try {
      this.#sql.run(areInLines ? INSERT_TOGETHER_IN_LINES : INSERT_TOGETHER, now, ...values);
    } catch (error) {
      if (!/UNIQUE constraint failed: tasks\.key/.test(String(error))) throw error;
      return undefined;
    }
    for (const row of rows) this.#inserted(row);
    return rows;
  }

  /** Puts tasks whose records are still there on the queue as if they were new, due at `due`; what they are then. */
  restoreAll(kept: readonly BriefTask[], due: number, { table, again }: Restoring): BriefTask[] {
    const first = freeKeyFrom(this.#sql, "tasks", firstKeyOf(due), kept.length);
    const areInLines = kept.some(({ spec }) => this.#lineOf(spec) !== undefined);
    if (areInLines) this.#makeLines();
    const restored = kept.map((task, i) => {
      const key = first + i;
      return { ...task, spec: again(task.spec), key, due: dueOf(key), progress: NO_PROGRESS };
    });
    const places = kept.map(({ key, name, spec }, i) => {
      const task = restored[i] as BriefTask;
      const line = areInLines ? lineColumns(spec, task.key) : [null, null];
      const place = [key, name, task.key, ...line];
      return task.spec === spec ? place : [...place, specJson(task.spec)];
    });
    const { plain, inLines } = RESTORE[table];
    this.#sql.run(areInLines ? inLines : plain, JSON.stringify(places));
    for (const task of restored) this.#inserted(task);
    this.#lastKeys.set(due, first + kept.length - 1);
    return restored;
  }

  /** Takes in a task that lay elsewhere: at its key where that is free, else behind those of its moment. */
  takeIn(given: TaskRow): TaskRow {
    let task = given;
    if (!this.#tryInsert(task)) {
      const key = freeKeyFrom(this.#sql, "tasks", firstBeside(given.key));
      task = { ...given, key, due: dueOf(key) };
      this.#tryInsert(task);
    }
    const { key, lease } = task;
    if (lease !== undefined) this.#sql.run("UPDATE tasks SET lease = ? WHERE key = ?", lease, key);
    this.#inserted(task);
    return task;
  }

  /** Due tasks with `after < key <= upTo`, first due first; those `skip` names are passed over. */
  due(
    after: number,
    upTo: number,
    limit: number,
    skip: (key: number, name: string) => boolean,
  ): TaskRow[] {
    const found: TaskRow[] = [];
    if (limit <= 0) return found;
    for (const row of this.#walk(ROWS, after, upTo, limit)) {
      if (skip(integer(row, "key"), text(row, "name"))) continue;
      found.push(taskOf(row));
      if (found.length === limit) break;
    }
    return found;
  }

  /** How many `due` would find, `limit` at most. */
  countDue(
    after: number,
    upTo: number,
    limit: number,
    skip: (key: number, name: string) => boolean,
  ): number {
    let found = 0;
    for (const row of this.#walk(KEYS, after, upTo, limit)) {
      if (!skip(integer(row, "key"), text(row, "name"))) found++;
      if (found === limit) break;
    }
    return found;
  }

  /** When the first task with `after < key <= upTo` is due, passing over those `skip` names. */
  nextDue(
    after: number,
    skip: (key: number, name: string) => boolean,
    upTo = LAST_SCHEDULED_KEY,
  ): number | undefined {
    for (const row of this.#walk(KEYS, after, upTo, 1)) {
      const key = integer(row, "key");
      if (!skip(key, text(row, "name"))) return dueOf(key);
    }
    return undefined;
  }

  /** The key of the n-th task with `after < key <= upTo`. */
  nthKey(n: number, after: number, upTo: number): number | undefined {
    const row = this.#sql.rows(KEYS, after, upTo, n)[n - 1];
    return row && integer(row, "key");
  }

  /** When the task that was due first is or was due. */
  oldestDue(): number | undefined {
    const front = this.nextDue(-1, () => false, LAST_EXPEDITED_KEY);
    const proper = this.nextDue(LAST_EXPEDITED_KEY, () => false);
    return front === undefined || proper === undefined
      ? (front ?? proper)
      : Math.min(front, proper);
  }

  /** Takes a task off the table; false when it is no longer there. */
  remove({ key, name, spec }: Moving): boolean {
    if (this.#sql.run(REMOVE, key, name) === 0) return false;
    if (spec.tag) this.#sql.run("DELETE FROM tags WHERE tag = ? AND key = ?", spec.tag, key);
    this.rows.changed(-1);
    return true;
  }

  /** Takes tasks off the table. Throws if one of them is no longer there. */
  removeAll(tasks: readonly Moving[]): void {
    if (tasks.length === 0) return;
    const removed = this.#sql.run(REMOVE_ALL, placesJson(tasks));
    if (removed !== tasks.length) throw new Error("a task is not where it was");
    for (const { key, spec } of tasks) {
      if (spec.tag) this.#sql.run("DELETE FROM tags WHERE tag = ? AND key = ?", spec.tag, key);
    }
    this.rows.changed(-removed);
  }

  /**
   * Moves a task to another due time with what has become of it; its new key, or undefined when it is gone. `priority`:
   * where it stands in its line.
   */
  move(task: Moving, due: number, progress: Progress, priority?: number): number | undefined {
    return this.#rekey(task, freeKey(this.#sql, "tasks", due), progress, priority);
  }

  /** Moves a task to the front, to run at `due`; its new key, or undefined when it is gone. */
  expedite(task: Moving & { progress: Progress }, due: number): number | undefined {
    return this.#rekey(
      task,
      freeKeyFrom(this.#sql, "tasks", firstExpeditedKeyOf(due)),
      task.progress,
    );
  }

  /** Moves a task to those that wait for their groups, from `since` (ms); its new key, or undefined when it is gone. */
  park(task: Moving, since: number, progress: Progress): number | undefined {
    return this.#rekey(task, freeKeyFrom(this.#sql, "tasks", firstParkedKeyOf(since)), progress);
  }

  /** What has become of a task that stays where it is; false when it is no longer there. */
  note({ key, name }: Pick<TaskRow, "key" | "name">, progress: Progress): boolean {
    const query = "UPDATE tasks SET progress = ? WHERE key = ? AND name = ?";
    return this.#sql.run(query, progressJson(progress), key, name) > 0;
  }

  // Whoever moves a task takes it from its lease.
  #rekey(
    { key, name, spec }: Moving,
    to: number,
    progress: Progress,
    priority?: number,
  ): number | undefined {
    const json = progressJson(progress);
    const written =
      this.#lineOf(spec) === undefined
        ? this.#sql.run(MOVE, to, json, key, name)
        : this.#sql.run(MOVE_IN_LINE, to, json, ...lineColumns(spec, to, priority), key, name);
    if (written === 0) return undefined;
    if (spec.tag) {
      this.#sql.run("UPDATE tags SET key = ? WHERE tag = ? AND key = ?", to, spec.tag, key);
    }
    return to;
  }

  at(key: number, name: string): TaskRow | undefined {
    const query = `SELECT ${WITH_LEASE} FROM tasks WHERE key = ? AND name = ?`;
    const [row] = this.#sql.rows(query, key, name);
    return row && taskOf(row);
  }

  /** Those that are there. */
  briefsAt(places: readonly { key: number; name: string }[]): BriefTask[] {
    return this.#sql.rows(BRIEF, placesJson(places)).map(taskOf);
  }

  /** A task by the key in its generated name: where it still lies if it was never moved. */
  byGeneratedName(name: string): TaskRow | undefined {
    const key = keyInName(name);
    return key === undefined ? undefined : this.at(key, name);
  }

  /** A page of tasks in due order. */
  list(after: number, upTo: number, limit: number): TaskRow[] {
    return this.#sql.rows(ROWS_WITH_LEASE, after, upTo, limit).map(taskOf);
  }

  /** Looks at up to `limit` tasks behind `after`: those of the group, and where to go on, if there may be more. */
  ofGroup(group: string, after: number, limit: number): { tasks: TaskRow[]; next?: number } {
    const looked = this.places(after, limit);
    const next = looked.at(-1)?.key;
    if (next === undefined) return { tasks: [] };
    const query = `SELECT ${WITH_LEASE} FROM tasks
      WHERE key > ? AND key <= ? AND spec ->> '$.group.name' = ? ORDER BY key`;
    const tasks = this.#sql.rows(query, after, next, group).map(taskOf);
    return looked.length < limit ? { tasks } : { tasks, next };
  }

  /** Which tasks lie behind `after`, a page of them. */
  places(after: number, limit: number): { key: number; name: string }[] {
    return this.#sql
      .rows(KEYS, after, Number.MAX_SAFE_INTEGER, limit)
      .map((row) => ({ key: integer(row, "key"), name: text(row, "name") }));
  }

  /** Tasks of groups with `after < key <= upTo`. */
  ofGroupsBetween(after: number, upTo: number): Pick<TaskRow, "name" | "spec">[] {
    const query = `SELECT name, spec FROM tasks
      WHERE key > ? AND key <= ? AND spec ->> '$.group.name' IS NOT NULL`;
    return this.#sql.rows(query, after, upTo).map((row) => ({
      name: text(row, "name"),
      spec: optionalJson<TaskRow["spec"]>(row, "spec") ?? NO_SPEC,
    }));
  }

  /** Names of tasks of groups with `after < key <= upTo` that were added at `since` (ms) or later. */
  lateOfGroups(after: number, upTo: number, since: number): string[] {
    const query = `SELECT name FROM tasks
      WHERE key > ? AND key <= ? AND created >= ? AND spec ->> '$.group.name' IS NOT NULL`;
    return this.#sql.rows(query, after, upTo, since).map((row) => text(row, "name"));
  }

  /** Removes those with `after < key <= upTo`; how many there were. */
  removeBetween(after: number, upTo: number): number {
    const range = "FROM tasks WHERE key > ? AND key <= ?";
    this.#sql.run(
      `DELETE FROM tags WHERE (tag, key) IN
        (SELECT spec ->> '$.tag', key ${range} AND spec ->> '$.tag' IS NOT NULL)`,
      ...[after, upTo],
    );
    const removed = this.#sql.run(`DELETE ${range}`, after, upTo);
    this.rows.changed(-removed);
    return removed;
  }

  /** Reads every key. */
  count(): number {
    return integer(this.#sql.rows("SELECT count(*) AS n FROM tasks")[0] as Row, "n");
  }

  /** Removes them all; how many there were. */
  clear(): number {
    const removed = this.#sql.run("DELETE FROM tasks");
    this.#sql.run("DELETE FROM tags");
    this.rows.counted(0);
    return removed;
  }

  // The first page is as long as what is looked for; further ones are only read past tasks in flight.
  *#walk(query: string, after: number, upTo: number, first: number): Generator<Row> {
    for (let from = after, limit = first; ; limit = Math.max(first, SKIP_PAGE)) {
      const rows = this.#sql.rows(query, from, upTo, limit);
      yield* rows;
      if (rows.length < limit) return;
      from = integer(rows.at(-1) as Row, "key");
    }
  }

  #put(make: (key: number) => TaskRow, due: number): TaskRow {
    let task = make(this.#lastKeys.next(due));
    if (!this.#tryInsert(task)) {
      task = make(freeKey(this.#sql, "tasks", due));
      this.#tryInsert(task);
      this.#lastKeys.set(due, task.key);
    }
    this.#inserted(task);
    return task;
  }

  #inserted({ key, spec }: Moving): void {
    this.rows.changed(1);
    if (spec.tag) this.#sql.run("INSERT INTO tags VALUES (?, ?)", spec.tag, key);
  }

  #tryInsert({ key, name, named, createdAt, spec, progress, body }: TaskRow): boolean {
    const values = [
      ...[key, name, Number(named), createdAt, specJson(spec), progressJson(progress)],
      body ?? null,
    ];
    if (this.#lineOf(spec) === undefined) return this.#sql.run(INSERT, ...values) > 0;
    this.#makeLines();
    return this.#sql.run(INSERT_IN_LINE, ...values, ...lineColumns(spec, key)) > 0;
  }
}

/** Due times of late and the keys given for them: the one behind is most likely free. */
class LastKeys {
  readonly #keys = new Map<number, number>();

  next(due: number): number {
    const last = this.#keys.get(due);
    const key = last === undefined ? firstKeyOf(due) : last + 1;
    this.set(due, key);
    return key;
  }

  set(due: number, key: number): void {
    if (this.#keys.size >= DUE_TIMES_REMEMBERED && !this.#keys.has(due)) this.#keys.clear();
    this.#keys.set(due, key);
  }
}

/** A key for the given time (ms), or for one soon after it when that is full. */
export function freeKey(sql: Sql, table: Keyed, ms: number): number {
  return freeKeyFrom(sql, table, firstKeyOf(ms));
}

/** The tables whose rows lie at a time. */
type Keyed = "tasks" | KeptIn | "large_results";

/**
 * Behind the last key of a window that starts at `first`, with room for `count`: the window doubles while it is full to
 * its end, so even a million rows of one instant cost a few look-ups each.
 */
function freeKeyFrom(sql: Sql, table: Keyed, first: number, count = 1): number {
  const query = `SELECT max(key) AS key FROM ${table} WHERE key BETWEEN ? AND ?`;
  for (let window = 4096; ; window *= 2) {
    const last = first + window - 1;
    const [row] = sql.rows(query, first, last);
    const key = row && optionalInteger(row, "key");
    if (key === undefined) return first;
    if (key + count <= last) return key + 1;
  }
}

/** Where tasks lie, for a statement to look each up. */
export function placesJson(tasks: readonly { key: number; name: string }[]): string {
  return JSON.stringify(tasks.map(({ key, name }) => [key, name]));
}

/** The first key of the same moment, among those of the same kind. */
function firstBeside(key: number): number {
  const at = dueOf(key);
  if (isParked(key)) return firstParkedKeyOf(at);
  return isExpedited(key) ? firstExpeditedKeyOf(at) : firstKeyOf(at);
}

/** A row of `tasks` or of `failed` as a task; `due` comes from the key unless the row has its own. */
export function taskOf(row: Row): TaskRow {
  const key = integer(row, "key");
  const lease = optionalInteger(row, "lease");
  return {
    key,
    name: text(row, "name"),
    named: row.named === 1,
    due: optionalInteger(row, "due") ?? dueOf(key),
    createdAt: integer(row, "created"),
    spec: optionalJson<TaskRow["spec"]>(row, "spec") ?? NO_SPEC,
    progress: optionalJson<Progress>(row, "progress") ?? NO_PROGRESS,
    body: optionalBody(row, "body"),
    ...(lease === undefined ? {} : { lease }),
  };
}

export function specJson(spec: object): string | null {
  for (const _ in spec) return JSON.stringify(spec);
  return null;
}

export function progressJson(progress: Progress): string | null {
  const { attempts, retryCount, begun, cutOffs, isAlone, expired } = progress;
  const isNone =
    attempts.length === 0 && retryCount === 0 && !begun && !cutOffs && !isAlone && !expired;
  return isNone ? null : JSON.stringify(progress);
}
