// A stored task -> the task as the API and the TypeScript client return it.
import { toBase64 } from "../bytes.ts";
import { tokenOf } from "./lease.ts";
import {
  type Attempt,
  type AttemptView,
  type EndedTask,
  isTimed,
  type Params,
  type RunningView,
  type StoredTask,
  type Task,
  type TaskSpec,
  type TaskState,
} from "./task.ts";

// Those of a batch are mostly the same.
let lastTime = { ms: Number.NaN, text: "" };

/** Milliseconds since 1970 as RFC 3339 UTC. */
export function rfc3339(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}

/** A task on the queue, or a failed one that is kept. */
export function taskView(queue: string, state: TaskState, task: StoredTask): Task {
  return { ...taskHead(queue, state, task), ...contentView(task) };
}

/** The same without params and payload: what an add answers with, sending no body back. */
export function taskHead(
  queue: string,
  state: TaskState,
  task: Omit<StoredTask, "body" | "named">,
): Task {
  const { name, spec, createdAt, due, progress, lease } = task;
  const eta = rfc3339(lease ?? due);
  const token = state === "leased" ? tokenOf(task) : undefined;
  return {
    queue,
    name,
    state,
    ...specView(spec),
    createdAt: createdAt === (lease ?? due) ? eta : rfc3339(createdAt),
    eta,
    ...countsView(progress),
    ...(isTimed(state) ? { nextAttemptAt: eta } : {}),
    ...(spec.group ? { group: spec.group.name } : {}),
    ...(token === undefined ? {} : { lease: token, leaseExpiresAt: eta }),
  };
}

/** An attempt under way, which is in memory alone; times in ms since 1970. */
export function runningView({
  due,
  startedAt,
  batch,
}: {
  due: number;
  startedAt: number;
  batch?: number | undefined;
}): RunningView {
  const times = { dueAt: rfc3339(due), startedAt: rfc3339(startedAt) };
  return batch === undefined ? times : { ...times, batch };
}

/** A name's tombstone, as the task it was; times in ms since 1970. */
export function tombstoneView(
  queue: string,
  name: string,
  state: TaskState,
  ended: { createdAt: number; endedAt: number; expires: number; progress: StoredTask["progress"] },
): EndedTask {
  return {
    queue,
    name,
    state,
    createdAt: rfc3339(ended.createdAt),
    ...countsView(ended.progress),
    endedAt: rfc3339(ended.endedAt),
    expiresAt: rfc3339(ended.expires),
  };
}

type Counts = Pick<Task, "waitsFor" | "retryCount" | "executionCount" | "lastAttempt" | "attempts">;

function countsView(progress: StoredTask["progress"]): Counts {
  const { retryCount, executionCount, waitsFor, attempts } = progress;
  const counts = { retryCount, executionCount, ...(waitsFor ? { waitsFor } : {}) };
  const last = attempts.at(-1);
  if (!last) return counts;
  return { ...counts, lastAttempt: attemptView(last), attempts: attempts.map(attemptView) };
}

function attemptView({ dueAt, startedAt, endedAt, ...rest }: Attempt): AttemptView {
  const due = dueAt === undefined ? {} : { dueAt: rfc3339(dueAt) };
  return { ...due, startedAt: rfc3339(startedAt), endedAt: rfc3339(endedAt), ...rest };
}

function specView({
  kind: _,
  query: __,
  group: ___,
  since: ____,
  headers,
  ...rest
}: TaskSpec): Partial<Task> {
  if (!headers) return rest;
  // A map, for a header may be called "constructor".
  const grouped = new Map<string, string | string[]>();
  for (const [name, value] of headers) {
    const before = grouped.get(name);
    grouped.set(name, before === undefined ? value : [...[before].flat(), value]);
  }
  return { ...rest, headers: Object.fromEntries(grouped) };
}

function contentView({ spec, body }: StoredTask): Partial<Task> {
  const view: Partial<Task> = spec.query ? { params: paramsOf(spec.query) } : {};
  if (body === undefined) return view;
  if (typeof body !== "string") return { ...view, payloadBase64: toBase64(body) };
  if (spec.kind === "params") return { ...view, params: paramsOf(body) };
  return { ...view, payload: spec.kind === "json" ? JSON.parse(body) : body };
}

/** Form fields as they were given. */
export function paramsOf(encoded: string): Params {
  const form = new URLSearchParams(encoded);
  const single = (name: string): string | string[] => {
    const values = form.getAll(name);
    return values.length === 1 ? (values[0] as string) : values;
  };
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, single(name)]));
}
