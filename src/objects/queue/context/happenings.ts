// What happens to a queue and its tasks, told once it is on disk: to the log, as far as that wants to hear of it, and to
// whoever follows the queue. What nobody hears of costs a look whether somebody does.

import type { LogLevel } from "../../../core/log-level.ts";
import { type LeftOut, LineBudget } from "../../../core/metrics/line-budget.ts";
import type { Meter } from "../../../core/metrics/meter.ts";
import { LEVELS, type QueueEvent, type QueueEventKind } from "../../../core/metrics/queue-event.ts";
import type { Attempt as EndedAttempt, Progress } from "../../../core/task/task.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import type { Hears, TaskStep, TaskSteps } from "../../../store/queue/task-steps.ts";
import type { BriefTask } from "../../../store/queue/tasks.ts";
import { type LogFields, writeLine, writes } from "../../log.ts";
import type { QueueDefinition } from "./definition.ts";
import type { Followers, NewFollowers } from "./followers.ts";

export interface HappeningsDeps {
  definition: QueueDefinition;
  steps: TaskSteps;
  /** ms since 1970 */
  now: () => number;
  /** Where it is counted what the object uses, which those who follow it keep awake. */
  meter: Meter | undefined;
  /** What it is followed by; without it nobody follows it. */
  Followers?: NewFollowers | undefined;
}

/** Of these a storm has so many lines a second. Who sets the log to debug wants to see all. */
const BOUNDED: ReadonlySet<QueueEventKind> = new Set([
  ...(["failed", "expired", "cut_off", "retried"] as const),
]);

const ALL: Hears = {
  ...{ added: true, leased: true, done: true, retried: true, failed: true, expired: true },
  ...{ deleted: true, redriven: true, purged: true },
};

const FLUSH_MS = 1000;
const ERROR_HEAD = 200;

export class Happenings {
  readonly #deps: HappeningsDeps;
  readonly #budget = new LineBudget();
  readonly followers: Followers | undefined;
  /** Whether it is heard of when attempts start. */
  hearsStarts = false;
  /** Whether it is heard of when attempts are cut off. */
  hearsCutOffs = false;

  constructor(deps: HappeningsDeps) {
    this.#deps = deps;
    this.followers = deps.Followers && new deps.Followers(() => this.#followed());
    this.#listen();
  }

  // Called when the first has come, or the last has gone.
  #followed(): void {
    this.#listen();
    if (this.followers?.any) this.#deps.meter?.stays();
    else this.#deps.meter?.ended();
  }

