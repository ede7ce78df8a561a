// Google's API on the wire, as curl has it.
import { exports } from "cloudflare:workers";

const own = (exports as unknown as { default: Fetcher }).default;

export const PLACE = "projects/p1/locations/us-central1";

export function queueName(id: string): string {
  return `${PLACE}/queues/${id}`;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
export type Json = any;

/** The status and the answer of a request to a path behind the origin; a text body goes as it is. */
export async function cloud(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<[status: number, answer: Json]> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init: RequestInit = { method, headers: { "Content-Type": "application/json", ...headers } };
  if (body !== undefined) init.body = text;
  const response = await own.fetch(`http://127.0.0.1:8787${path}`, init);
  return [response.status, JSON.parse(await response.text())];
}

/** The answer of a request that has to succeed. */
export async function ok(method: string, path: string, body?: unknown): Promise<Json> {
  const [status, answer] = await cloud(method, path, body);
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

/** The HTTP status, the status and the message a request is refused with; `code` has to agree. */
export async function refused(
  method: string,
  path: string,
  body?: unknown,
): Promise<[status: number, name: string, message: string]> {
  const [status, { error }] = await cloud(method, path, body);
  if (error?.code !== status) throw new Error(`${method} ${path}: ${status}, code ${error?.code}`);
  return [status, error.status, error.message];
}

export function createQueue(id: string, more: object = {}): Promise<Json> {
  return ok("POST", `/v2/${PLACE}/queues`, { name: queueName(id), ...more });
}

export function createTask(queue: string, task: object, more: object = {}): Promise<Json> {
  return ok("POST", `/v2/${queueName(queue)}/tasks`, { task, ...more });
}
