// Reading a queue without changing it: one task, a page of tasks, the queue itself.
import { keysView } from "../../../core/config/keys-config.ts";
import { type Answer, refuse } from "../../../core/errors.ts";
import { PAGE } from "../../../core/limits.ts";
import { behind, comparePlaces, LAST_NAME } from "../../../core/list-place.ts";
import type { HistorySpan, QueueHistory } from "../../../core/metrics/history.ts";
import {
  type AtRest,
  entryMark,
  holdsUntil,
  isOfFigures,
  type QueueReport,
  type ReportReader,
} from "../../../core/metrics/queue-report.ts";
import type { QueueView } from "../../../core/metrics/queue-view.ts";
import type { LimitState, SharedLimit } from "../../../core/sharding/limit.ts";
import type { ListQuery, TaskPage } from "../../../core/task/calls.ts";
import { endedState } from "../../../core/task/expiry.ts";
import { checkListQuery, PAGE_BYTES, startOf, taskCursor } from "../../../core/task/listing.ts";
import { resultView } from "../../../core/task/result.ts";
import { isSearch } from "../../../core/task/search.ts";
import { type EndedTask, NO_PROGRESS, type Task, type TaskState } from "../../../core/task/task.ts";
import { rfc3339, runningView, taskView, tombstoneView } from "../../../core/task/task-view.ts";
import { type DispatchState, whyNotRunning } from "../../../core/task/why.ts";
import type { NameRow } from "../../../store/queue/names.ts";
import { dueOf, isExpedited, LAST_SCHEDULED_KEY, lastKeyOf } from "../../../store/queue/row-key.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { ListPart, PartAsk } from "../../shard-part.ts";
import type { PartRows, QueueContext } from "../context/context.ts";
import { statisticsView } from "./statistics-view.ts";

export function getTask(queue: QueueContext, name: string): Answer<Task> {
  const now = queue.now();
  const found = queue.store.find(name, now);
  if (!found) {
    return refuse("UNKNOWN_TASK", `name: the queue "${queue.name}" has no task "${name}"`);
  }
  if (found.kind === "live") return { ok: liveView(queue, found.task, dispatchOf(queue), now) };
  const tombstone = tombstoneOf(queue.name, found.row, now);
  if (found.kind === "ended") return { ok: { ...tombstone, ...resultOf(queue, found.row) } };
  const { endedAt, expiresAt } = tombstone;
  return { ok: { ...keptView(queue.name, tombstone.state, found.task), endedAt, expiresAt } };
}

/** A task that has failed or expired. Its record lies at the time when it goes; its name may stay taken for longer. */
function keptView(queue: string, state: TaskState, task: TaskRow): Task {
  return { ...taskView(queue, state, task), keptUntil: rfc3339(dueOf(task.key)) };
}

function resultOf({ store }: QueueContext, row: NameRow): object {
  const result = store.resultOf(row);
  return result ? resultView(result) : {};
}

/** What the row of a name whose task has ended remembers of it. */
export function tombstoneOf(queue: string, row: NameRow, now: number): EndedTask {
  const { name, expires, record } = row;
  const ended = { createdAt: now, endedAt: now, progress: NO_PROGRESS, ...record };
  const state = endedState(row.state as TaskState, ended.progress);
  return tombstoneView(queue, name, state, { ...ended, expires: expires ?? now });
}

function liveView(queue: QueueContext, task: TaskRow, dispatch: Dispatch, now: number): Task {
  const state = queue.stateOf(task, now);
  const view = taskView(queue.name, state, task);
  const ofKey = state === "due" ? dispatch.ofKey(task) : undefined;
  const around = isExpedited(task.key) ? unlimited(dispatch.state) : dispatch.state;
  const why = whyNotRunning(
    { ...task, expiresAt: queue.store.ruled.expiresAt(task) },
    state,
    now,
    ofKey ? { ...around, ofKey } : around,
  );
  const next = queue.store.ruled.successorOf(task);
  if (next) view.next = { createdAt: rfc3339(next.createdAt), eta: rfc3339(next.due) };
  const attempt = queue.push.attemptOf(task);
  if (attempt)
    view.running = runningView({
      due: task.due,
      startedAt: attempt.startedAt,
      batch: attempt.call?.size,
    });
  return why === undefined ? view : { ...view, why };
}

// An expedited task waits for a slot alone.
function unlimited(dispatch: DispatchState): DispatchState {
  const limits = dispatch.limits?.map(({ tokens: _, lacks: __, ...slots }) => slots);
  const bare = { ...dispatch, paused: false, rate: Number.POSITIVE_INFINITY };
  return { ...bare, bucket: undefined, batchWait: 0, ...(limits && { limits }) };
}

/** What can delay tasks, looked at once for all tasks of an answer. */
interface Dispatch {
  state: DispatchState;
  /** What the task waits for that others of its key have. */
  ofKey: (task: TaskRow) => string | undefined;
}

