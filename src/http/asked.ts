// What a request to the API names and brings along.
import type { IRequest } from "itty-router";
import { errorOf, invalid, refuse } from "../core/errors.ts";
import type { QueueHandle } from "../queue/handle.ts";

/** The queues the API speaks for. */
export interface ApiQueues {
  get(name: string): QueueHandle;
  names(): Promise<string[]>;
}

export function queueOf(request: IRequest, queues: ApiQueues): QueueHandle {
  return queues.get(segment(request, "queue"));
}

/** A part of the path, percent-decoded. */
export function segment(request: IRequest, name: string): string {
  const text = request.params[name] ?? "";
  try {
    return decodeURIComponent(text);
  } catch {
    throw errorOf(invalid("path", text, "a path in valid percent-encoding").failure);
  }
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
