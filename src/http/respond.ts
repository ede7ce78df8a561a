// JSON responses and error responses of the native API. Each ends its line, so that after `curl` the prompt of a
// terminal is on a line of its own.
import { type Failure, HTTP_STATUS, TaskQueueError } from "../core/errors.ts";
import { isSetUpFault } from "../objects/exported.ts";
import { fault } from "../objects/log.ts";
import { retryAfterOf } from "./guesses.ts";

export function json(body: unknown, status = 200): Response {
  return jsonText(JSON.stringify(body), { status });
}

/** A response whose body is JSON already. */
export function jsonText(
  body: string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const all = { "Content-Type": "application/json", ...headers };
  return new Response(`${body}\n`, { status, headers: all });
}

export function errorResponse(failure: Failure): Response {
  return orLater(json({ error: failureJson(failure) }, HTTP_STATUS[failure.code]), failure);
}

/** The answer to a refusal, or, where it was one guess too many, the same with 429 and when to come back. */
export function orLater(answer: Response, failure: Failure): Response {
  const retryAfter = retryAfterOf(failure);
  if (retryAfter === undefined) return answer;
  const headers = new Headers(answer.headers);
  headers.set("Retry-After", `${retryAfter}`);
  return new Response(answer.body, { status: 429, headers });
}

/** A failure as the API shows it: code, message and, where there are any, details. */
export function failureJson({ code, message, details }: Failure): Failure {
  return details === undefined ? { code, message } : { code, message, details };
}

/** The answer to a HEAD: status and headers of the GET's, its length among them. A stream ends at once. */
export async function headOf({ body, status, headers }: Response): Promise<Response> {
  const answer = new Response(null, { status, headers });
  if (headers.get("Content-Type")?.startsWith("text/event-stream")) await body?.cancel();
  else {
    const { byteLength } = await new Response(body).arrayBuffer();
    answer.headers.set("Content-Length", `${byteLength}`);
  }
  return answer;
}

/**
 * The response to an exception. One that is neither a TaskQueueError nor about the Worker's set-up is a bug:
 * its message is only logged.
 */
export function thrownResponse(error: unknown, request: unknown): Response {
  if (error instanceof TaskQueueError) return errorResponse(error);
  if (isHangUp(error, request)) return hungUp();
  fault("task queue API:", error);
  const message = isSetUpFault(error) ? error.message : "internal error; the log has it";
  return json({ error: { code: "INTERNAL", message } }, 500);
}

/** Whether what was thrown says that the request's client is gone: no bug, and nobody reads the response. */
export function isHangUp(error: unknown, request: unknown): boolean {
  const { signal } = request as Request;
  return signal.aborted && error === signal.reason;
}

/** For the log of requests alone; the status is nginx's. */
export function hungUp(): Response {
  return new Response(null, { status: 499 });
}
