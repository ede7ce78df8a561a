// The state of each entry of cron.yaml: the file says what there is, the rows how far it has come.
import type { CronEntry, CronFile } from "../../core/config/cron-config.ts";
import type { CronStore } from "../../store/cron/cron-store.ts";
import type { ScheduleRow } from "../../store/cron/schedule-states.ts";
import type { Commit } from "../commit.ts";

/** An entry, how far it has come, and when it is due next (ms). */
export interface ScheduleState {
  entry: CronEntry;
  row: ScheduleRow;
  next: number;
}

export interface ScheduleDeps {
  store: CronStore;
  commit: Commit;
  /** The cron.yaml this Worker was deployed with. */
  entries: CronFile;
  /** ms since 1970 */
  now: () => number;
}

export class Schedules {
  readonly #deps: ScheduleDeps;
  // Derived from the row's `handled` alone, so a rollback cannot make it untrue.
  readonly #nexts = new Map<string, { handled: number; next: number }>();
  #isCurrent = false;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  /** All entries in the file's order. */
  all(): ScheduleState[] {
    this.#becomeCurrent();
    const rows = this.#rows();
    return [...this.#deps.entries.values()].map((entry) => {
      const row = rows.get(entry.name) as ScheduleRow;
      return { entry, row, next: this.#next(entry, row) };
    });
  }

  #rows(): Map<string, ScheduleRow> {
    return new Map(this.#deps.store.schedules.all().map((row) => [row.name, row]));
  }

  #next({ name, next: schedule }: CronEntry, { handled }: ScheduleRow): number {
    const known = this.#nexts.get(name);
    if (known?.handled === handled) return known.next;
    const next = schedule(handled) ?? Number.POSITIVE_INFINITY;
    this.#nexts.set(name, { handled, next });
    return next;
  }

  // The file cannot change while the object lives. An entry that is new, or has another schedule than it had,
  // counts from now; one that is gone is forgotten.
  #becomeCurrent(): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    try {
      this.#deps.commit.run(() => this.#adoptFile());
    } catch (error) {
      this.#isCurrent = false;
      throw error;
    }
  }

  #adoptFile(): void {
    const { store, entries, now } = this.#deps;
    const rows = this.#rows();
    for (const { name, schedule, timezone } of entries.values()) {
      const full = `${schedule} ${timezone}`;
      const known = rows.get(name);
      if (known?.schedule === full) continue;
      store.schedules.begin(name, full, now());
    }
    for (const name of rows.keys()) if (!entries.has(name)) store.schedules.remove(name);
  }
}
