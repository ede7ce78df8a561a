// Where there may be something to lease that was not there when those who wait were last served: by rows that
// were written, by time, by leases that ended. Whoever waits for a tag is looked at when a task of that tag is
// among it, so that of many tags the others cost nothing.
import { lastKeyOf } from "../../../store/queue/row-key.ts";
import type { Leasables, Tag } from "./leasables.ts";

export class Arrivals {
  readonly #table: () => Leasables;
  #since = 0;
  /** Rows that were written before the keys of that moment; those behind them are found by time. */
  #keys: number[] = [];
  #isAnywhere = false;

  constructor(table: () => Leasables) {
    this.#table = table;
  }

  /** The first of those who wait came at `now` (ms) and found nothing. */
  begin(now: number): void {
    this.#since = now;
    this.#keys = [];
    this.#isAnywhere = false;
  }

  /** A row was written at `key`, or its lease was changed. */
  changed(key: number): void {
    if (!this.#isAnywhere && key <= lastKeyOf(this.#since - 1)) this.#keys.push(key);
  }

  /** There may be something for each tag. */
  anywhere(): void {
    this.#isAnywhere = true;
  }

  /** Tags of what came until `now` (ms), and undefined for those who take any; of `all`, when so much came. */
  take<T>(now: number, all: ReadonlyMap<Tag, T>): Iterable<Tag> {
    const tags = this.#tags(now, all.size);
    this.begin(now);
    if (!tags) return all.keys();
    return tags.size > 0 ? tags.add(undefined) : tags;
  }

  // Looking where all stand costs less than to look at more tasks than there are lines.
  #tags(now: number, lines: number): Set<Tag> | undefined {
    const max = lines + 1;
    if (this.#isAnywhere || this.#keys.length > max) return undefined;
    const tags = this.#table().tagsBetween(this.#since, now, max);
    for (const key of this.#keys) {
      const task = this.#table().at(key);
      if (task) tags?.add(task.tag);
    }
    return tags;
  }
}
