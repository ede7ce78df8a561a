// Detects a queue's problems, one line each, most severe first.

import { perSecond } from "../../core/config/units.ts";
import { CARRIED, carriedShare } from "../../core/dispatch/carried.ts";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import * as counts from "../format/counts.ts";
import { duration } from "../format/times.ts";
import { backlogOf } from "./drain.ts";

/** `bad`: work is lost or late now; `warn`: worth attention. */
export type Severity = "bad" | "warn";

export interface Problem {
  severity: Severity;
  text: string;
}

/** Lateness of the oldest due task from which it is a warning, and from which it is bad. */
const LATE_S = 30;
const VERY_LATE_S = 300;

type ProblemInput = Pick<
  WatchedQueue,
  "mode" | "state" | "rate" | "bucketSize" | "maxConcurrentRequests" | "statistics"
> & { extensions?: { shards?: number } } & Pick<Partial<WatchedQueue>, "alerts">;

/** `now` in ms since 1970. */
export function problemsOf(queue: ProblemInput, now: number): Problem[] {
  const found = [
    ...alertsOf(queue),
    ...[disabled(queue), late(queue, now), failing(queue), expiring(queue)],
    ...[stopped(queue), slowed(queue)],
  ];
  const problems = found.filter((problem) => problem !== undefined);
  return [...problems.filter(isBad), ...problems.filter((problem) => !isBad(problem))];
}

/** Sort key of the queue list: 2 with a bad problem, 1 with a warning, 0 without. */
export function urgencyOf(problems: readonly Problem[]): number {
  if (problems.some(isBad)) return 2;
  return problems.length > 0 ? 1 : 0;
}

function isBad({ severity }: Problem): boolean {
  return severity === "bad";
}

function alertsOf({ alerts = [] }: ProblemInput): Problem[] {
  const on = alerts.filter(({ state }) => state === "begun");
  return on.map(({ name, when }) => ({
    severity: "bad",
    text: `The alert ${when.startsWith(name) ? when : `${name} (${when})`} is on`,
  }));
}

function disabled({ state, statistics }: ProblemInput): Problem | undefined {
  if (state !== "disabled" || statistics.tasks === 0) return undefined;
  const tasks = counts.counted(statistics.tasks, "task");
  return { severity: "bad", text: `No longer in queue.yaml: keeps ${tasks} and starts none` };
}

function stopped({ state, rate, statistics }: ProblemInput): Problem | undefined {
  const backlog = backlogOf(statistics);
  if (state !== "paused" || backlog === 0) return undefined;
  const why = rate !== "" && perSecond(rate) === 0 ? "The rate is 0" : "Paused";
  return { severity: "warn", text: `${why} with ${counts.counted(backlog, "task")} due` };
}

function slowed({ state, rate, statistics: { enforcedRate } }: ProblemInput): Problem | undefined {
  const configured = perSecond(rate);
  if (state !== "running" || enforcedRate === null || !(enforcedRate < configured))
    return undefined;
  const [now, full] = [counts.perSecond(enforcedRate), counts.perSecond(configured)];
  return {
    severity: "warn",
    text: `Slowed to ${now} of ${full} a second: handlers answer 503`,
  };
}

function late(queue: ProblemInput, now: number): Problem | undefined {
  const seconds = oldestDueSeconds(queue, now);
  if (queue.state !== "running" || seconds < LATE_S) return undefined;
  const severity = seconds < VERY_LATE_S ? "warn" : "bad";
  return { severity, text: `The oldest task is ${duration(seconds)} late: ${holding(queue)}` };
}

/** How long the oldest startable task has been due; 0 if there is none. */
export function oldestDueSeconds(
  { statistics: { oldestEta, states } }: Pick<WatchedQueue, "statistics">,
  now: number,
): number {
  if (oldestEta === null || states.due === 0) return 0;
  return Math.max(0, Math.floor((now - Date.parse(oldestEta)) / 1000));
}

function holding({
  mode,
  rate,
  bucketSize,
  maxConcurrentRequests,
  statistics,
  extensions,
}: ProblemInput): string {
  if (mode === "pull") return "no worker leases it";
  if (statistics.inFlight >= maxConcurrentRequests) {
    return `all ${counts.counted(maxConcurrentRequests, "slot")} are taken`;
  }
  const { tokens } = statistics;
  // Tokens are consumed as they arrive, so a bucket that is not full means the rate is the limit.
  if (tokens === null || tokens >= bucketSize) return "more come than go";
  return `held to ${rate}${carried(bucketSize, rate, extensions?.shards)}`;
}

function carried(capacity: number, rate: string, shards = 1): string {
  const share = carriedShare({ capacity, rate: perSecond(rate) }, shards);
  if (share >= CARRIED) return "";
  return `, of which a bucket of ${capacity} carries about ${Math.floor(share * 100)} %`;
}

function failing({ statistics: { failed, failedLastMinute } }: ProblemInput): Problem | undefined {
  if (failed === 0) return undefined;
  const text = `${counts.counted(failed, "task has", "tasks have")} failed and can be redriven`;
  return { severity: severityOf(failedLastMinute), text };
}

function expiring({
  statistics: { expired, expiredLastMinute },
}: ProblemInput): Problem | undefined {
  if (expired === 0) return undefined;
  const text = `${counts.counted(expired, "task has", "tasks have")} expired and can be redriven`;
  return { severity: severityOf(expiredLastMinute), text };
}

/** Work that was lost a moment ago goes on being lost. */
function severityOf(lastMinute: number): Severity {
  return lastMinute > 0 ? "bad" : "warn";
}
