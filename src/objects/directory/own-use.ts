// What the directory itself uses, which is of no queue. It outlives the object but for the last of it, which is written
// once it is worth a hundred rows.
import {
  METER_KINDS,
  type Meter,
  type MeterCounts,
  noMeter,
  sumOfMeters,
} from "../../core/metrics/meter.ts";
import { billedOf, dollarsOf, PRICES } from "../../core/metrics/prices.ts";
import type { DirectoryStore, UsedByDirectory } from "../../store/directory/directory-store.ts";
import type { Commit } from "../commit.ts";
import { trouble } from "../log.ts";

export interface OwnUseDeps {
  store: Pick<DirectoryStore, "meta">;
  commit: Commit;
  meter: Meter;
  /** ms since 1970 */
  now: () => number;
}

const WORTH_WRITING = 100 * PRICES.rowWritten;

export class OwnUse {
  readonly #deps: OwnUseDeps;
  readonly #startedAt: number;
  // Read when somebody asks, or there is something to write: most calls have nothing to do with it.
  #read: UsedByDirectory | undefined;
  #written = noMeter();

  constructor(deps: OwnUseDeps) {
    this.#deps = deps;
    this.#startedAt = deps.now();
  }

  /** Of the object's lives before this one. */
  get #before(): UsedByDirectory {
    const { meta } = this.#deps.store;
    this.#read ??= meta.get("used") ?? { since: this.#startedAt, counts: noMeter() };
    return this.#read;
  }

  get all(): UsedByDirectory {
    const { since, counts } = this.#before;
    return { since, counts: sumOfMeters([counts, this.#deps.meter.counts()]) };
  }

  /** Something has ended that used some. */
  ended(): void {
    if (dollarsOf(billedOf(this.#unwritten)) < WORTH_WRITING) return;
    const { commit, store, meter } = this.#deps;
    this.#written = meter.counts();
    try {
      commit.run(() => store.meta.set("used", this.all));
    } catch (error) {
      trouble("directory of queues: what it uses could not be written", error);
    }
  }

  get #unwritten(): MeterCounts {
    const counts = this.#deps.meter.counts();
    for (const kind of METER_KINDS) counts[kind] -= this.#written[kind];
    return counts;
  }
}
