// The directory's list of queues, kept in step with this queue. States, by the meta values:
//
//   made, not listed -> register -> listed
//   removing         -> (events to groups delivered, all shards erased) -> unregister -> nothing is left
//
// Of several shards the first is listed for all; of another one nothing is left once its events are delivered.
//
// A queue is listed before its first task is answered, and unlisted last of all, so a queue with anything
// left to do is always found. Each step can be repeated; a crash in between is made good by the alarm.
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import type { QueueJobDeps } from "./context/job-deps.ts";

const RETRY_MS = 2_000;

export interface ListingDeps extends QueueJobDeps {
  isFirst: boolean;
  /** Whether all shards have what was decided for them. */
  isTold: () => boolean;
  /** Inside the commit that lists it. */
  listed: () => void;
}

export class DirectoryListing extends AlarmJob {
  readonly #deps: ListingDeps;

  constructor(deps: ListingDeps) {
    super({
      name: "registering with the directory",
      now: deps.now,
      pendingAt: () => (this.#isPending ? 0 : undefined),
      run: (run) => this.#sync(run),
      ended: deps.ended,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  get isListed(): boolean {
    return this.#deps.store.meta.get("listed") === true;
  }

  /** Makes sure that the queue is listed; throws when the directory does not answer. */
  async ensureListed(): Promise<void> {
    const { commit, definition, store, stubs } = this.#deps;
    if (this.isListed) return;
    await stubs.directory().register(definition.config.name);
    // Removed in the meantime, it must not come to be again by this.
    if (!definition.exists || store.meta.get("removing")) return;
    commit.run(() => {
      this.#deps.listed();
      definition.remember();
      store.meta.set("listed", true);
    });
  }

  /** Finishes a removal as far as it can be finished now. */
  async finishRemoval(): Promise<void> {
    if (this.#deps.store.meta.get("removing")) await this.runNow();
  }

  get #isPending(): boolean {
    const { isFirst, isTold, store } = this.#deps;
    const { groupOutbox, meta } = store;
    if (meta.get("removing")) return groupOutbox.pendingGroups().size === 0 && isTold();
    return isFirst && meta.get("made") !== undefined && !this.isListed;
  }

  async #sync(run: JobRun): Promise<void> {
    const { commit, isFirst, store, stubs } = this.#deps;
    if (!store.meta.get("removing")) return this.ensureListed();
    if (isFirst) await stubs.directory().unregister(store.meta.get("name") ?? "");
    if (run.isCurrent && store.meta.get("removing")) commit.run(() => store.meta.clearAll());
  }
}
