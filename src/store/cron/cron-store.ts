// What the cron object keeps.
import { CRON_MIGRATIONS, migrate } from "../migrations.ts";
import type { Sql } from "../sql.ts";
import { ScheduleStates } from "./schedule-states.ts";

export class CronStore {
  readonly schedules: ScheduleStates;

  constructor(sql: Sql) {
    migrate(sql, CRON_MIGRATIONS);
    this.schedules = new ScheduleStates(sql);
  }
}
