// Job of the first shard: has a report of each other one. They report by themselves; one that this object has not heard of
// since its start is asked.
import type { AlertReport } from "../../../core/alerts/report.ts";
import { AlarmJob } from "../../alarm-job.ts";
import type { AlertsDeps } from "./deps.ts";

export interface ReportsDeps extends Pick<AlertsDeps, "queue" | "arm" | "shard"> {
  /** Whether there are alerts. */
  areUsed: () => boolean;
  /** A report came. */
  heard: () => void;
}

const RETRY_MS = 5_000;

export class AlertReports extends AlarmJob {
  readonly #deps: ReportsDeps;
  readonly #reports = new Map<number, AlertReport>();

  constructor(deps: ReportsDeps) {
    super({
      name: "asking shards for what alerts are about",
      now: () => deps.queue.now(),
      pendingAt: () => (this.#missing().length > 0 ? deps.queue.now() : undefined),
      run: () => this.#ask(),
      ended: deps.arm,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  /** Those of all other shards; undefined while one is missing, for then nobody knows. */
  all(): readonly AlertReport[] | undefined {
    const others = this.#others();
    // One that the queue has no more would be out of date where it has it again.
    for (const index of this.#reports.keys())
      if (index > others.length) this.#reports.delete(index);
    const reports = others.map((index) => this.#reports.get(index));
    return reports.every((it) => it !== undefined) ? reports : undefined;
  }

  take(index: number, report: AlertReport): void {
    this.#reports.set(index, report);
    this.#deps.heard();
    this.#deps.arm();
  }

  #others(): number[] {
    const { isSharded, map } = this.#deps.queue.shard;
    if (!isSharded) return [];
    // While their number changes those of before may have tasks still.
    const { shards, former = 1 } = map;
    return Array.from({ length: Math.max(shards, former) - 1 }, (_, i) => i + 1);
  }

  #missing(): number[] {
    return this.#deps.areUsed() ? this.#others().filter((index) => !this.#reports.has(index)) : [];
  }

  async #ask(): Promise<void> {
    await Promise.all(
      this.#missing().map(async (index) => {
        const report = await this.#deps.shard(index).alertReport();
        // Asked again after a while, and not at once.
        if (!report) throw new Error(`shard ${index} has no alerts`);
        this.take(index, report);
      }),
    );
  }
}
