// Batch routes: many tasks in one request. The response is a google.longrunning operation that is already
// done.
import type { IRequest } from "itty-router";
import { BATCH_CREATE, BATCH_DELETE } from "../../core/cloud-tasks/messages.ts";
import { taskIdIn } from "../../core/cloud-tasks/names.ts";
import { newTaskOf } from "../../core/cloud-tasks/new-task.ts";
import type { CloudTask, View } from "../../core/cloud-tasks/resources.ts";
import {
  CloudTasksError,
  cloudError,
  invalidArgument,
  NOT_FOUND,
  STATUS,
} from "../../core/cloud-tasks/status.ts";
import { TaskQueueError } from "../../core/errors.ts";
import { json } from "../respond.ts";
import { type Call, locationOf, messageIn, queueOf, type RequestedQueue } from "./call.ts";
import { taskDefaultsOf } from "./task-defaults.ts";
import { taskFormatter } from "./task-response.ts";
import { add } from "./tasks.ts";

const MAX_SIZE = { create: 100, delete: 1000 } as const;
const TYPES = "type.googleapis.com/google.cloud.tasks.v2beta3";

interface BatchCreate {
  requests?: { parent?: string; task?: CloudTask; responseView?: View }[];
  requestId?: string;
}

/** Not atomic: failures are reported by index, and the other tasks are added. */
export async function batchCreate(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const { requests = [], requestId } = await messageIn<BatchCreate>(request, BATCH_CREATE);
  checkSize("requests", requests.length, MAX_SIZE.create);
  const config = await queue.handle.config();
  const defaults = taskDefaultsOf(queue, config, call);
  const results = await Promise.allSettled(
    requests.map(async ({ parent = queue.name, task = {}, responseView = "BASIC" }) => {
      if (parent !== queue.name) throw otherQueue(queue.name, parent);
      const added = await add(queue, newTaskOf(task, defaults), call);
      return taskFormatter(queue, config, responseView, call)(added);
    }),
  );
  const tasks = results.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
  const failed = failures(results.map((it) => (it.status === "rejected" ? it.reason : undefined)));
  const response = { "@type": `${TYPES}.BatchCreateTasksResponse`, tasks };
  return json(
    operation("Create", { request, queue, requestId, failed, done: tasks.length }, response),
  );
}

interface BatchDelete {
  names?: unknown;
  requestId?: string;
}

export async function batchDelete(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const { names, requestId } = await messageIn<BatchDelete>(request, BATCH_DELETE);
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw invalidArgument("BatchDeleteTasksRequest.names: expected a list of task names.");
  }
  checkSize("names", names.length, MAX_SIZE.delete);
  const ids = names.map((name) => taskIdIn(name, queue.name));
  const results = await deleteAll(queue, ids);
  const missing = new CloudTasksError("NOT_FOUND", NOT_FOUND);
  const failed = failures(results.map(({ deleted }) => (deleted ? undefined : missing)));
  const done = results.length - Object.keys(failed).length;
  const response = { "@type": "type.googleapis.com/google.protobuf.Empty", value: {} };
  return json(operation("Delete", { request, queue, requestId, failed, done }, response));
}

// A name that is there twice is deleted once, and is missing the second time.
async function deleteAll({ handle }: RequestedQueue, ids: readonly string[]) {
  const left = new Map((await handle.delete([...new Set(ids)])).map((it) => [it.name, it.deleted]));
  return ids.map((id) => {
    const deleted = left.get(id) ?? false;
    left.delete(id);
    return { deleted };
  });
}

function checkSize(field: string, size: number, max: number): void {
  if (size >= 1 && size <= max) return;
  throw invalidArgument(`${field}: found ${size}, expected 1 to ${max}.`);
}

function otherQueue(name: string, parent: string): CloudTasksError {
  return invalidArgument(`The parent '${parent}' must be the queue of the batch ('${name}').`);
}

function failures(errors: readonly unknown[]): Record<string, object> {
  const failed = errors.flatMap((error, index) => (error ? [[`${index}`, statusOf(error)]] : []));
  return Object.fromEntries(failed);
}

function statusOf(error: unknown): object {
  const known = error instanceof TaskQueueError ? cloudError(error) : error;
  if (!(known instanceof CloudTasksError)) throw error;
  const { details, message, status } = known;
  return { code: STATUS[status][0], message, ...(details.length > 0 && { details }) };
}

interface Batch {
  request: IRequest;
  queue: RequestedQueue;
  requestId: string | undefined;
  failed: Record<string, object>;
  done: number;
}

function operation(verb: "Create" | "Delete", batch: Batch, response: object): object {
  const { request, queue, requestId, failed, done } = batch;
  const { project, location } = locationOf(request);
  const isWhole = Object.keys(failed).length === 0;
  const state = isWhole ? "SUCCEEDED" : done > 0 ? "PARTIALLY_SUCCEEDED" : "FAILED";
  const id = requestId || `${queue.id}-batch-${verb.toLowerCase()}`;
  return {
    name: `projects/${project}/locations/${location}/operations/${id}`,
    metadata: {
      "@type": `${TYPES}.Batch${verb}TasksMetadata`,
      state,
      ...(!isWhole && { failedRequests: failed }),
    },
    done: true,
    response,
  };
}
