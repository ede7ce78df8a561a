// Reads a request's parts: path segments, query options and JSON bodies.
import type { IRequest } from "itty-router";
import type { CronHandle } from "../../client/cron-handle.ts";
import type { GroupHandle } from "../../client/group-handle.ts";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { errorOf, invalid } from "../../core/errors.ts";
import type { GroupProgress, NewGroup } from "../../core/task/group.ts";
import { TOKENS_IN_QUERY } from "../auth.ts";
import { jsonOf } from "../body.ts";

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

/** The query string, of which only these options are known, the caller's token aside. */
export function queryOf(request: IRequest, known: readonly string[]): Record<string, unknown> {
  const given = Object.entries(request.query as Record<string, unknown>);
  const query = Object.fromEntries(given.filter(([name]) => !TOKENS_IN_QUERY.includes(name)));
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown) throw errorOf(invalid("query", unknown, known.join(", ")).failure);
  const twice = Object.entries(query).find(([, value]) => Array.isArray(value));
  if (twice) throw errorOf(invalid(...twice, "each option once").failure);
  if (query.limit !== undefined) query.limit = Number(query.limit);
  return query;
}

/** The body, which has to be a JSON object; where `known` is given, of these fields alone. */
export async function bodyOf(
  request: IRequest,
  known?: readonly string[],
): Promise<Record<string, unknown>> {
  const body = await jsonOf(request as unknown as Request);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw errorOf(invalid("body", body, "a JSON object").failure);
  }
  const unknown = known && Object.keys(body).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw errorOf(invalid("body", unknown, `only ${known?.join(", ")}`).failure);
  }
  return body as Record<string, unknown>;
}
