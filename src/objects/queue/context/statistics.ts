// What a queue can say of its work of late: counted along in memory, a history of it kept beyond.
import {
  type RecentPercentiles,
  RecentTimes,
  type RecentTimesCounts,
} from "../../../core/metrics/histogram.ts";
import { RecentCounts } from "../../../core/metrics/recent-counts.ts";
import { TRANSITION_KINDS, type TransitionCounts } from "../../../core/metrics/transitions.ts";
import type { KeptTotals } from "./kept-totals.ts";
import type { StoredHistory } from "./stored-history.ts";

export class Statistics {
  readonly history: StoredHistory;
  /** Where a door of the Worker shows them. */
  readonly totals: KeptTotals | undefined;
  readonly #lateness = new RecentTimes();
  readonly #runTime = new RecentTimes();
  readonly #counts = new RecentCounts([...TRANSITION_KINDS, "executed"]);

  constructor(history: StoredHistory, totals?: KeptTotals) {
    this.history = history;
    this.totals = totals;
  }

  /** An attempt, or a lease, started at `now` that was due at `due` (ms). */
  started(due: number, now: number): void {
    this.#lateness.record(now - due, now);
    this.#counts.add("started", 1, now);
    this.history.started(now - due, now);
    this.totals?.started(now - due);
  }

  /** An attempt that started at `startedAt` was answered at `now` (ms). */
  answered(startedAt: number, now: number): void {
    this.#runTime.record(now - startedAt, now);
    this.#counts.add("executed", 1, now);
    this.history.ran(now - startedAt, now);
    this.totals?.ran(now - startedAt);
  }

  /** `n` tasks were leased at `now` (ms): a pull task is executed by being leased. */
  leased(n: number, now: number): void {
    this.#counts.add("executed", n, now);
  }

  /** Steps of tasks that were committed at `now` (ms). */
  took(steps: TransitionCounts, now: number): void {
    for (const step of TRANSITION_KINDS) {
      if (steps[step] > 0) this.#counts.add(step, steps[step], now);
    }
    this.history.took(steps, now);
    this.totals?.took(steps);
  }

  /** All of it that is kept is forgotten. */
  forget(): void {
    this.history.forget();
    this.totals?.forget();
  }

  /** How long after their time attempts started. */
  lateness(now: number): RecentPercentiles {
    return this.#lateness.percentiles(now);
  }

  /** How long answered attempts took. */
  runTime(now: number): RecentPercentiles {
    return this.#runTime.percentiles(now);
  }

  /** What the percentiles of both are of. */
  times(now: number): Record<"lateness" | "runTime", RecentTimesCounts> {
    return { lateness: this.#lateness.counts(now), runTime: this.#runTime.counts(now) };
  }

  /** How often each step was made in the last minute, and how many attempts were answered. */
  lastMinute(now: number): Record<keyof TransitionCounts | "executed", number> {
    return this.#counts.lastMinute(now);
  }
}
