// Reads a request's parts: path segments, query options and JSON bodies.
import type { IRequest } from "itty-router";
import type { CronHandle } from "../../client/cron-handle.ts";
import type { GroupHandle } from "../../client/group-handle.ts";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { errorOf, invalid, refuse } from "../../core/errors.ts";
import type { GroupProgress, NewGroup } from "../../core/task/group.ts";

/** What the API needs of the queues. */
export interface QueueService {
  get(name: string): QueueHandle;
  names(): Promise<string[]>;
  group(name: string): GroupHandle;
  createGroup(given: NewGroup): Promise<GroupProgress>;
  cron(): CronHandle;
}

export function queueOf(request: IRequest, queues: QueueService): QueueHandle {
  return queues.get(segment(request, "queue"));
}

/** A path segment, percent-decoded. */
export function segment(request: IRequest, name: string): string {
  const text = request.params[name] ?? "";
  try {
    return decodeURIComponent(text);
  } catch {
    throw errorOf(invalid("path", text, "a path in valid percent-encoding").failure);
  }
}

/** The query string, of which only these options are known; `key` is the caller's token. */
export function queryOf(request: IRequest, known: readonly string[]): Record<string, unknown> {
  const { key: _, ...query } = request.query as Record<string, unknown>;
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown) throw errorOf(invalid("query", unknown, known.join(", ")).failure);
  const twice = Object.entries(query).find(([, value]) => Array.isArray(value));
  if (twice) throw errorOf(invalid(...twice, "each option once").failure);
  if (query.limit !== undefined) query.limit = Number(query.limit);
  return query;
}

/** The body, which has to be a JSON object. */
export async function bodyOf(request: IRequest): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await request.json();
    if (typeof body === "object" && body !== null && !Array.isArray(body)) {
      return body as Record<string, unknown>;
    }
  } catch {}
  throw errorOf(refuse("INVALID_REQUEST", "body: expected a JSON object").failure);
}

export function namesOf({ names }: Record<string, unknown>): string[] {
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  if (!isList) throw errorOf(invalid("names", names, "a list of task names").failure);
  return names;
}
