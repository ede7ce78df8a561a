// JSON responses and error responses of the native API.
import { type Failure, HTTP_STATUS, TaskQueueError } from "../core/errors.ts";

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function errorResponse(failure: Failure): Response {
  return json({ error: failureJson(failure) }, HTTP_STATUS[failure.code]);
}

/** A failure as the API shows it: code, message and, where there are any, details. */
export function failureJson({ code, message, details }: Failure): Failure {
  return details === undefined ? { code, message } : { code, message, details };
}

/** The response to an exception. One that is no TaskQueueError is a bug: its message is only logged. */
export function thrownResponse(error: unknown): Response {
  if (error instanceof TaskQueueError) return errorResponse(error);
  console.error("task queue API:", error);
  return json({ error: { code: "INTERNAL", message: "internal error; the log has it" } }, 500);
}
