// What the cron object keeps.
import type { Sql } from "../sql.ts";
import { ScheduleStates } from "./schedule-states.ts";

export class CronStore {
  readonly schedules: ScheduleStates;

  constructor(sql: Sql) {
    this.schedules = new ScheduleStates(sql);
  }
}
