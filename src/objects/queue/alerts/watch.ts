// Job: looks whether alerts begin or are over. It wakes when time alone may change one, and after commits, which may
// too: not more often than every ten seconds. A queue on which nothing happens, and nothing is to come, is left alone.
import type { AlertConfig } from "../../../core/alerts/alert.ts";
import { alertMessage, type OverReason } from "../../../core/alerts/message.ts";
import { type AlertFigures, readingOf } from "../../../core/alerts/reading.ts";
import {
  type AlertReport,
  earliest,
  outageOfAll,
  sumOfBacklogs,
  sumOfFailures,
} from "../../../core/alerts/report.ts";
import { type AlertStanding, stepOf } from "../../../core/alerts/rule.ts";
import type { AlertRows, StoredAlert } from "../../../store/queue/alert-rows.ts";
import { type OldestWaiting, oldestWaiting } from "../../../store/queue/oldest-waiting.ts";
import type { Job } from "../../host.ts";
import { writeLine } from "../../log.ts";
import type { AlertsDeps } from "./deps.ts";
import { storedOf } from "./standing.ts";
import type { TargetWatch } from "./target-watch.ts";

export interface WatchDeps extends Pick<AlertsDeps, "queue" | "sql" | "backlog" | "drainSeconds"> {
  rows: AlertRows;
  target: TargetWatch;
  /** What the queue's other shards know; undefined while that of one is missing. */
  others: () => readonly AlertReport[] | undefined;
  /** Those of the queue's entry. */
  alerts: () => readonly AlertConfig[];
}

/** What a look comes to for one alert. */
interface Found {
  name: string;
  was?: Pick<AlertConfig, "when" | "to"> | undefined;
  /** What is to be on disk, if that is another; null: nothing. */
  stored?: StoredAlert | null;
  event?: { kind: "begun" | "over"; begunAt: number; value: number; reason: OverReason };
  nextAt?: number | undefined;
}

/** The least time between two looks, in ms. */
const PACE_MS = 10_000;

export class AlertWatch implements Job {
  readonly #deps: WatchDeps;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** When the next look is; null where none is to be, undefined where that is to be found out. */
  #nextAt: number | null | undefined;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  nextWakeAt(): number | undefined {
    if (this.#nextAt === undefined) this.#nextAt = this.#findNext(this.#deps.queue.now());
    return this.#nextAt ?? undefined;
  }

  onAlarm(now: number): void {
    if ((this.nextWakeAt() ?? Number.POSITIVE_INFINITY) > now) return;
    const found = this.#look(now).filter(({ stored }) => stored !== undefined);
    if (found.length > 0) this.#deps.queue.commit.run(() => this.#writeAll(found, now));
    this.#nextAt = undefined;
  }

  // What a commit changed is looked at soon: at once, where the last look was some time ago.
  committed(now: number): void {
    if (!this.#isUsed) return;
    const soonest = this.#lookedAt + PACE_MS;
    if (now >= soonest) this.#nextAt = undefined;
    else this.#nextAt = Math.min(this.#nextAt ?? soonest, soonest);
  }

  get #isUsed(): boolean {
    const { alerts, rows } = this.#deps;
    return alerts().length > 0 || rows.exist;
  }

