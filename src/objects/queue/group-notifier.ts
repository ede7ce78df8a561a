// Events of subtasks and masters on their way to the objects of their groups. They stay in the outbox until
// the group has them on disk; sent twice, they are taken once. Each group has a job of its own, so one that
// does not answer delays no other. States of an event: pending -> (sending) -> delivered -> removed.
import type { EventBatch } from "../../store/queue/group-outbox.ts";
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import type { Job } from "../host.ts";
import type { QueueJobDeps } from "./context/job-deps.ts";

/** Events that come within this time of each other travel together. */
const PACE_MS = 50;
const RETRY_MS = 2_000;

export class GroupNotifier implements Job {
  readonly #deps: QueueJobDeps;
  readonly #jobs = new Map<string, AlarmJob>();

  constructor(deps: QueueJobDeps) {
    this.#deps = deps;
  }

  nextWakeAt(): number | undefined {
    let next: number | undefined;
    for (const job of this.#current()) {
      const at = job.nextWakeAt();
      if (at !== undefined) next = Math.min(next ?? at, at);
    }
    return next;
  }

  onAlarm(now: number): void {
    for (const job of this.#current()) job.onAlarm(now);
  }

  watchdogAt(now: number): number | undefined {
    const isBusy = (job: AlarmJob) => job.watchdogAt(now) !== undefined;
    return [...this.#jobs.values()].find(isBusy)?.watchdogAt(now);
  }

  /** Sends what is pending now; settles when every group has answered or failed. */
  async flush(): Promise<void> {
    await Promise.all([...this.#current()].map((job) => job.runNow()));
  }

  /** The jobs of groups with pending events, and those whose run has not ended. */
  #current(): Iterable<AlarmJob> {
    for (const group of this.#deps.store.groupOutbox.pendingGroups()) {
      if (!this.#jobs.has(group)) this.#jobs.set(group, this.#newJob(group));
    }
    return this.#jobs.values();
  }

  #newJob(group: string): AlarmJob {
    const { store, now, ended } = this.#deps;
    return new AlarmJob({
      name: `sending events to the group "${group}"`,
      now,
      pendingAt: () => (store.groupOutbox.hasPending(group) ? 0 : undefined),
      run: (run) => this.#send(group, run),
      ended: () => {
        if (!store.groupOutbox.hasPending(group)) this.#jobs.delete(group);
        ended();
      },
      paceMs: PACE_MS,
      retryMs: RETRY_MS,
    });
  }

  async #send(group: string, run: JobRun): Promise<void> {
    const { commit, definition, store, stubs } = this.#deps;
    const batch = store.groupOutbox.pendingOf(group);
    if (!batch) return;
    const receipt = await stubs.group(group).receive(definition.config.name, batch.events);
    if (run.isCurrent) commit.run(() => this.#delivered(batch, receipt === "over"));
  }

  #delivered(batch: EventBatch, isOver: boolean): void {
    const { groupOutbox } = this.#deps.store;
    groupOutbox.delivered(batch);
    if (isOver) groupOutbox.forget(batch.group);
  }
}
