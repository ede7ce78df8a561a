// Reads a request's parts: location, queue, task, body, view and page.
import type { IRequest } from "itty-router";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { VIEW } from "../../core/cloud-tasks/messages.ts";
import {
  checkLocation,
  checkQueueId,
  checkTaskId,
  type Location,
  queueNameOf,
} from "../../core/cloud-tasks/names.ts";
import {
  type Message,
  readEnum,
  readMessage,
  type WriteOptions,
} from "../../core/cloud-tasks/proto-json.ts";
import type { Version, View } from "../../core/cloud-tasks/resources.ts";
import { invalidArgument } from "../../core/cloud-tasks/status.ts";
import { TaskQueueError } from "../../core/errors.ts";
import type { TraceContext } from "../../core/task/trace-context.ts";
import { jsonTextOf } from "../body.ts";
import { segment } from "../native/request.ts";
import type { CloudQueues } from "../queue-service.ts";

/** One request, before its path is looked at. */
export interface Call {
  version: Version;
  /** Without a version in its path, as firebase-admin sends it. */
  isUnversioned: boolean;
  writeOptions: WriteOptions;
  queues: CloudQueues;
  /** `project/location`: where the queues without a namespace are; absent when everywhere is there. */
  home: string | undefined;
  /** Whether there are keys to sign identity tokens with. */
  hasIdentity: boolean;
  /** What it belongs to, which tasks that it adds belong to as well. */
  trace: TraceContext | undefined;
}

/** The request's queue. */
export interface RequestedQueue {
  /** Its resource name. */
  name: string;
  place: Location;
  id: string;
  handle: QueueHandle;
}

export function locationOf(request: IRequest): Location {
  return checkLocation({
    project: segment(request, "project"),
    location: segment(request, "location"),
  });
}

export function queueOf(request: IRequest, call: Call): RequestedQueue {
  const place = locationOf(request);
  return requestedQueue(place, checkQueueId(segment(request, "queue")), call);
}

export function requestedQueue(place: Location, id: string, call: Call): RequestedQueue {
  const handle = call.queues.get(namespaceOf(place, call) + id);
  return { name: queueNameOf(place, id), place, id, handle };
}

/** The prefix of the names of a location's queues: "" for the home location. */
export function namespaceOf({ project, location }: Location, { home }: Call): string {
  const place = `${project}/${location}`;
  return home === undefined || home === place ? "" : `${place}/`;
}

/** The request's task: its id, and its resource name. */
export function taskOf(request: IRequest, { name }: RequestedQueue): { id: string; name: string } {
  const id = checkTaskId(segment(request, "task"));
  return { id, name: `${name}/tasks/${id}` };
}

/** The body as JSON; nothing is as good as an empty message. */
export async function jsonBody(request: IRequest): Promise<unknown> {
  const text = await readable(jsonTextOf(request as unknown as Request));
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidArgument(`Invalid JSON payload received. ${(error as Error).message}`);
  }
}

/** What was read of a body; what is wrong with it is said with its number, for which Google has no words. */
export async function readable<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (error) {
    throw error instanceof TaskQueueError ? invalidArgument(error.message) : error;
  }
}

export async function messageIn<T>(request: IRequest, message: Message): Promise<T> {
  return readMessage(message, await jsonBody(request)) as T;
}

/** One parameter of the query, under the first of these names that is there. */
export function queryOf(request: IRequest, ...names: string[]): string | undefined {
  const { searchParams } = new URL(request.url);
  return names.map((name) => searchParams.get(name)).find((value) => value !== null) ?? undefined;
}

export function viewOf(request: IRequest, inBody?: View): View {
  if (inBody) return inBody;
  const given = queryOf(request, "responseView", "response_view");
  return ((given && readEnum(VIEW, given, "response_view")) || "BASIC") as View;
}

/** The page size: `max` by default and at most. */
export function pageSizeOf(request: IRequest, max: number): number {
  const given = Number(queryOf(request, "pageSize", "page_size") ?? 0);
  if (!Number.isInteger(given) || given < 0) {
    throw invalidArgument("page_size: expected a whole number, 0 or more.");
  }
  return given === 0 ? max : Math.min(given, max);
}

export function pageTokenOf(request: IRequest): string | undefined {
  return queryOf(request, "pageToken", "page_token") || undefined;
}
