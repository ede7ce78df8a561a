// How the entries of cron.yaml stand: the file says what there is, the rows how far it has come.
import type { CronEntry, CronFile } from "../../core/config/cron-config.ts";
import type { RecurringRow } from "../../store/cron/schedule-states.ts";
import type { Store } from "../../store/queue/queue-store.ts";
import { CRON } from "../object-names.ts";

/** An entry, how far it has come, and when it is due next (ms). */
export interface Standing {
  entry: CronEntry;
  row: RecurringRow;
  next: number;
}

export class CronStandings {
  readonly #store: Store;
  readonly #entries: CronFile;
  readonly #now: () => number;
  readonly #nexts = new Map<string, { handled: number; next: number }>();
  #isCurrent = false;

  constructor(store: Store, entries: CronFile, now: () => number) {
    this.#store = store;
    this.#entries = entries;
    this.#now = now;
  }

  /** All entries in the file's order. */
  all(): Standing[] {
    this.#becomeCurrent();
    const rows = this.#rows();
    return [...this.#entries.values()].map((entry) => {
      const row = rows.get(entry.name) as RecurringRow;
      return { entry, row, next: this.#next(entry, row) };
    });
  }

  #rows(): Map<string, RecurringRow> {
    return new Map(this.#store.recurring.all().map((row) => [row.name, row]));
  }

  #next({ name, next: schedule }: CronEntry, { handled }: RecurringRow): number {
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
    const { meta, recurring } = this.#store;
    const [rows, now] = [this.#rows(), this.#now()];
    this.#store.transaction(now, () => {
      if (meta.get("name") !== CRON) meta.set("name", CRON);
      for (const { name, schedule, timezone } of this.#entries.values()) {
        const goesBy = `${schedule} ${timezone}`;
        if (rows.get(name)?.schedule !== goesBy) recurring.begin(name, goesBy, now);
      }
      for (const name of rows.keys()) if (!this.#entries.has(name)) recurring.remove(name);
    });
    this.#isCurrent = true;
  }
}
