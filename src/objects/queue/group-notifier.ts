// Events of subtasks and masters on their way to the objects of their groups. They stay in the outbox until
// the group has them on disk; sent twice, they are taken once. Each group has a job of its own, so one that
// does not answer delays no other. States of an event: pending -> (sending) -> delivered -> removed.
import type { MeterCounts } from "../../core/metrics/meter.ts";
import type { EventBatch } from "../../store/queue/group-outbox.ts";
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import { JobsByKey } from "../jobs-by-key.ts";
import type { QueueJobDeps } from "./context/job-deps.ts";

/** Events that come within this time of each other travel together. */
const PACE_MS = 50;
const RETRY_MS = 2_000;

export class GroupNotifier extends JobsByKey<string> {
  readonly #deps: QueueJobDeps;
  readonly #used: ((counts: MeterCounts) => void) | undefined;

  /** `used` is called with what a group has used, where that is counted. */
  constructor(deps: QueueJobDeps, used?: (counts: MeterCounts) => void) {
    const { store, now, ended } = deps;
    super({
      pending: () => store.groupOutbox.pendingGroups(),
      newJob: (group, ended) =>
        new AlarmJob({
          ...{ name: `sending events to the group "${group}"`, now, ended },
          pendingAt: () => (store.groupOutbox.hasPending(group) ? 0 : undefined),
          run: (run) => this.#send(group, run),
          ...{ paceMs: PACE_MS, retryMs: RETRY_MS },
        }),
      ended,
    });
    this.#deps = deps;
    this.#used = used;
  }

  async #send(group: string, run: JobRun): Promise<void> {
    const { commit, definition, store, stubs } = this.#deps;
    const batch = store.groupOutbox.pendingOf(group);
    if (!batch) return;
    const counts = this.#used !== undefined;
    const answer = await stubs.group(group).receive(definition.config.name, batch.events, counts);
    // Groups of a version before say no more than this.
    const { receipt, used } = typeof answer === "string" ? { receipt: answer } : answer;
    if (used) this.#used?.(used);
    if (run.isCurrent) commit.run(() => this.#delivered(batch, receipt === "over"));
  }

  #delivered(batch: EventBatch, isOver: boolean): void {
    const { groupOutbox } = this.#deps.store;
    groupOutbox.delivered(batch);
    if (isOver) groupOutbox.forget(batch.group);
  }
}
