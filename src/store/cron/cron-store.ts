// What the cron object keeps.
import { adoptSchedules } from "../first-version.ts";
import type { Row, Sql } from "../sql.ts";
import { ScheduleStates } from "./schedule-states.ts";

export class CronStore {
  readonly schedules: ScheduleStates;

  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.schedules = new ScheduleStates(sql);
  }

  /** Inside a commit. Takes over what the first version kept. */
  adopt(rows: readonly Row[]): void {
    adoptSchedules(this.#sql, rows);
  }
}
