// How many tasks there are, scheduled, due and failed, without a scan of them: what is few is counted, and
// what is many is the rest of a number that was counted along.

import { integer } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import type { FailedTasks } from "./failed-tasks.ts";
import { COUNTED, type CountState, type RowCount } from "./row-count.ts";
import { LAST_SCHEDULED_KEY, lastKeyOf } from "./row-key.ts";
import type { RuledTasks } from "./ruled-tasks.ts";
import type { Tasks } from "./tasks.ts";

/**
 * `scheduled` and `due` by time alone, in flight or not; both undefined when there are many of each.
 * `waiting`: masters that wait for their groups, up to 1,001.
 */
export interface TaskCountsByState {
  tasks: number;
  waiting: number;
  scheduled: number | undefined;
  due: number | undefined;
}

const SCHEDULED = bounded(`tasks WHERE key > ? AND key <= ${LAST_SCHEDULED_KEY}`);
const WAITING = bounded(`tasks WHERE key > ${LAST_SCHEDULED_KEY}`);
const DUE = bounded("tasks WHERE key <= ?");
const ALL = bounded("tasks");
const FAILED = bounded("failed");
const EXPIRED = bounded("expired");

// One more than is counted, to tell many from few.
function bounded(rows: string): string {
  return `SELECT count(*) AS n FROM (SELECT 1 FROM ${rows} LIMIT ${COUNTED + 1})`;
}

/** What `restore` goes back to. */
export interface CountsState {
  tasks: CountState;
  failed: CountState;
  expired: CountState;
}

export class TaskCounts {
  readonly #sql: Sql;
  readonly #tasks: Tasks;
  readonly #failed: FailedTasks;
  readonly #ruled: RuledTasks;
  readonly #counted: readonly { rows: RowCount }[];

  constructor(sql: Sql, tasks: Tasks, failed: FailedTasks, ruled: RuledTasks) {
    this.#sql = sql;
    this.#tasks = tasks;
    this.#failed = failed;
    this.#ruled = ruled;
    this.#counted = [tasks, failed, ruled.expired];
  }

  /** Tasks on the queue at `now` (ms since 1970). */
  tasks(now: number): TaskCountsByState {
    const { rows } = this.#tasks;
    const exact = rows.exact();
    const due = this.#count(DUE, lastKeyOf(now));
    const waiting = this.#count(WAITING);
    if (exact !== undefined && Math.max(due, waiting) <= COUNTED) {
      return { tasks: exact, due, scheduled: exact - due - waiting, waiting };
    }
    const scheduled = this.#count(SCHEDULED, lastKeyOf(now));
    const seen = due + scheduled + waiting;
    if (Math.max(due, scheduled, waiting) <= COUNTED) {
      return { tasks: rows.counted(seen), due, scheduled, waiting };
    }
    const tasks = rows.large(seen, () => this.#tasks.count());
    const timed = tasks - waiting;
    return {
      tasks,
      due: few(due, timed, scheduled),
      scheduled: few(scheduled, timed, due),
      waiting,
    };
  }

  /** How many tasks there are, if they are few or were counted. What was not is not counted along from here. */
  onQueue(): number | undefined {
    const { rows } = this.#tasks;
    const exact = rows.exact();
    if (exact !== undefined) return exact;
    const seen = this.#count(ALL);
    return seen <= COUNTED ? seen : undefined;
  }

  /** Failed tasks that are kept. */
  failed(): number {
    return this.#kept(this.#failed, FAILED);
  }

  /** Tasks that have expired, and are kept. */
  expired(): number {
    return this.#ruled.exist ? this.#kept(this.#ruled.expired, EXPIRED) : 0;
  }

  #kept(tasks: FailedTasks, query: string): number {
    const { rows } = tasks;
    const exact = rows.exact();
    if (exact !== undefined) return exact;
    const seen = this.#count(query);
    if (seen <= COUNTED) return rows.counted(seen);
    return rows.large(seen, () => tasks.count());
  }

  /** Whether a table was counted as a whole, which a commit should store. */
  get isUnstored(): boolean {
    return this.#counted.some(({ rows }) => rows.isUnstored);
  }

  /** Stores large counts, where that is due, at the end of a transaction; `now` in ms since 1970. */
  store(now: number): void {
    for (const { rows } of this.#counted) rows.store(now);
  }

  save(): CountsState {
    return {
      tasks: this.#tasks.rows.save(),
      failed: this.#failed.rows.save(),
      expired: this.#ruled.expired.rows.save(),
    };
  }

  restore({ tasks, failed, expired }: CountsState): void {
    this.#ruled.expired.rows.restore(expired);
    this.#tasks.rows.restore(tasks);
    this.#failed.rows.restore(failed);
  }

  #count(query: string, ...bindings: number[]): number {
    return integer(this.#sql.rows(query, ...bindings)[0] as Row, "n");
  }
}

function few(seen: number, tasks: number, others: number): number | undefined {
  if (seen <= COUNTED) return seen;
  return others <= COUNTED ? tasks - others : undefined;
}
