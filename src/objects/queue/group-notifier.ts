// News of subtasks on their way to the objects of their groups, in turns of the alarm. They stay in their
// rows until the group has them on disk; told twice, they are taken once.
import type { Entry, EventBatch } from "../../store/queue/group-outbox.ts";
import type { Store } from "../../store/queue/queue-store.ts";

/** What a group answers to news: `over` when nobody wants them any more. */
export type Taken = "taken" | "over";

export interface TellingDeps {
  store: Store;
  transaction: <T>(work: () => T) => T;
  /** ms since 1970 */
  now: () => number;
  /** Tells a group. */
  tell: (group: string, entries: readonly Entry[]) => Promise<Taken>;
  /** Called when news were told, or are to be told again later. */
  changed: () => void;
}

/** News that come meanwhile travel together. */
const PACE_MS = 50;
const AGAIN_MS = 2_000;
/** Should the object end while news are under way, an alarm lies within this. */
const WATCHDOG_MS = 10_000;

export class Telling {
  readonly #deps: TellingDeps;
  #isUnderWay = false;
  #notBefore = 0;

  constructor(around: TellingDeps) {
    this.#deps = around;
  }

  /** When the next news are to be told (ms), undefined when there are none. */
  next(): number | undefined {
    if (this.#isUnderWay) return this.#notBefore + WATCHDOG_MS;
    return this.#deps.store.news.hasPending() ? this.#notBefore : undefined;
  }

  /** Tells each group the oldest of its news, if it is time; an alarm's turn calls it. */
  turn(now: number): void {
    const next = this.next();
    if (next === undefined || next > now || this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#notBefore = now + PACE_MS;
    const batches = this.#deps.store.news.untold();
    void Promise.all(batches.map((batch) => this.#tell(batch))).finally(() => {
      this.#isUnderWay = false;
      this.#deps.changed();
    });
  }

  async #tell(batch: EventBatch): Promise<void> {
    const { store, transaction, tell, now } = this.#deps;
    try {
      const taken = await tell(batch.group, batch.entries);
      transaction(() => {
        store.news.told(batch);
        if (taken === "over") store.news.forget(batch.group);
      });
    } catch (error) {
      console.error(`task queue: the group "${batch.group}" could not be told`, error);
      this.#notBefore = now() + AGAIN_MS;
    }
  }
}