function dispatchOf(queue: QueueContext): Dispatch {
  const ofKey = queue.keys?.newWhy();
  return { state: dispatchStateOf(queue), ofKey: ofKey ?? (() => undefined) };
}

function dispatchStateOf({ definition, push, isPaused: paused }: QueueContext): DispatchState {
  const { config, isDefined } = definition;
  const { mode, rate, maxConcurrentRequests: maxRunning, retry, batch } = config;
  const { running, slots } = push;
  const [bucket, limits] = [push.tokens(), push.limits()];
  const numbers = { mode, rate, maxRunning, slots, retry, batchWait: batch?.wait };
  return { ...numbers, isDefined, paused, running, bucket, limits };
}

/** Rows one page may look at to find those the filters let through, and rows read at once. */
const SCAN = { most: 5000, first: 10, step: 100 };
/** Bodies of rows read at once. */
const STEP_BYTES = 4 * 1024 * 1024;

const NO_SEARCH = refuse(
  "INVALID_REQUEST",
  "text, header: left out of this Worker, expected doors: [api]",
);

export function listTasks(queue: QueueContext, query: ListQuery): Answer<TaskPage> {
  const refused =
    checkListQuery(query) ?? (isSearch(query) && !queue.search ? NO_SEARCH : undefined);
  if (refused) return refused;
  const start = startOf(queue.name, query);
  if (start.failure) return start;
  const { limit = PAGE.default } = query;
  const ask = { after: start.ok, limit, bytes: PAGE_BYTES, least: 1 };
  const { entries, upTo, scanned } = partOfList(queue, query, ask);
  const tasks = entries.map(({ task }) => task);
  const cursor = upTo && { cursor: taskCursor(queue.name, query, upTo) };
  return { ok: { tasks, ...(scanned && { scanned: scanned.length }), ...cursor } };
}

/** The tasks behind a place, as far as they are asked for. */
export function partOfList(queue: QueueContext, query: ListQuery, ask: PartAsk): ListPart {
  const found = isSearch(query) ? queue.search?.part(query, ask) : undefined;
  const { rows, upTo, isTired, scanned } = found ?? partRows(queue, query, ask);
  const dispatch = dispatchOf(queue);
  const now = queue.now();
  const entries = rows.map((row) => ({
    place: { key: row.key, name: row.name },
    size: sizeOf(row),
    task: isKept(query.state)
      ? keptView(queue.name, query.state, row)
      : liveView(queue, row, dispatch, now),
  }));
  return {
    entries,
    ...(upTo && { upTo }),
    ...(isTired && { isTired }),
    ...(scanned && { scanned }),
  };
}

// A part ends at the key of the last row looked at. A row stays at its key while its task does, so whatever
// comes and goes around it, a page goes on right behind the one before.
function partRows(
  queue: QueueContext,
  query: ListQuery,
  { after, limit, bytes, least }: PartAsk,
): PartRows {
  const found: TaskRow[] = [];
  // The row that the page before ended with may be one of several at its key.
  let key = after.name === LAST_NAME ? after.key : after.key - 1;
  let size = 0;
  let step = SCAN.first;
  for (let looked = 0; looked < SCAN.most; ) {
    const rows = rowsOf(queue, query.state, key, step);
    for (const row of rows) {
      if (comparePlaces(row, after) > 0 && matches(queue, row, query)) {
        size += sizeOf(row);
        if (size > bytes && found.length >= least)
          return { rows: found, upTo: behind(row.key - 1) };
        if (found.push(row) === limit) return { rows: found, upTo: behind(row.key) };
      }
      key = row.key;
    }
    if (rows.length < step) return { rows: found };
    looked += rows.length;
    step = nextStep(rows);
  }
  return { rows: found, upTo: behind(key), isTired: true };
}

export function sizeOf({ body }: TaskRow): number {
  return body?.length ?? 0;
}

/** As many rows as fit, if they are as large as the last ones. */
function nextStep(rows: readonly TaskRow[]): number {
  const average = rows.reduce((sum, row) => sum + sizeOf(row), 0) / rows.length;
  return Math.max(1, Math.min(SCAN.step, Math.floor(STEP_BYTES / Math.max(1, average))));
}

export function isKept(state: TaskState | undefined): state is "failed" | "expired" {
  return state === "failed" || state === "expired";
}

export function rowsOf(
  queue: QueueContext,
  state: TaskState | undefined,
  after: number,
  limit: number,
): TaskRow[] {
  const { failed, ruled } = queue.store;
  if (state === "failed") return failed.list(after, limit);
  if (state === "expired") return ruled.exist ? ruled.expired.list(after, limit) : [];
  const { from, upTo } = rangeOf(state, queue.now());
  return queue.store.tasks.list(Math.max(after, from), upTo, limit);
}

