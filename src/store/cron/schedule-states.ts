// How far each entry of cron.yaml has come: the state of its schedule.
import { integer, optionalJson, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/** The task that was added last; times in ms since 1970. */
export interface LastRun {
  task: string;
  queue: string;
  addedAt: number;
  /** When it was due; absent where somebody ran it by hand. */
  dueAt?: number;
}

/** Of all its due times so far. */
export interface RunCounts {
  /** Whose task was put on its queue. */
  added: number;
  /** That had passed when it could be put there, so that only the last of them was. */
  missed: number;
}

export interface ScheduleRow {
  name: string;
  /** The schedule `handled` refers to: a changed one is counted anew. */
  schedule: string;
  /** Due times up to this one (ms since 1970) are handled. */
  handled: number;
  paused: boolean;
  last?: LastRun;
  counts: RunCounts;
}

/** As it is stored: in one value, and so in one write. A version before this one kept the run alone. */
type StoredRun = LastRun & { counts?: RunCounts };

export class ScheduleStates {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  all(): ScheduleRow[] {
    return this.#sql
      .rows("SELECT name, schedule, handled, paused, last FROM schedules")
      .map(scheduleOf);
  }

  /** The entry has this schedule from now on; due times count from `now`. */
  begin(name: string, schedule: string, now: number): void {
    this.#sql.run(
      `INSERT INTO schedules (name, schedule, handled, paused) VALUES (?, ?, ?, 0)
       ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, handled = excluded.handled`,
      name,
      schedule,
      now,
    );
  }

  /** The task of the due time is on its queue; a row that is further already stays as it is. */
  added({ name, counts }: ScheduleRow, dueAt: number, last: LastRun, missed: number): void {
    const query = "UPDATE schedules SET handled = ?, last = ? WHERE name = ? AND handled < ?";
    const then = { added: counts.added + 1, missed: counts.missed + missed };
    this.#sql.run(query, dueAt, storedOf(last, then), name, dueAt);
  }

  /** A task that somebody ran by hand is on its queue. */
  ran({ name, counts }: ScheduleRow, last: LastRun): void {
    this.#sql.run("UPDATE schedules SET last = ? WHERE name = ?", storedOf(last, counts), name);
  }

  pause(name: string): void {
    this.#sql.run("UPDATE schedules SET paused = 1 WHERE name = ?", name);
  }

  /** Skips what came due before `now`, if the entry was paused. */
  resume(name: string, now: number): void {
    const query = "UPDATE schedules SET paused = 0, handled = ? WHERE name = ? AND paused = 1";
    this.#sql.run(query, now, name);
  }

  remove(name: string): void {
    this.#sql.run("DELETE FROM schedules WHERE name = ?", name);
  }
}

function storedOf(last: LastRun, counts: RunCounts): string {
  return JSON.stringify({ ...last, counts } satisfies StoredRun);
}

function scheduleOf(row: Row): ScheduleRow {
  const { counts, ...last } = optionalJson<StoredRun>(row, "last") ?? {};
  return {
    name: text(row, "name"),
    schedule: text(row, "schedule"),
    handled: integer(row, "handled"),
    paused: integer(row, "paused") === 1,
    ...("task" in last && { last }),
    counts: counts ?? { added: 0, missed: 0 },
  };
}
