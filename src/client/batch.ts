// What a handler reads where its queue hands on batches: the tasks of its request, and a way to answer for each.
import { fromBase64 } from "../core/bytes.ts";
import { BATCH_HEADER, type BatchResult } from "../core/task/batch-answer.ts";
import { failureResponse, RETRY_HEADER } from "../core/task/failures.ts";
import { GROUP_HEADER } from "../core/task/group.ts";
import { type PushedTask, readTask } from "../core/task/read-task.ts";
import type { Params } from "../core/task/task.ts";
import type { PayloadOf, QueueName, TypedQueues } from "../core/task/typed-task.ts";
import { logFailure } from "../objects/delivery/failure-log.ts";

/** The tasks that one call of a handler has. */
export interface TaskBatch<P = unknown> {
  queue: string;
  /** Those that were due first come first. */
  tasks: PushedTask<P>[];
  headers: Headers;
  /** Aborts when the call is cut off: the deadline of its tasks has passed, or the queue went away. */
  signal: AbortSignal;
  /**
   * Handles each task by itself, all at once, and answers for each: what `handle` returns is the task's result, and
   * what it throws fails that task alone, as it would in a call of its own.
   */
  each(handle: (task: PushedTask<P>) => unknown): Promise<Response>;
  /** Answers with a result for each task. One that is left out is tried again. */
  answer(results: readonly BatchResult[]): Response;
}

/** A task in the body of a batch. */
interface BatchEntry {
  name: string;
  retryCount: number;
  executionCount: number;
  eta: string;
  headers: Record<string, string | string[]>;
  params?: Params;
  payload?: unknown;
  payloadBase64?: string;
}

/**
 * Reads the tasks out of a handler's request, of a task that came by itself too. Throws when the request is not one the
 * queue made. What payloads they have is the caller's word: `readBatch<typeof queues, "mail">` takes the queue's.
 */
export function readBatch<P = unknown>(request: Request): Promise<TaskBatch<P | undefined>>;
export function readBatch<Queues extends TypedQueues, Name extends QueueName<Queues>>(
  request: Request,
): Promise<TaskBatch<PayloadOf<Queues, Name>>>;
export async function readBatch(request: Request): Promise<TaskBatch> {
  if (!request.headers.has(BATCH_HEADER))
    return batchOf(request, [await readTask(request)], single);
  const { tasks } = (await request.json()) as { tasks: BatchEntry[] };
  return batchOf(
    request,
    tasks.map((entry) => taskOf(entry, request)),
    (results) => Response.json({ results }),
  );
}

function batchOf(
  { headers, signal }: Request,
  tasks: PushedTask[],
  answer: TaskBatch["answer"],
): TaskBatch {
  return {
    ...{ queue: queueIn(headers), tasks, headers, signal, answer },
    each: async (handle) => answer(await Promise.all(tasks.map((task) => resultOf(task, handle)))),
  };
}

function queueIn(headers: Headers): string {
  return headers.get("X-AppEngine-QueueName") ?? headers.get("X-CloudTasks-QueueName") ?? "";
}

function taskOf(
  { name, retryCount, executionCount, eta, params, payload, payloadBase64, ...entry }: BatchEntry,
  { headers: ofBatch, signal }: Request,
): PushedTask {
  const headers = new Headers();
  for (const [header, values] of Object.entries(entry.headers))
    for (const value of [values].flat()) headers.append(header, latin1(value));
  const previous = headers.get("X-AppEngine-TaskPreviousResponse");
  return {
    ...{ queue: queueIn(ofBatch), name, retryCount, executionCount, eta: new Date(eta) },
    previousResponse: previous === null ? undefined : Number(previous),
    params: fieldsOf(params),
    payload: payloadBase64 === undefined ? payload : fromBase64(payloadBase64),
    ...{ headers, group: headers.get(GROUP_HEADER) ?? undefined, signal },
  };
}

function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e\xa0-\xff]/g, " ");
}

function fieldsOf(params: Params = {}): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [field, values] of Object.entries(params))
    for (const value of [values].flat()) fields.append(field, value);
  return fields;
}

async function resultOf(
  task: PushedTask,
  handle: (task: PushedTask) => unknown,
): Promise<BatchResult> {
  const { name, queue } = task;
  try {
    const value = await handle(task);
    if (value instanceof Response) return ofAnswer(name, value);
    return value === undefined ? { name, status: 204 } : { name, status: 200, result: value };
  } catch (error) {
    logFailure(`task "${name}" on "${queue}"`, error);
    const answer = failureResponse(error);
    return answer ? ofAnswer(name, answer) : { name, status: 500, error: String(error) };
  }
}

/** What a call of its own would have been answered with. */
async function ofAnswer(name: string, answer: Response): Promise<BatchResult> {
  const { status, ok, headers } = answer;
  const text = await answer.text();
  if (ok) return text === "" ? { name, status } : { name, status, result: text };
  return {
    ...{ name, status, error: text },
    retryAfter: headers.get("Retry-After") ?? undefined,
    ...(headers.get(RETRY_HEADER)?.toLowerCase() === "no" ? { retry: false } : {}),
  };
}

/** The answer to a task that came by itself. */
function single([given]: readonly BatchResult[]): Response {
  const { status, retryAfter, retry, error, result } = given ?? NO_RESULT;
  const isOk = status >= 200 && status <= 299;
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set("Retry-After", `${retryAfter}`);
  if (retry === false) headers.set(RETRY_HEADER, "no");
  // Some statuses go without a body.
  if (isOk && result !== undefined) return Response.json(result, { headers });
  return new Response(isOk || status === 304 ? null : (error ?? null), { status, headers });
}

const NO_RESULT = { name: "", status: 500, error: "no result of the task" } as BatchResult;
