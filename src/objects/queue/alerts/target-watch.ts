// What the attempts of this object say of the queue's target: heard of, not read.
import type { Outage } from "../../../core/alerts/reading.ts";
import type { TargetReport } from "../../../core/alerts/report.ts";
import type { Outcome } from "../../../core/task/task.ts";

export class TargetWatch {
  /** Where an outage that an object before this one heard of began (ms). */
  readonly #before: () => number | undefined;
  // Undefined while the last attempt was answered well, or none was since the start.
  #outage: Required<Outage> | undefined;
  #goodAt: number | undefined;
  #hasAnswered = false;

  constructor(before: () => number | undefined) {
    this.#before = before;
  }

  /** Whether it says anything of the target. */
  attempted(outcome: Outcome, now: number): boolean {
    if (outcome.kind === "postponed") return false;
    const isDead = outcome.kind === "unanswered" || outcome.status >= 500;
    this.#hasAnswered = !isDead;
    const { since } = this.#outage ?? { since: this.#before() ?? now };
    this.#outage = isDead ? { since, last: now } : undefined;
    if (!isDead) this.#goodAt = now;
    return true;
  }

  // Until an attempt fails again, or is answered, what an object before this one heard is all there is.
  report(): TargetReport {
    if (this.#outage || this.#hasAnswered) return { outage: this.#outage, goodAt: this.#goodAt };
    const since = this.#before();
    return since === undefined ? {} : { outage: { since } };
  }
}
