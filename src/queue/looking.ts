// Reading a queue without changing it: one task, a page of tasks, the queue itself.
import { type Answer, invalid, type Refusal, refuse } from "../core/errors.ts";
import type { QueueConfig } from "../core/queue-config.ts";
import type { Task, TaskState } from "../core/task.ts";
import { taskView, tombstoneView } from "../core/task-view.ts";
import { type QueueStanding, whyNotRunning } from "../core/why.ts";
import { firstKeyOf, lastKeyOf } from "../store/key.ts";
import type { TaskRow } from "../store/tasks.ts";
import type { Queue } from "./queue.ts";
import { statisticsView } from "./statistics-view.ts";
import type { ListQuery, QueueView, TaskPage } from "./verbs.ts";

/** A queue with what it takes to show it. */
export interface Shown {
  queue: Queue;
  config: QueueConfig;
  inFile: boolean;
  /** ms since 1970 */
  now: number;
}

export function getTask(shown: Shown, name: string): Answer<Task> {
  const { queue, config, now } = shown;
  const found = queue.store.find(name, now);
  if (!found) {
    return refuse("UNKNOWN_TASK", `name: the queue "${config.name}" has no task "${name}"`);
  }
  if (found.kind === "live") return { ok: liveView(shown, found.task, standingOf(shown)) };
  const { state, expires, record } = found.row;
  const ended = {
    createdAt: now,
    endedAt: now,
    progress: noProgress,
    ...record,
    expires: expires ?? now,
  };
  const tombstone = tombstoneView(config.name, name, state as TaskState, ended);
  if (found.kind === "ended") return { ok: tombstone };
  const { endedAt, expiresAt } = tombstone;
  return { ok: { ...taskView(config.name, "failed", found.task), endedAt, expiresAt } };
}

const noProgress = { retryCount: 0, executionCount: 0, attempts: [] };

function stateOf(queue: Queue, task: TaskRow, now: number): TaskState {
  if (queue.isRunning(task)) return "running";
  return task.due > now ? "scheduled" : "due";
}

function liveView({ queue, config, now }: Shown, task: TaskRow, standing: QueueStanding): Task {
  const state = stateOf(queue, task, now);
  const view = taskView(config.name, state, task);
  const why = whyNotRunning(task, state, now, standing);
  return why === undefined ? view : { ...view, why };
}

function standingOf({ queue, config, inFile }: Shown): QueueStanding {
  const { mode, rate, maxConcurrentRequests: maxRunning, retry } = config;
  const { paused, running } = queue;
  return { mode, rate, maxRunning, retry, inFile, paused, running, bucket: queue.tokens() };
}

const LIVE: readonly TaskState[] = ["scheduled", "due", "running"];
const LISTED: readonly TaskState[] = [...LIVE, "failed"];
const LIMIT = { least: 1, most: 1000, default: 100 };
/** Rows one page may look at to find those the filters let through, and rows read at once. */
const SCAN = { most: 5000, step: 100 };

export function listTasks(shown: Shown, query: ListQuery): Answer<TaskPage> {
  const refused = checkQuery(query);
  if (refused) return refused;
  const { state, limit = LIMIT.default } = query;
  const after = query.cursor === undefined ? -1 : Number.parseInt(query.cursor, 36);
  if (Number.isNaN(after)) return invalid("cursor", query.cursor, "a cursor this API gave out");
  const { rows, cursor } = pageOf(shown, query, after, limit);
  const standing = standingOf(shown);
  const tasks = rows.map((task) =>
    state === "failed" ? taskView(shown.config.name, state, task) : liveView(shown, task, standing),
  );
  return { ok: cursor === undefined ? { tasks } : { tasks, cursor: cursor.toString(36) } };
}

function checkQuery(query: ListQuery): Refusal | undefined {
  const { state, limit = LIMIT.default } = query;
  if (state !== undefined && !LISTED.includes(state)) {
    return invalid("state", state, LISTED.join(", "));
  }
  for (const field of ["tag", "prefix"] as const) {
    const text = query[field];
    if (text !== undefined && typeof text !== "string") return invalid(field, text, "one text");
  }
  if (!Number.isInteger(limit) || limit < LIMIT.least || limit > LIMIT.most) {
    return invalid("limit", limit, `a whole number from ${LIMIT.least} to ${LIMIT.most}`);
  }
  return undefined;
}

// The cursor is the key of the last row looked at. A row stays at its key while its task does, so whatever
// comes and goes around it, a page goes on right behind the one before.
function pageOf(
  shown: Shown,
  query: ListQuery,
  after: number,
  limit: number,
): { rows: TaskRow[]; cursor?: number } {
  const found: TaskRow[] = [];
  let cursor = after;
  for (let looked = 0; looked < SCAN.most; looked += SCAN.step) {
    const rows = rowsOf(shown, query.state, cursor, SCAN.step);
    for (const row of rows) {
      cursor = row.key;
      if (matches(shown, row, query) && found.push(row) === limit) return { rows: found, cursor };
    }
    if (rows.length < SCAN.step) return { rows: found };
  }
  return { rows: found, cursor };
}

function rowsOf(
  { queue, now }: Shown,
  state: TaskState | undefined,
  after: number,
  limit: number,
): TaskRow[] {
  if (state === "failed") return queue.store.failed.list(after, limit);
  const from = state === "scheduled" ? Math.max(after, lastKeyOf(now)) : after;
  const isPast = state === "due" || state === "running";
  const upTo = isPast ? lastKeyOf(now) : firstKeyOf(Number.MAX_SAFE_INTEGER);
  return queue.store.tasks.list(from, upTo, limit);
}

function matches(
  { queue, now }: Shown,
  task: TaskRow,
  { state, tag, prefix = "" }: ListQuery,
): boolean {
  if (!task.name.startsWith(prefix)) return false;
  if (tag !== undefined && task.spec.tag !== tag) return false;
  return state === undefined || state === "failed" || stateOf(queue, task, now) === state;
}

export function queueView({ queue, config, inFile, now }: Shown): QueueView {
  const { name, mode, bucketSize, maxConcurrentRequests, retry } = config;
  return {
    name,
    mode,
    state: inFile
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
    extensions: { tombstoneTtl: config.tombstoneTtl, keepFailed: config.keepFailed },
    statistics: statisticsView(queue, now),
  };
}
