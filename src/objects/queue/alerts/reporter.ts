// Job of another shard than the first: tells that one what it knows that the queue's alerts are about, which begins and
// ends them. After commits, not more often than every ten seconds, until the first shard has heard it.
import type { AlertConfig } from "../../../core/alerts/alert.ts";
import type { AlertReport } from "../../../core/alerts/report.ts";
import type { AlertRows, StoredAlert } from "../../../store/queue/alert-rows.ts";
import { oldestWaiting } from "../../../store/queue/oldest-waiting.ts";
import { AlarmJob } from "../../alarm-job.ts";
import type { AlertsDeps } from "./deps.ts";
import { newStanding, storedOf } from "./standing.ts";
import type { TargetWatch } from "./target-watch.ts";

export interface ReporterDeps
  extends Pick<AlertsDeps, "queue" | "sql" | "backlog" | "arm" | "shard"> {
  rows: AlertRows;
  target: TargetWatch;
  alerts: () => readonly AlertConfig[];
}

/** The least time between two reports, in ms. */
const PACE_MS = 10_000;
const RETRY_MS = 2_000;

export class AlertReporter extends AlarmJob {
  readonly #deps: ReporterDeps;
  // A new object does not know what was heard of the one before it.
  #isNews = true;
  /** When a lease before the oldest task holds no more, as of the last report. */
  #freeAt: number | undefined;

  constructor(deps: ReporterDeps) {
    super({
      name: "reporting for alerts",
      now: () => deps.queue.now(),
      pendingAt: () => this.#pendingAt(),
      run: () => this.#send(),
      ended: deps.arm,
      paceMs: PACE_MS,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  /** Something it tells of may be another. */
  changed(): void {
    this.#isNews = true;
  }

  #pendingAt(): number | undefined {
    if (this.#deps.alerts().length === 0 || !this.#isHeard) return undefined;
    return this.#isNews ? this.#deps.queue.now() : this.#freeAt;
  }

  async #send(): Promise<void> {
    const { queue, shard } = this.#deps;
    this.#keepOutage();
    this.#isNews = false;
    try {
      await shard(0).takeAlertReport(queue.shard.index, this.report());
    } catch (error) {
      this.#isNews = true;
      throw error;
    }
  }

  /** Whether the first shard goes by what it tells: not once the queue has fewer shards. */
  get #isHeard(): boolean {
    const { index, map } = this.#deps.queue.shard;
    return index < Math.max(map.shards, map.former ?? 1);
  }

  // So that an object after this one does not take it for the first failure.
  #keepOutage(): void {
    const { queue, rows, target, alerts } = this.#deps;
    const outageSince = target.report().outage?.since;
    const changed = alerts()
      .filter(({ when }) => when.kind === "target_dead")
      .map((alert) => ({ name: alert.name, stored: this.#stored(alert) }))
      .filter(({ stored }) => stored.outageSince !== outageSince);
    if (changed.length === 0) return;
    queue.commit.run(() => {
      for (const { name, stored } of changed) rows.put(name, { ...stored, outageSince });
    });
  }

  #stored(alert: AlertConfig): StoredAlert {
    return storedOf(this.#deps.rows, alert) ?? newStanding(alert);
  }

  report(): AlertReport {
    const { queue, sql, target, alerts, backlog } = this.#deps;
    const { due: oldestDue, freeAt } = oldestWaiting(sql, queue.now(), (task) =>
      queue.push.isRunning(task),
    );
    this.#freeAt = freeAt;
    const failures = alerts()
      .filter(({ when }) => when.kind === "failed")
      .map((alert) => {
        const { mark, failures: counts = [] } = this.#stored(alert);
        return [alert.name, { mark, counts }] as const;
      });
    return {
      ...target.report(),
      ...{ oldestDue, backlog: backlog(), failures: Object.fromEntries(failures) },
    };
  }
}
