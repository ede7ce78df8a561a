// The watchdog of all queues: a round visits those whose alarms may have been lost, and once an hour all of
// them. It goes in steps, each in an alarm of its own, so that it stays within what one invocation may call; how
// far it has come is in the rows.
import type { DirectoryStore, Round } from "../../store/directory/directory-store.ts";
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import type { Commit } from "../commit.ts";
import { trouble } from "../log.ts";
import type { Stubs } from "../stubs.ts";
import { type QueueReports, within } from "./queue-reports.ts";

export interface RoundDeps {
  store: DirectoryStore;
  commit: Commit;
  stubs: Pick<Stubs, "queue">;
  reports: QueueReports;
  /** ms since 1970 */
  now: () => number;
  ended: () => void;
}

/** Queues visited in one step. */
const STEP = 100;
const PATIENCE_MS = 10_000;
/** A queue at rest has no alarm to lose; all are visited this often in case one could not say that it has changed. */
const ALL_EVERY_MS = 3_600_000;
const RETRY_MS = 1_000;

export class Rounds extends AlarmJob {
  readonly #deps: RoundDeps;

  constructor(deps: RoundDeps) {
    super({
      name: "visiting the queues",
      now: deps.now,
      pendingAt: () => (deps.store.meta.get("round") ? 0 : undefined),
      run: (run) => this.#step(run),
      ended: deps.ended,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  /** Begins a round, unless one is under way. */
  begin(): void {
    const { store, commit, now } = this.#deps;
    if (store.meta.get("round")) return;
    const isOfAll = now() >= (store.meta.get("allVisitedAt") ?? 0) + ALL_EVERY_MS;
    const round = { after: "", isOfAll };
    if (this.#next(round).length === 0) return;
    commit.run(() => {
      store.meta.set("round", round);
      if (isOfAll) store.meta.set("allVisitedAt", now());
    });
  }

  async #step(run: JobRun): Promise<void> {
    const { store, commit } = this.#deps;
    const round = store.meta.get("round");
    if (!round) return;
    const names = this.#next(round);
    await Promise.all(names.map((name) => this.#visit(name)));
    if (!run.isCurrent) return;
    const after = names.at(-1);
    commit.run(() => {
      if (after === undefined || names.length < STEP) store.meta.clear("round");
      else store.meta.set("round", { ...round, after });
    });
  }

  #next({ after, isOfAll }: Round): string[] {
    const { store, now } = this.#deps;
    return isOfAll ? store.after(after, STEP) : store.outdatedAfter(after, now(), STEP);
  }

  // One that fails or hangs is left to the next round.
  async #visit(name: string): Promise<void> {
    const { stubs, reports } = this.#deps;
    try {
      await within(PATIENCE_MS, stubs.queue(name).wake());
      await reports.ask(name);
    } catch (error) {
      trouble(`task queue: "${name}" could not be visited`, error, { queue: name });
    }
  }
}