  /** Something was committed at `now` (ms). */
  committed(now: number): void {
    const steps = this.#deps.steps.take();
    if (steps.length > 0) for (const step of steps) this.#step(step, now);
    if (this.#budget.hasLeftOut && this.#budget.isOver(now)) this.#writeLeftOut();
  }

  /** An attempt of the task begins at `now` (ms). */
  started(task: BriefTask, now: number): void {
    const { retryCount: attempt } = task.progress;
    const lateness = Math.max(0, now - task.due) / 1000;
    this.#tell({ ...event("started", now, task.name), attempt: attempt + 1, lateness }, task);
  }

  /** An attempt that began at `startedAt` had no answer by its deadline (ms). */
  cutOff(task: BriefTask, startedAt: number, now: number): void {
    const attempt = task.progress.retryCount + 1;
    const runTime = (now - startedAt) / 1000;
    this.#tell({ ...event("cut_off", now, task.name), attempt, runTime }, task);
  }

  /** What was done to the queue as a whole; the log hears of it where it is said who did it. */
  did(kind: QueueEventKind): void {
    if (this.followers?.any) this.followers.tell(event(kind, this.#deps.now()));
  }

  /** A deploy changed, or resumed, the queue. */
  deployed(kind: string, changes: string | undefined): void {
    this.did(kind === "resumed" ? "resumed" : "defined");
    const { name: queue } = this.#deps.definition.config;
    const line = `queue "${queue}" was ${kind} by a deploy`;
    writeLine("info", kind, line, { queue, by: "deploy", changes });
  }

  #listen(): void {
    const all = this.followers?.any ?? false;
    this.hearsStarts = all || writes("debug");
    this.hearsCutOffs = all || writes("warn");
    this.#deps.steps.hears = all ? ALL : heardByLog();
  }

  #step(step: TaskStep, now: number): void {
    if (step.kind === "purged") {
      const { count } = step;
      if (this.followers?.any) this.followers.tell({ ...event("purged", now), count });
      return;
    }
    const { kind, task, progress = task.progress, due } = step;
    const isPull = this.#deps.definition.config.mode === "pull";
    const told: QueueEvent = {
      ...event(kind, now, task.name),
      ...ofAttempt(kind, progress, isPull),
    };
    if (due !== undefined && kind === "retried") told.nextAttemptAt = rfc3339(due);
    this.#tell(told, task);
  }

  #tell(told: QueueEvent, task: BriefTask): void {
    if (this.followers?.any) this.followers.tell(told);
    const level = LEVELS[told.event];
    if (level === undefined || !writes(level)) return;
    if (BOUNDED.has(told.event) && !this.#mayWrite(told.event)) return;
    this.#write(level, told, task);
  }

  #mayWrite(kind: QueueEventKind): boolean {
    const now = this.#deps.now();
    if (this.#budget.hasLeftOut && this.#budget.isOver(now)) this.#writeLeftOut();
    const isFirst = !this.#budget.hasLeftOut;
    if (this.#budget.spend(kind, now)) return true;
    if (isFirst) setTimeout(() => this.#writeLeftOut(), FLUSH_MS);
    return false;
  }

  #writeLeftOut(): void {
    if (!this.#budget.hasLeftOut) return;
    const leftOut = this.#budget.take();
    const { name: queue } = this.#deps.definition.config;
    const level = LEVELS[mostUrgent(leftOut)] as LogLevel;
    const counts = Object.entries(leftOut).map(([kind, n]) => `${n} ${kind}`);
    const line = `more on "${queue}" within a second, without lines of their own: ${counts.join(", ")}`;
    writeLine(level, "more", line, { queue, ...leftOut });
  }

  #write(level: LogLevel, told: QueueEvent, task: BriefTask): void {
    const { name: queue, failedQueue } = this.#deps.definition.config;
    const { event: kind, at: _, ...fields } = told;
    const { key, group, url } = task.spec;
    const line = { queue, ...fields, key, group: group?.name, url: urlHead(url) };
    const more = kind === "failed" ? { ...line, deadLetterQueue: failedQueue } : line;
    writeLine(level, kind, messageOf(told, queue), more as LogFields);
  }
}

function heardByLog(): Hears {
  const kinds = Object.entries(LEVELS).filter(([, level]) => writes(level));
  return Object.fromEntries(kinds.map(([kind]) => [kind, true]));
}

function event(kind: QueueEventKind, now: number, task?: string): QueueEvent {
  const at = rfc3339(now);
  return task === undefined ? { event: kind, at } : { event: kind, at, task };
}

/** What its last attempt was, of an event that an attempt or a lease led to. */
function ofAttempt(
  kind: TaskStep["kind"],
  { attempts, retryCount }: Progress,
  isPull: boolean,
): Partial<QueueEvent> {
  if (kind === "added" || kind === "redriven" || kind === "expired") return {};
  if (kind === "leased") return { attempt: retryCount };
  const last = attempts.at(-1);
  // The count has the attempt in it where the task is tried again, or was leased.
  const attempt = isPull || kind === "retried" ? retryCount : retryCount + 1;
  if (kind === "deleted") return retryCount > 0 ? { attempt: retryCount } : {};
  return { attempt, ...(last && endOf(last)) };
}

function endOf({ startedAt, endedAt, status, error }: EndedAttempt): Partial<QueueEvent> {
  return {
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error: error.slice(0, ERROR_HEAD) }),
    runTime: (endedAt - startedAt) / 1000,
  };
}

// What is behind a question mark can be a payload. A path elsewhere can be a secret: of another server its origin alone.
function urlHead(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  return url.startsWith("/") ? url.replace(/[?#].*$/s, "") : URL.parse(url)?.origin;
}

const WORDS: { readonly [Kind in QueueEventKind]?: string } = {
  failed: "is given up",
  retried: "is tried again",
  cut_off: "was cut off by its deadline",
  expired: "expired before it was started",
  redriven: "is back on its queue",
  added: "was added",
  started: "was started",
  leased: "was leased",
  done: "is done",
  deleted: "was deleted",
};

function messageOf({ event: kind, task, attempt, status, error }: QueueEvent, queue: string) {
  const after = kind === "failed" && attempt !== undefined ? ` after attempt ${attempt}` : "";
  const what = [status, error].filter((part) => part !== undefined && part !== "").join(" ");
  return `task "${task}" on "${queue}" ${WORDS[kind]}${after}${what && `: ${what}`}`;
}

function mostUrgent(leftOut: LeftOut): QueueEventKind {
  const kinds = Object.keys(LEVELS) as QueueEventKind[];
  return kinds.find((kind) => leftOut[kind] !== undefined) as QueueEventKind;
}
