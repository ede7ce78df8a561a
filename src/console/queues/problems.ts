// What is wrong with a queue, in one line each, the worst first.

import { perSecond } from "../../core/config/units.ts";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import * as counts from "../format/counts.ts";
import { duration } from "../format/times.ts";
import { backlogOf } from "./drain.ts";

/** `bad` loses work or time now; `warn` wants to be known. */
export type Severity = "bad" | "warn";

export interface Problem {
  severity: Severity;
  text: string;
}

/** From when on a task that is due and has not begun is a problem, and a bad one. */
const LATE_S = 30;
const VERY_LATE_S = 300;

type Looked = Pick<
  WatchedQueue,
  "mode" | "state" | "rate" | "bucketSize" | "maxConcurrentRequests" | "statistics"
>;

/** `now` in ms since 1970. */
export function problemsOf(queue: Looked, now: number): Problem[] {
  const found = [disabled(queue), late(queue, now), failing(queue), stopped(queue), slowed(queue)];
  const problems = found.filter((problem) => problem !== undefined);
  return [...problems.filter(isBad), ...problems.filter((problem) => !isBad(problem))];
}

/** 2 with a bad problem, 1 with another, 0 without: by this the list is ordered. */
export function urgencyOf(problems: readonly Problem[]): number {
  if (problems.some(isBad)) return 2;
  return problems.length > 0 ? 1 : 0;
}

function isBad({ severity }: Problem): boolean {
  return severity === "bad";
}

function disabled({ state, statistics }: Looked): Problem | undefined {
  if (state !== "disabled" || statistics.tasks === 0) return undefined;
  const tasks = counts.counted(statistics.tasks, "task");
  return { severity: "bad", text: `No longer in queue.yaml: keeps ${tasks} and starts none` };
}

function stopped({ state, rate, statistics }: Looked): Problem | undefined {
  const backlog = backlogOf(statistics);
  if (state !== "paused" || backlog === 0) return undefined;
  const why = rate !== "" && perSecond(rate) === 0 ? "The rate is 0" : "Paused";
  return { severity: "warn", text: `${why} with ${counts.counted(backlog, "task")} due` };
}

function slowed({ state, rate, statistics: { enforcedRate } }: Looked): Problem | undefined {
  const configured = perSecond(rate);
  if (state !== "running" || enforcedRate === null || !(enforcedRate < configured))
    return undefined;
  const [now, full] = [counts.perSecond(enforcedRate), counts.perSecond(configured)];
  return {
    severity: "warn",
    text: `Slowed to ${now} of ${full} a second: handlers answer 503`,
  };
}

function late(queue: Looked, now: number): Problem | undefined {
  const seconds = oldestDueSeconds(queue, now);
  if (queue.state !== "running" || seconds < LATE_S) return undefined;
  const severity = seconds < VERY_LATE_S ? "warn" : "bad";
  return { severity, text: `The oldest task is ${duration(seconds)} late: ${holding(queue)}` };
}

/** How long the oldest task that could have begun has been due; 0 when none is. */
export function oldestDueSeconds(
  { statistics: { oldestEta, states } }: Pick<WatchedQueue, "statistics">,
  now: number,
): number {
  if (oldestEta === null || states.due === 0) return 0;
  return Math.max(0, Math.floor((now - Date.parse(oldestEta)) / 1000));
}

function holding({ mode, rate, bucketSize, maxConcurrentRequests, statistics }: Looked): string {
  if (mode === "pull") return "no worker leases it";
  if (statistics.inFlight >= maxConcurrentRequests) {
    return `all ${counts.counted(maxConcurrentRequests, "slot")} are taken`;
  }
  const { tokens } = statistics;
  // A token is taken as soon as it is there, so a bucket that is not full is what holds them.
  return tokens !== null && tokens < bucketSize ? `held to ${rate}` : "more come than go";
}

function failing({ statistics: { failed, failedLastMinute } }: Looked): Problem | undefined {
  if (failed === 0) return undefined;
  const text = `${counts.counted(failed, "task has", "tasks have")} failed and can be redriven`;
  return { severity: failedLastMinute > 0 ? "bad" : "warn", text };
}
