// One background job for each of several receivers, so that one that does not answer delays no other.
import type { AlarmJob } from "./alarm-job.ts";
import type { Job } from "./host.ts";

export interface JobsByKeyDeps<Key> {
  /** For whom something is pending. */
  pending: () => Iterable<Key>;
  /** The job of a receiver; it calls `ended` when a run has. */
  newJob: (key: Key, ended: () => void) => AlarmJob;
  /** Called when any job's run has ended. */
  ended: () => void;
}

export class JobsByKey<Key> implements Job {
  readonly #deps: JobsByKeyDeps<Key>;
  readonly #jobs = new Map<Key, AlarmJob>();

  constructor(deps: JobsByKeyDeps<Key>) {
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

  /** Sends what is pending now; settles when every receiver has answered or failed. */
  async flush(): Promise<void> {
    await Promise.all([...this.#current()].map((job) => job.runNow()));
  }

  /** The jobs of receivers for whom something is pending, and those whose run has not ended. */
  #current(): Iterable<AlarmJob> {
    for (const key of this.#deps.pending()) {
      if (!this.#jobs.has(key)) this.#jobs.set(key, this.#newJob(key));
    }
    return this.#jobs.values();
  }

  #newJob(key: Key): AlarmJob {
    const { newJob, pending, ended } = this.#deps;
    return newJob(key, () => {
      if (![...pending()].includes(key)) this.#jobs.delete(key);
      ended();
    });
  }
}
