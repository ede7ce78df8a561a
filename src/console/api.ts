// API client. An error response is thrown as an ApiError with the API's message.

import type { Failure } from "../core/errors.ts";
import { keyInPath } from "../core/task/new-task-fairness.ts";

const API = "/_ah/api";

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { signal: signal ?? null });
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  if (body === undefined) return ask<T>(path, { method: "POST" });
  const headers = { "Content-Type": "application/json" };
  return ask<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export function put<T>(path: string, body: unknown): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return ask<T>(path, { method: "PUT", headers, body: JSON.stringify(body) });
}

export function remove<T>(path: string): Promise<T> {
  return ask<T>(path, { method: "DELETE" });
}

/** `/queues/{queue}`, with the name escaped. */
export function queuePath(queue: string): string {
  return `/queues/${encodeURIComponent(queue)}`;
}

export function taskPath(queue: string, name: string): string {
  return `${queuePath(queue)}/tasks/${encodeURIComponent(name)}`;
}

/** A key of a queue's tasks. */
export function keyPath(queue: string, key: string): string {
  return `${queuePath(queue)}/keys/${keyInPath(key)}`;
}

export function groupPath(name: string): string {
  return `/groups/${encodeURIComponent(name)}`;
}

/** The URL of an API path. */
export function apiUrl(path: string): string {
  return API + path;
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(apiUrl(path), { ...init, credentials: "same-origin" });
  // What was cut off, or given up while its body came, is no value: the caller keeps what it has.
  if (response.ok) return (await response.json()) as T;
  const body: unknown = await response.json().catch(() => undefined);
  throw refusalOf(response.status, body);
}

function refusalOf(status: number, body: unknown): ApiError {
  const { code, message, details } = (body as { error?: Partial<Failure> })?.error ?? {};
  const said = message ?? `the server answered ${status}`;
  return new ApiError(status, code ?? "UNKNOWN", said, details);
}