/** Where rows of tasks in this state lie. */
export function rangeOf(state: TaskState | undefined, now: number): { from: number; upTo: number } {
  if (state === "waiting") return { from: LAST_SCHEDULED_KEY, upTo: Number.MAX_SAFE_INTEGER };
  if (state === "scheduled") return { from: lastKeyOf(now), upTo: LAST_SCHEDULED_KEY };
  return { from: -1, upTo: state === undefined ? Number.MAX_SAFE_INTEGER : lastKeyOf(now) };
}

export function matches(
  queue: QueueContext,
  task: TaskRow,
  { state, tag, key, prefix = "" }: ListQuery,
): boolean {
  if (!task.name.startsWith(prefix)) return false;
  if (tag !== undefined && task.spec.tag !== tag) return false;
  if (key !== undefined && task.spec.key !== key) return false;
  return state === undefined || isKept(state) || queue.stateOf(task, queue.now()) === state;
}

export function historyOf(
  queue: QueueContext,
  span: HistorySpan,
  since = 0,
  tasks = queue.store.counts.tasks(queue.now()).tasks,
): QueueHistory {
  return queue.statistics.history.view(span, queue.now(), tasks, since);
}

/**
 * The state of the queue, and what is newer than `since` (ms) of its last quarter of an hour; `wakesAt`: when the
 * object wakes by itself (ms).
 */
export function reportOf(
  queue: QueueContext,
  since: number,
  wakesAt: number,
  reader?: ReportReader,
): QueueReport {
  const now = queue.now();
  const view = queueView(queue);
  const { tasks } = view.statistics;
  const history = historyOf(queue, "15m", 0, tasks);
  const { fileEntry } = queue.definition;
  const atRest = atRestOf(queue, wakesAt);
  const { totals } = queue.statistics;
  const scraped = isOfFigures(reader) ? totals?.report(view, atRest, reader) : undefined;
  const until = scraped?.isLate ? undefined : holdsUntil(view, atRest);
  return {
    ...{ now, view, history: since === 0 ? history : historyOf(queue, "15m", since, tasks) },
    ...(until !== undefined && { holdsUntil: until }),
    ...{ isActive: hasHappened(history), entry: entryMark(fileEntry) },
    ...scraped,
  };
}

/** What of its state is not in its view; `wakesAt`: when the object wakes by itself (ms). */
export function atRestOf(queue: QueueContext, wakesAt: number): AtRest {
  const now = queue.now();
  const { rate } = queue.definition.config;
  const limit = Number.isFinite(rate) ? rate : undefined;
  return { now, rate: limit, nextDue: nextDueOf(queue, now), wakesAt };
}

/** Whether there is any news of the queue: that its object started is none. */
export function hasHappened({ points, marks }: QueueHistory): boolean {
  return points.length > 0 || marks.some(({ kind }) => kind !== "started");
}

function nextDueOf({ store }: QueueContext, now: number): number | undefined {
  return store.tasks.list(lastKeyOf(now), LAST_SCHEDULED_KEY, 1)[0]?.due;
}

/** The view of the queue. A full count that it took is stored, so that the next start need not repeat it. */
export function queueView(queue: QueueContext): QueueView {
  const view = viewOf(queue);
  if (queue.store.counts.isUnstored) queue.commit.run(() => {});
  return view;
}

function limitsView(limits: readonly LimitState[]): Pick<QueueView, "limits"> {
  if (limits.length === 0) return {};
  return {
    limits: limits.map(({ name, rule, running, tokens }) => ({
      ...{ name, inFlight: running, tokens: tokens ?? null },
      ...(rule && ruleView(rule)),
    })),
  };
}

function ruleView({ rate, rateText, bucketSize, maxConcurrentRequests: most }: SharedLimit) {
  return {
    ...(Number.isFinite(rate) && { rate: rateText, bucketSize }),
    ...(Number.isFinite(most) && { maxConcurrentRequests: most }),
  };
}

function viewOf(queue: QueueContext): QueueView {
  const { config, isDefined } = queue.definition;
  const { name, mode, bucketSize, maxConcurrentRequests, retry } = config;
  const purgedAt = queue.store.meta.get("purgedAt");
  return {
    name,
    mode,
    state: isDefined
      ? queue.isPaused || (mode === "push" && config.rate === 0)
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
      ...(config.batch && { batch: config.batch }),
      ...(config.failedQueue && { failedQueue: config.failedQueue }),
      ...(config.keys && { keys: keysView(config.keys) }),
      ...(config.shards && { shards: config.shards }),
      ...(config.location && { location: config.location }),
      ...(config.limits && { limits: config.limits }),
      ...(config.annotations && { annotations: config.annotations }),
    },
    ...limitsView(queue.push.limits()),
    ...(config.alerts && queue.alerts && { alerts: queue.alerts.views() }),
    ...(queue.resharding && { resharding: queue.resharding }),
    ...(purgedAt !== undefined && { purgedAt: rfc3339(purgedAt) }),
    statistics: statisticsView(queue, queue.now()),
  };
}
