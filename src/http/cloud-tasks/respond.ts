// Error responses in the form Google's clients expect.
import { CloudTasksError, cloudError } from "../../core/cloud-tasks/status.ts";
import { type Failure, TaskQueueError } from "../../core/errors.ts";
import { fault } from "../../objects/log.ts";
import { retryAfterOf } from "../guesses.ts";
import { hungUp, isHangUp, json, orLater } from "../respond.ts";

export function cloudErrorResponse({ httpCode, message, status, details }: CloudTasksError) {
  const error = { code: httpCode, message, status, ...(details.length > 0 && { details }) };
  return json({ error }, httpCode);
}

export function refusalResponse(failure: Failure): Response {
  const isGuess = retryAfterOf(failure) !== undefined;
  const error = isGuess
    ? new CloudTasksError("RESOURCE_EXHAUSTED", failure.message)
    : cloudError(failure);
  return orLater(cloudErrorResponse(error), failure);
}

export function thrownCloudResponse(error: unknown, request: unknown): Response {
  if (error instanceof CloudTasksError) return cloudErrorResponse(error);
  if (error instanceof TaskQueueError) return refusalResponse(error);
  if (isHangUp(error, request)) return hungUp();
  fault("Cloud Tasks API:", error);
  return cloudErrorResponse(new CloudTasksError("INTERNAL", "Internal error; the log has it."));
}
