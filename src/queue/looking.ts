// Reading a queue without changing it: one task, a page of tasks, the queue itself.
import { wholeTokens } from "../core/bucket.ts";
import { type Answer, invalid, refuse } from "../core/errors.ts";
import { isLeased } from "../core/lease.ts";
import { checkLimit, PAGE } from "../core/page.ts";
import { resultView } from "../core/result.ts";
import { NO_PROGRESS, type Task, type TaskState } from "../core/task.ts";
import { rfc3339, taskView, tombstoneView } from "../core/task-view.ts";
import { firstKeyOf, lastKeyOf } from "../store/key.ts";
import type { NameRow } from "../store/names.ts";
import type { TaskRow } from "../store/tasks.ts";
import type { Entry } from "./entry.ts";
import type { Queue } from "./queue.ts";
import type { ListQuery, QueueView, TaskPage } from "./verbs.ts";

/** A queue with what it takes to show it. */
export interface Shown {
  queue: Queue;
  entry: Entry;
  /** ms since 1970 */
  now: number;
}

export function getTask({ queue, entry, now }: Shown, name: string): Answer<Task> {
  const { config } = entry;
  const found = queue.store.find(name, now);
  if (!found) {
    return refuse("UNKNOWN_TASK", `name: the queue "${config.name}" has no task "${name}"`);
  }
  if (found.kind === "live") {
    return { ok: taskView(config.name, stateOf(queue, found.task, now), found.task) };
  }
  const tombstone = tombstoneOf(config.name, found.row, now);
  if (found.kind === "ended") return { ok: { ...tombstone, ...resultOf(queue, found.row) } };
  const { endedAt, expiresAt } = tombstone;
  return { ok: { ...taskView(config.name, "failed", found.task), endedAt, expiresAt } };
}

function resultOf({ store }: Queue, { name, state, key }: NameRow): object {
  const result = state === "done" && key !== null ? store.results.at(key, name) : undefined;
  return result ? resultView(result) : {};
}

/** What the row of a name whose task has ended remembers of it. */
export function tombstoneOf(queue: string, row: NameRow, now: number): Task {
  const { name, state, expires, record } = row;
  const ended = { createdAt: now, endedAt: now, progress: NO_PROGRESS, ...record };
  return tombstoneView(queue, name, state as TaskState, { ...ended, expires: expires ?? now });
}

export function stateOf(queue: Queue, task: TaskRow, now: number): TaskState {
  if (queue.isRunning(task)) return "running";
  if (isLeased(task, now)) return "leased";
  return task.due > now ? "scheduled" : "due";
}

const LIVE: readonly TaskState[] = ["scheduled", "due", "running", "leased"];
const LISTED: readonly TaskState[] = [...LIVE, "failed"];
/** Rows one page may look at to find those the filters let through. */
const SCAN = 5000;

export function listTasks(shown: Shown, query: ListQuery): Answer<TaskPage> {
  const { state, prefix = "", limit = PAGE.default } = query;
  if (state !== undefined && !LISTED.includes(state)) {
    return invalid("state", state, LISTED.join(", "));
  }
  const refusal = checkLimit(limit);
  if (refusal) return refusal;
  const after = query.cursor === undefined ? -1 : Number.parseInt(query.cursor, 36);
  if (Number.isNaN(after)) return invalid("cursor", query.cursor, "a cursor this API gave out");
  const rows = rowsOf(shown, state, after);
  const isWanted = (task: TaskRow) => matches(shown, task, state, prefix);
  const wanted = rows.filter(isWanted).slice(0, limit);
  const tasks = wanted.map((task) =>
    taskView(
      shown.entry.config.name,
      state === "failed" ? state : stateOf(shown.queue, task, shown.now),
      task,
    ),
  );
  const last =
    wanted.length === limit ? wanted.at(-1) : rows.length === SCAN ? rows.at(-1) : undefined;
  return { ok: last ? { tasks, cursor: last.key.toString(36) } : { tasks } };
}

function rowsOf({ queue, now }: Shown, state: TaskState | undefined, after: number): TaskRow[] {
  if (state === "failed") return queue.store.failed.list(after, SCAN);
  const from = state === "scheduled" ? Math.max(after, lastKeyOf(now)) : after;
  const isPast = state === "due" || state === "running" || state === "leased";
  const upTo = isPast ? lastKeyOf(now) : firstKeyOf(Number.MAX_SAFE_INTEGER);
  return queue.store.tasks.list(from, upTo, SCAN);
}

function matches(
  { queue, now }: Shown,
  task: TaskRow,
  state: TaskState | undefined,
  prefix: string,
): boolean {
  if (!task.name.startsWith(prefix)) return false;
  return state === undefined || state === "failed" || stateOf(queue, task, now) === state;
}

export function queueView({ queue, entry, now }: Shown): QueueView {
  const { config } = entry;
  const { name, mode, bucketSize, maxConcurrentRequests, retry } = config;
  return {
    name,
    mode,
    state: entry.isDefined
      ? queue.paused || (mode === "push" && config.rate === 0)
        ? "paused"
        : "running"
      : "disabled",
    rate: config.rateText,
    bucketSize,
    maxConcurrentRequests,
    ...(config.target === undefined ? {} : { target: config.target }),
    retryParameters: {
      ...(retry.limit === undefined ? {} : { taskRetryLimit: retry.limit }),
      ...(retry.ageLimit === undefined ? {} : { taskAgeLimit: retry.ageLimit }),
      minBackoffSeconds: retry.minBackoff,
      maxBackoffSeconds: retry.maxBackoff,
      maxDoublings: retry.maxDoublings,
    },
    acl: config.acl,
    extensions: {
      tombstoneTtl: config.tombstoneTtl,
      keepFailed: config.keepFailed,
      ...(config.keepResults && { keepResults: true }),
      ...(config.failedQueue && { failedQueue: config.failedQueue }),
    },
    statistics: statisticsView(queue, now),
  };
}

function statisticsView(queue: Queue, now: number): QueueView["statistics"] {
  const oldest = queue.store.tasks.oldestDue();
  const tokens = queue.tokens();
  return {
    tasks: queue.statistics.tasks,
    failed: queue.store.failed.count(),
    oldestEta: oldest === undefined ? null : rfc3339(oldest),
    executedLastMinute: queue.statistics.executedLastMinute(now),
    inFlight: queue.running + (queue.leasing?.table.leasedAt(now) ?? 0),
    enforcedRate: tokens ? tokens.shape.rate : null,
    tokens: tokens ? wholeTokens(tokens.level) : null,
  };
}
