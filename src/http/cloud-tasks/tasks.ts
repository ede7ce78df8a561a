// Task routes.

import type { IRequest } from "itty-router";
import { CREATE_TASK, RUN_TASK } from "../../core/cloud-tasks/messages.ts";
import { newTaskOf } from "../../core/cloud-tasks/new-task.ts";
import { lastOf, pageToken } from "../../core/cloud-tasks/page-tokens.ts";
import type { CloudTask, View } from "../../core/cloud-tasks/resources.ts";
import {
  CloudTasksError,
  invalidArgument,
  NOT_FOUND,
  TASK_ENDED,
} from "../../core/cloud-tasks/status.ts";
import { asDispatched } from "../../core/cloud-tasks/task-resource.ts";
import { InvalidEtaError } from "../../core/errors.ts";
import { PAGE } from "../../core/limits.ts";
import type { NewTask, Task, TaskState } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import { json } from "../respond.ts";
import {
  type Call,
  messageIn,
  pageSizeOf,
  pageTokenOf,
  queueOf,
  type RequestedQueue,
  taskOf,
  viewOf,
} from "./call.ts";
import { taskDefaultsOf } from "./task-defaults.ts";
import { type TaskFormatter, taskFormatter } from "./task-response.ts";

interface CreateTask {
  task?: CloudTask;
  responseView?: View;
}

export async function createTask(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const { task, responseView } = await messageIn<CreateTask>(request, CREATE_TASK);
  if (!task) throw invalidArgument("CreateTaskRequest.task is required.");
  const config = await queue.handle.config();
  const newTask = newTaskOf(task, taskDefaultsOf(queue, config, call));
  const show = taskFormatter(queue, config, viewOf(request, responseView), call);
  return json(show(await add(queue, newTask, call)));
}

/** Adds a task; what it carries is not sent back, so it is put to the answer here. */
export async function add(
  { handle }: RequestedQueue,
  newTask: NewTask,
  { trace }: Pick<Call, "trace">,
): Promise<Task> {
  try {
    const { payload } = newTask;
    const added = await handle.addFrom(trace, newTask);
    return payload === undefined ? added : { ...added, payload };
  } catch (error) {
    // The only thing that can be wrong with an instant that was read.
    if (!(error instanceof InvalidEtaError)) throw error;
    const time = rfc3339((newTask.eta as Date).getTime());
    throw invalidArgument(
      `The Task.scheduleTime, ${time}, is too far in the future. Schedule time must be no more than 720h in the future.`,
    );
  }
}

export async function listTasks(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const list = { kind: "tasks", parent: queue.name } as const;
  const cursor = lastOf(pageTokenOf(request), list);
  const limit = pageSizeOf(request, PAGE.max);
  const [page, show] = await Promise.all([
    queue.handle.list({ limit, ...(cursor !== undefined && { cursor }) }),
    formatterFor(request, queue, call),
  ]);
  const { tasks, cursor: next } = page;
  return json({
    tasks: tasks.map((task) => show(task)),
    ...(next !== undefined && { nextPageToken: pageToken(list, next) }),
  });
}

export async function getTask(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const { id } = taskOf(request, queue);
  const [task, show] = await Promise.all([liveTask(queue, id), formatterFor(request, queue, call)]);
  return json(show(task));
}

async function formatterFor(
  request: IRequest,
  queue: RequestedQueue,
  call: Call,
): Promise<TaskFormatter> {
  return taskFormatter(queue, await queue.handle.config(), viewOf(request), call);
}

const ENDED: ReadonlySet<TaskState> = new Set(["done", "deleted", "failed", "expired"]);

/** The task of this id, which is gone for this API once it has ended. */
export async function liveTask({ handle }: RequestedQueue, id: string): Promise<Task> {
  const task = await handle.get(id);
  if (ENDED.has(task.state)) throw new CloudTasksError("NOT_FOUND", TASK_ENDED);
  return task;
}

export async function deleteTask(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const [result] = await queue.handle.delete([taskOf(request, queue).id]);
  if (!result?.deleted) throw new CloudTasksError("NOT_FOUND", NOT_FOUND);
  return json({});
}

/** Runs a task now. It starts in a moment; the answer is the task as it is dispatched then. */
export async function runTask(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const { id } = taskOf(request, queue);
  const { responseView } = await messageIn<{ responseView?: View }>(request, RUN_TASK);
  const config = await queue.handle.config();
  await liveTask(queue, id).catch(asUnknown);
  const show = taskFormatter(queue, config, viewOf(request, responseView), call);
  return json(show(asDispatched(await queue.handle.run(id))));
}

// A run of what has ended is refused in other words than a look at it.
function asUnknown(error: unknown): never {
  if (!(error instanceof CloudTasksError)) throw error;
  throw new CloudTasksError(error.status, NOT_FOUND);
}
