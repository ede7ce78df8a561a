// What a handler reads: the task in the request it was given.
import { fromUtf8 } from "../bytes.ts";
import { FORM, mediaTypeOf, textBody } from "../content-type.ts";
import { BATCH_HEADER } from "./batch-answer.ts";
import { GROUP_HEADER } from "./group.ts";
import type { PayloadOf, QueueName, TypedQueues } from "./typed-task.ts";

/** A task as its handler sees it. */
export interface PushedTask<P = unknown> {
  queue: string;
  name: string;
  /** Attempts before this one; 0 on the first. */
  retryCount: number;
  /** Of those, the ones a handler answered. */
  executionCount: number;
  /** When this attempt was due. */
  eta: Date;
  /** The status the last answered attempt gave. */
  previousResponse: number | undefined;
  /** The params it was added with. */
  params: URLSearchParams;
  /** The payload: a JSON value, a string, or bytes, as it was added; undefined with params or nothing. */
  payload: P;
  headers: Headers;
  /** The group it is a subtask of, or whose `then` it is. */
  group: string | undefined;
  /** Aborts when the attempt is cut off: its deadline has passed, or the queue went away. */
  signal: AbortSignal;
}

/**
 * Reads the task out of a handler's request. Throws when the request is not one the queue made. Whether it has a
 * payload, and which, is the caller's word: `readTask<typeof queues, "mail">` takes the queue's.
 */
export function readTask<P = unknown>(request: Request): Promise<PushedTask<P | undefined>>;
export function readTask<Queues extends TypedQueues, Name extends QueueName<Queues>>(
  request: Request,
): Promise<PushedTask<PayloadOf<Queues, Name>>>;
export async function readTask(request: Request): Promise<PushedTask> {
  const { headers, signal } = request;
  const prefix = headers.has("X-CloudTasks-QueueName") ? "X-CloudTasks-" : "X-AppEngine-";
  const header = (field: string) => headers.get(prefix + field);
  const queue = header("QueueName");
  const name = header("TaskName");
  if (headers.has(BATCH_HEADER)) {
    throw new Error(
      "readTask: the request is of a batch of tasks, expected to be read by readBatch",
    );
  }
  if (queue === null || name === null) {
    throw new Error("readTask: the request is not of a task; only those a queue sends are");
  }
  const previous = header("TaskPreviousResponse");
  return {
    queue,
    name,
    retryCount: Number(header("TaskRetryCount")),
    executionCount: Number(header("TaskExecutionCount")),
    eta: new Date(Number(header("TaskETA")) * 1000),
    previousResponse: previous === null ? undefined : Number(previous),
    group: headers.get(GROUP_HEADER) ?? undefined,
    ...((await contentOf(request)) as { params: URLSearchParams; payload: unknown }),
    headers,
    signal,
  };
}

async function contentOf(request: Request): Promise<{ params: URLSearchParams; payload: unknown }> {
  const contentType = request.headers.get("Content-Type");
  const type = mediaTypeOf(contentType);
  const query = new URL(request.url).searchParams;
  if (type === FORM) {
    // Not request.text(): the runtime warns of it on a form, which it does not take for text.
    return {
      params: new URLSearchParams(fromUtf8(await request.arrayBuffer())),
      payload: undefined,
    };
  }
  if (type === "application/json") return { params: query, payload: await request.json() };
  if (type === "") return { params: query, payload: undefined };
  const bytes = new Uint8Array(await request.arrayBuffer());
  return { params: query, payload: textBody(bytes, contentType) ?? bytes };
}
