// What happened on the queues since the last reset: tasks that were added, and attempts that have ended.
import type { CronTask } from "../core/config/cron-task.ts";
import type { Answer } from "../core/errors.ts";
import type { AddCall, Added } from "../core/task/calls.ts";
import type { NewTask, Outcome, Task } from "../core/task/task.ts";
import type { Delivery } from "../objects/delivery/delivery.ts";
import { fromWire, type WireOutcome } from "../objects/delivery/outcome.ts";
import type { BatchCall } from "../objects/rpc.ts";

/** A task as it was added, with what the queue made of it. */
export interface AddedTask extends NewTask {
  queue: string;
  /** When; RFC 3339 UTC. */
  at: string;
  /** The group it is a subtask of, or whose `then` it is. */
  group?: string;
  /** The entry of cron.yaml whose task it is. */
  cron?: string;
}

/** An attempt that has ended. */
export interface TaskAttempt {
  queue: string;
  /** The task's. */
  name: string;
  url?: string;
  method?: string;
  params?: Record<string, string | string[]>;
  payload?: unknown;
  group?: string;
  cron?: string;
  /** Attempts before this one. */
  retryCount: number;
  /** When it began; RFC 3339 UTC. */
  at: string;
  /** Whether the handler answered with a 2xx. */
  ok: boolean;
  /** Absent when the handler did not answer. */
  status?: number;
  error?: string;
}

/** What the calls that add tasks are given, and what they answer. */
export type AddingCall =
  | { method: "add"; given: readonly AddCall[]; answer: Answer<Added[]>[] }
  | { method: "addCronTasks"; given: readonly CronTask[]; answer: Answer<Answer<Task>[]> }
  | { method: "addDeadLetters"; given: readonly NewTask[]; answer: Answer<Answer<Task>[]> }
  | { method: "acceptBatch"; given: BatchCall; answer: Answer<{ index?: number }[]> };

type FoundTask = Omit<AddedTask, "queue" | "at">;

export function addedBy(call: AddingCall): FoundTask[] {
  if (call.method === "add") return call.given.flatMap((one, i) => addedOf(one, call.answer[i]));
  if (!call.answer.ok) return [];
  if (call.method === "acceptBatch") return batchOf(call.given);
  const { ok } = call.answer;
  if (call.method === "addDeadLetters") return call.given.filter((_, i) => ok[i]?.ok);
  const added = call.given.filter((_, i) => ok[i]?.ok);
  return added.map(({ entry, task }) => ({ ...task, cron: entry }));
}

function addedOf({ tasks }: AddCall, answer: Answer<Added[]> | undefined): FoundTask[] {
  return (answer?.ok ?? []).flatMap((added, i) =>
    nameOf(added).map((name) => ({ ...(tasks[i] as NewTask), name })),
  );
}

/** Of a task that was added, which one that was there was not. */
function nameOf(added: Added): string[] {
  if (added.error) return [];
  if (!("task" in added)) return [added.name];
  const { name, outcome } = added.task;
  return outcome === "kept" || outcome === "throttled" ? [] : [name];
}

function batchOf({ group, tasks }: BatchCall): FoundTask[] {
  return tasks.map((task) => ({ ...task, group }));
}

/** An attempt as it begins. */
export function attemptOf(delivery: Delivery, now: number): Omit<TaskAttempt, "ok"> {
  const { queue, name, spec, progress } = delivery;
  return {
    queue,
    name,
    ...(spec?.url === undefined ? {} : { url: spec.url }),
    ...(spec?.method === undefined ? {} : { method: spec.method }),
    ...(spec?.group === undefined ? {} : { group: spec.group.name }),
    ...(spec?.cron === undefined ? {} : { cron: spec.cron }),
    ...contentOf(delivery),
    retryCount: progress?.retryCount ?? 0,
    at: new Date(now).toISOString(),
  };
}

export function endOf(wire: WireOutcome): Pick<TaskAttempt, "ok" | "status" | "error"> {
  const outcome: Outcome = fromWire(wire);
  const error = outcome.error === undefined ? {} : { error: outcome.error };
  if (outcome.kind !== "answered") return { ok: false, ...error };
  const { status } = outcome;
  return { ok: status >= 200 && status <= 299, status, ...error };
}

function contentOf({ body, spec }: Delivery): Pick<TaskAttempt, "params" | "payload"> {
  if (spec?.kind === "params" || spec?.query !== undefined) {
    return { params: fieldsOf(spec.query ?? String(body)) };
  }
  if (body === undefined) return {};
  return { payload: spec?.kind === "json" ? JSON.parse(String(body)) : body };
}

function fieldsOf(form: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  const params = new URLSearchParams(form);
  for (const key of params.keys()) {
    const values = params.getAll(key);
    fields[key] = values.length === 1 ? (values[0] as string) : values;
  }
  return fields;
}

export class TestLog {
  readonly added: AddedTask[] = [];
  readonly attempts: TaskAttempt[] = [];

  /** What the object of a queue of several shards is given it hands on to one: two answers are of one task. */
  add(task: AddedTask, isSharded: boolean): void {
    const isSame = ({ queue, name, at }: AddedTask) =>
      queue === task.queue && name === task.name && at === task.at;
    if (!isSharded || !this.added.some(isSame)) this.added.push(task);
  }

  clear(): void {
    this.added.length = 0;
    this.attempts.length = 0;
  }
}
