// What an object has of its queue's alerts: a part that a Worker may leave out. How each stands, and what is to be sent,
// is in rows. Figures are read from rows too, but for attempts that fail one after another, which are heard of here.
//
//   commit, or a time -> watch: looks, and writes what begins or is over with its message, in one commit
//   a message in rows -> sender: sends it until it has arrived
//
// Of several shards the first has both, by what the others report (reporter, reports).
import type { AlertConfig } from "../../../core/alerts/alert.ts";
import type { AlertTest, AlertView } from "../../../core/alerts/alert-view.ts";
import { withFailures } from "../../../core/alerts/failure-window.ts";
import { alertMessage } from "../../../core/alerts/message.ts";
import type { AlertReport } from "../../../core/alerts/report.ts";
import { type Answer, invalid } from "../../../core/errors.ts";
import type { Outcome } from "../../../core/task/task.ts";
import { AlertRows } from "../../../store/queue/alert-rows.ts";
import type { Participant } from "../../commit.ts";
import type { Job } from "../../host.ts";
import type { AlertsDeps } from "./deps.ts";
import { AlertReporter } from "./reporter.ts";
import { AlertReports } from "./reports.ts";
import { AlertSender, sendAlert } from "./sender.ts";
import { newStanding, storedOf } from "./standing.ts";
import { TargetWatch } from "./target-watch.ts";
import { viewsOf } from "./views.ts";
import { AlertWatch } from "./watch.ts";

/** How many failures of the transaction under way, or the one before, are counted. */
interface CountedState {
  counted: number;
}

export class Alerts implements Participant<CountedState> {
  readonly rows: AlertRows;
  readonly jobs: readonly Job[];
  readonly #deps: AlertsDeps;
  readonly #target: TargetWatch;
  /** Of the first shard. */
  readonly #watch: AlertWatch | undefined;
  readonly #reports: AlertReports | undefined;
  /** Of another one. */
  readonly #reporter: AlertReporter | undefined;
  #counted = 0;

  constructor(deps: AlertsDeps) {
    this.#deps = deps;
    const { queue, sql } = deps;
    const rows = new AlertRows(sql, queue.store.meta);
    this.rows = rows;
    this.#target = new TargetWatch(() => outageSince(rows));
    const shared = { ...deps, rows, target: this.#target, alerts: () => this.alerts };
    if (!this.isFirst) {
      this.#reporter = new AlertReporter(shared);
      this.jobs = [this.#reporter];
      return;
    }
    const reports = new AlertReports({
      ...deps,
      areUsed: () => this.alerts.length > 0,
      heard: () => this.#watch?.committed(queue.now()),
    });
    this.#reports = reports;
    this.#watch = new AlertWatch({ ...shared, others: () => reports.all() });
    this.jobs = [this.#watch, reports, new AlertSender({ ...deps, rows })];
  }

  /** Whether it begins and ends the queue's alerts. */
  get isFirst(): boolean {
    return this.#deps.queue.shard.index === 0;
  }

  /** Those of the queue's entry; a queue that is not defined any more has none. */
  get alerts(): readonly AlertConfig[] {
    const { config, isDefined } = this.#deps.queue.definition;
    return (isDefined && config.alerts) || NONE;
  }

  /** An attempt ended at `now` (ms). */
  attempted(outcome: Outcome, now: number): void {
    if (this.alerts.length > 0 && this.#target.attempted(outcome, now)) this.#changed(now);
  }

  /** After a commit at `now` (ms), once its transitions were taken. */
  committed(now: number): void {
    this.#counted = 0;
    this.#changed(now);
  }

  #changed(now: number): void {
    this.#watch?.committed(now);
    this.#reporter?.changed();
  }

  /** Of the first shard: another one has told what it knows. */
  take(shard: number, report: AlertReport): void {
    this.#reports?.take(shard, report);
  }

  /** Of another shard: what it knows. */
  report(): AlertReport | undefined {
    return this.#reporter?.report();
  }

  views(): AlertView[] {
    return viewsOf(this.alerts, this.rows);
  }

  /** Sends a message that says it is a test, once; what came of it. */
  async test(name: string): Promise<Answer<AlertTest>> {
    const { alerts } = this;
    const alert = alerts.find((it) => it.name === name);
    if (!alert) {
      const names = alerts.map((it) => it.name).join(", ");
      return invalid("alert", name, names || "a queue that has alerts");
    }
    const { queue } = this.#deps;
    const now = queue.now();
    const given = { queue: queue.name, alert, begunAt: now, now, value: 0 };
    const { id, body } = alertMessage({ ...given, event: "test" });
    const result = await sendAlert(this.#deps, { id, body, to: alert.to });
    return { ok: { queue: queue.name, alert: name, id, ...result } };
  }

  /** Inside a commit: the queue is gone with all it knew. */
  clear(): void {
    this.rows.clear();
  }

  save(): CountedState {
    return { counted: this.#counted };
  }

  restore({ counted }: CountedState): void {
    this.#counted = counted;
    this.rows.restore();
  }

  /** Inside a commit, at its end: what failed is counted with it, a row for each alert that is about it. */
  flush(now: number): void {
    const { failures } = this.#deps.queue.store.steps;
    if (failures === this.#counted) return;
    for (const alert of this.alerts) this.#count(alert, failures - this.#counted, now);
    this.#counted = failures;
  }

  #count(alert: AlertConfig, n: number, now: number): void {
    const { when } = alert;
    if (when.kind !== "failed") return;
    const { rows, isFirst } = this;
    // What an entry before had begun is to be ended first, by the first shard.
    const stored = storedOf(rows, alert) ?? (isFirst ? undefined : newStanding(alert));
    if (!stored) return;
    const failures = withFailures(stored.failures ?? [], n, now, when.seconds * 1000);
    rows.put(alert.name, { ...stored, failures });
  }
}

/** Where an outage that an object before this one heard of began (ms). */
function outageSince(rows: AlertRows): number | undefined {
  for (const stored of rows.standings().values())
    if (stored.outageSince !== undefined) return stored.outageSince;
  return undefined;
}

const NONE: readonly AlertConfig[] = [];
