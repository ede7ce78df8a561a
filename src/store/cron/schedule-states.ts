// How far each entry of cron.yaml has come, in the one object that keeps them.
import type { Sql } from "../sql.ts";

/** The task that was added last; times in ms since 1970. */
export interface LastRun {
  task: string;
  queue: string;
  addedAt: number;
  /** When it was due; absent where somebody asked for it. */
  dueAt?: number;
}

export interface RecurringRow {
  name: string;
  /** What `handled` goes by: another schedule is counted anew. */
  schedule: string;
  /** Due times up to this one (ms since 1970) are dealt with. */
  handled: number;
  paused: boolean;
  last?: LastRun;
}

export class Recurring {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  all(): RecurringRow[] {
    return this.#sql
      .rows("SELECT name, schedule, handled, paused, last FROM recurring")
      .map(({ name, schedule, handled, paused, last }) => ({
        name: name as string,
        schedule: schedule as string,
        handled: handled as number,
        paused: paused === 1,
        ...(last === null ? {} : { last: JSON.parse(last as string) }),
      }));
  }

  /** From now on the entry goes by this schedule; what is due counts from `now`. */
  begin(name: string, schedule: string, now: number): void {
    this.#sql.run(
      `INSERT INTO recurring (name, schedule, handled, paused) VALUES (?, ?, ?, 0)
       ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, handled = excluded.handled`,
      name,
      schedule,
      now,
    );
  }

  /** The task of the due time is on its queue; a row that is further already stays as it is. */
  added(name: string, dueAt: number, last: LastRun): void {
    const query = "UPDATE recurring SET handled = ?, last = ? WHERE name = ? AND handled < ?";
    this.#sql.run(query, dueAt, JSON.stringify(last), name, dueAt);
  }

  /** A task that somebody asked for is on its queue. */
  ran(name: string, last: LastRun): void {
    this.#sql.run("UPDATE recurring SET last = ? WHERE name = ?", JSON.stringify(last), name);
  }

  pause(name: string): void {
    this.#sql.run("UPDATE recurring SET paused = 1 WHERE name = ?", name);
  }

  /** What came due before `now` is passed over, unless the entry was not paused. */
  resume(name: string, now: number): void {
    const query = "UPDATE recurring SET paused = 0, handled = ? WHERE name = ? AND paused = 1";
    this.#sql.run(query, now, name);
  }

  remove(name: string): void {
    this.#sql.run("DELETE FROM recurring WHERE name = ?", name);
  }
}