  #findNext(now: number): number | null {
    if (!this.#isUsed) return null;
    this.#lookedAt = now;
    const times = this.#look(now).flatMap(({ stored, nextAt }) =>
      stored === undefined ? (nextAt ?? []) : now,
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  #look(now: number): Found[] {
    const alerts = this.#deps.alerts();
    const names = new Set(alerts.map(({ name }) => name));
    const gone = [...this.#deps.rows.standings()].filter(([name]) => !names.has(name));
    const figures = this.#newFigures(now);
    return [
      ...gone.map(([name, stored]) => ended(name, stored, "removed")),
      ...alerts.map((alert) => this.#lookAt(alert, figures, now)),
    ];
  }

  #lookAt(alert: AlertConfig, figures: Figures, now: number): Found {
    const { name, when, to } = alert;
    const before = storedOf(this.#deps.rows, alert);
    if (!before) return ended(name, this.#deps.rows.standings().get(name), "changed");
    const of = figures.of(alert, before);
    // All stays as it is, how long the condition has not held among it.
    if (!of) return { name };
    const reading = readingOf(when, of, now);
    const { standing, event: kind, nextAt } = stepOf(standingOf(before), reading, now);
    const outageSince = when.kind === "target_dead" ? of.outage?.since : undefined;
    const stored = inOrder({ ...before, ...NOT_BEGUN, ...standing, outageSince });
    const isSame = JSON.stringify(stored) === JSON.stringify(inOrder(before));
    const freeAt = when.kind === "oldest_due_older_than" ? figures.freeAt() : undefined;
    const begunAt = standing.begunAt ?? before.begunAt ?? now;
    return {
      ...{ name, was: { when, to } },
      ...(!isSame && { stored }),
      ...(kind && { event: { kind, begunAt, value: reading.value, reason: "fine" } }),
      nextAt: earliest([nextAt, freeAt]),
    };
  }

  #newFigures(now: number): Figures {
    const { queue, sql, backlog, drainSeconds, target, others } = this.#deps;
    let oldest: OldestWaiting | undefined;
    const waiting = () => {
      oldest ??= oldestWaiting(sql, now, (task) => queue.push.isRunning(task));
      return oldest;
    };
    const reports = others();
    return {
      of: ({ name, when: { kind } }, { mark, failures = [] }) =>
        reports && {
          oldestDue:
            kind === "oldest_due_older_than"
              ? earliest([waiting().due, ...reports.map((it) => it.oldestDue)])
              : undefined,
          drainSeconds:
            kind === "backlog_not_drained_in"
              ? drainSeconds(sumOfBacklogs([backlog(), ...reports.map((it) => it.backlog)]))
              : null,
          failures: sumOfFailures([failures, ...reports.map((it) => failuresOf(it, name, mark))]),
          outage: outageOfAll([target.report(), ...reports]),
        },
      freeAt: () => waiting().freeAt,
    };
  }

  /** Inside a commit. */
  #writeAll(found: readonly Found[], now: number): void {
    for (const one of found) this.#write(one, now);
  }

  #write({ name, was, stored, event }: Found, now: number): void {
    const { queue, rows } = this.#deps;
    if (stored) rows.put(name, stored);
    else rows.remove(name);
    if (!event || !was) return;
    const { kind, begunAt, value, reason } = event;
    const alert = { name, when: was.when };
    const given = { queue: queue.name, alert, begunAt, now, value, reason };
    const message = alertMessage({ ...given, event: kind });
    rows.send({ alert: name, event: kind, ...message, to: was.to, madeAt: now });
    const { text } = (JSON.parse(message.body) as { data: { text: string } }).data;
    const level = kind === "begun" ? "warn" : "info";
    queue.commit.after(() =>
      writeLine(level, `alert_${kind}`, text, { queue: queue.name, alert: name }),
    );
  }
}

/** Read when an alert asks for them, once a look. */
interface Figures {
  /** Undefined while what a shard knows is missing. */
  of(alert: AlertConfig, stored: StoredAlert): AlertFigures | undefined;
  freeAt(): number | undefined;
}

// A shard may not know of the entry yet that this alert is of.
function failuresOf({ failures }: AlertReport, name: string, mark: string) {
  const one = failures[name];
  return one?.mark === mark ? one.counts : [];
}

const NOT_BEGUN = { begunAt: undefined, fineSince: undefined, lastBegunAt: undefined };

function standingOf({ begunAt, fineSince, lastBegunAt }: StoredAlert): AlertStanding {
  return { begunAt, fineSince, lastBegunAt };
}

/** As it is written: whether two are the same is seen by their texts. */
function inOrder(given: StoredAlert): StoredAlert {
  const { mark, was, begunAt, fineSince, lastBegunAt, failures, outageSince, sent } = given;
  return { mark, was, begunAt, fineSince, lastBegunAt, failures, outageSince, sent };
}

/** One that the queue's entry has no more, or not as it was: whoever heard that it began hears that it is over. */
function ended(name: string, before: StoredAlert | undefined, reason: OverReason): Found {
  const { was, begunAt } = before ?? {};
  const gone: Found = { name, was, stored: null };
  if (begunAt === undefined) return gone;
  return { ...gone, event: { kind: "over", begunAt, value: 0, reason } };
}
