// One background job that an alarm drives: it sends what the rows say is pending to another object, and
// tries again until that object has it. States:
//
//   idle    -> nothing pending: no wake-up
//   pending -> wakes at the pending work's time, not before the pace or the back-off allows
//   running -> one run at a time; the alarm's handler is held open, or a watchdog alarm lies in the future
//
// A run that neither answers nor fails is abandoned after ABANDON_MS: another one may start, and what the
// old one still learns is ignored, so receivers must be idempotent.
import type { Job } from "./host.ts";
import { trouble } from "./log.ts";
import { WATCHDOG_MS } from "./wakeup.ts";

export interface AlarmJobDeps {
  /** What the log calls it, such as "dead letters". */
  name: string;
  /** ms since 1970 */
  now: () => number;
  /** When there is work by the rows (ms; the past counts as now), undefined when there is none. */
  pendingAt: () => number | undefined;
  /** Does a page of the work. A throw counts as failed; what it did before stays done. */
  run: (run: JobRun) => Promise<void>;
  /** Called when a run has ended. */
  ended: () => void;
  /** The shortest time from one start to the next, in ms. Default 0. */
  paceMs?: number;
  /** The wait after a first failure, in ms; doubled for each one in a row, up to a minute. */
  retryMs: number;
}

/** Lets a run ask whether it still is the current one. */
export interface JobRun {
  readonly isCurrent: boolean;
}

const ABANDON_MS = 60_000;
const MAX_RETRY_MS = 60_000;

export class AlarmJob implements Job {
  readonly #deps: AlarmJobDeps;
  #current: { startedAt: number; done: Promise<void> } | undefined;
  #notBefore = 0;
  #failures = 0;

  constructor(deps: AlarmJobDeps) {
    this.#deps = deps;
  }

  nextWakeAt(): number | undefined {
    if (this.#current) return undefined;
    const pendingAt = this.#deps.pendingAt();
    return pendingAt === undefined ? undefined : Math.max(pendingAt, this.#notBefore);
  }

  onAlarm(now: number): void {
    if (this.#current && now < this.#current.startedAt + ABANDON_MS) return;
    if (this.#current) this.#abandon();
    const at = this.nextWakeAt();
    if (at !== undefined && at <= now) this.#start(now);
  }

  watchdogAt(now: number): number | undefined {
    return this.#current && now + WATCHDOG_MS;
  }

  /** Runs now if there is work, whatever the pace or the back-off say, and settles when the run has ended. */
  async runNow(): Promise<void> {
    await this.#current?.done;
    // Another caller that waited may have started it.
    if (!this.#current && this.#deps.pendingAt() !== undefined) this.#start(this.#deps.now());
    await this.#current?.done;
  }

  #start(now: number): void {
    this.#notBefore = now + (this.#deps.paceMs ?? 0);
    const current = { startedAt: now, done: Promise.resolve() };
    this.#current = current;
    const isCurrent = () => this.#current === current;
    current.done = this.#run(isCurrent);
  }

  async #run(isCurrent: () => boolean): Promise<void> {
    const run: JobRun = {
      get isCurrent() {
        return isCurrent();
      },
    };
    try {
      await this.#deps.run(run);
      if (isCurrent()) this.#failures = 0;
    } catch (error) {
      trouble(`task queue: ${this.#deps.name} failed, trying again`, error);
      if (isCurrent()) this.#backOff();
    }
    if (!isCurrent()) return;
    this.#current = undefined;
    this.#deps.ended();
  }

  #abandon(): void {
    trouble(`task queue: ${this.#deps.name} had no answer, trying again`);
    this.#current = undefined;
    this.#backOff();
  }

  #backOff(): void {
    const wait = Math.min(this.#deps.retryMs * 2 ** this.#failures, MAX_RETRY_MS);
    this.#failures++;
    this.#notBefore = this.#deps.now() + wait;
  }
}
