// The closed set of error codes, each with its HTTP status and its class in the TypeScript client. Error
// classes do not survive an RPC, so objects return a plain `Failure`, which the caller's side turns into the
// class.

/** Code -> HTTP status. The names are App Engine's service codes; QUEUE_FULL, QUEUE_IN_FILE,
 * UNKNOWN_CRON and those of groups are ours. */
export const HTTP_STATUS = {
  INVALID_TASK_NAME: 400,
  INVALID_QUEUE_NAME: 400,
  INVALID_URL: 400,
  INVALID_ETA: 400,
  INVALID_REQUEST: 400,
  TOO_MANY_TASKS: 400,
  DUPLICATE_TASK_NAME: 400,
  INVALID_LEASE_TIME: 400,
  WRONG_QUEUE_MODE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  UNKNOWN_QUEUE: 404,
  UNKNOWN_TASK: 404,
  UNKNOWN_GROUP: 404,
  UNKNOWN_CRON: 404,
  TASK_ALREADY_EXISTS: 409,
  TOMBSTONED_TASK: 409,
  TASK_LEASE_EXPIRED: 409,
  QUEUE_PAUSED: 409,
  QUEUE_IN_FILE: 409,
  GROUP_ALREADY_EXISTS: 409,
  GROUP_CLOSED: 409,
  TASK_TOO_LARGE: 413,
  QUEUE_FULL: 429,
} as const;

export type ErrorCode = keyof typeof HTTP_STATUS;

/** A refusal as sent; the message names the field, the value and what was expected. */
export interface Failure {
  code: ErrorCode;
  message: string;
  details?: unknown;
}

/** The result of a call that can be refused. */
export type Answer<T> = { ok: T; failure?: undefined } | Refusal;

/** The refusing half of an answer. */
export interface Refusal {
  failure: Failure;
  ok?: undefined;
}

export function refuse(code: ErrorCode, given: string, details?: unknown): Refusal {
  const message = bounded(given);
  return { failure: details === undefined ? { code, message } : { code, message, details } };
}

/** Characters of a message, whatever stands in it: a value is cut before, but there may be many. */
export const MAX_MESSAGE = 2000;

/** A message with its end cut off where it is longer than any may be. */
export function bounded(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 3)}...` : message;
}

/** The usual refusal of a field: "field: found value, expected …". */
export function invalid(
  field: string,
  value: unknown,
  expected: string,
  code: ErrorCode = "INVALID_REQUEST",
): Refusal {
  return refuse(code, `${cut(field)}: found ${formatValue(value)}, expected ${expected}`);
}

/** A value for an error message: as JSON, cut where it gets long. */
export function formatValue(value: unknown): string {
  return cut(isLostInJson(value) ? String(value) : (jsonOf(value) ?? withoutJson(value)));
}

/** What a caller wrote, for an error message: not all of it where it is long. */
export function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

/** A value as JSON, or undefined when it has no JSON form: a function, a bigint, a circle. */
export function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

// JSON has null for infinity, for what is no number and for a date that is none.
function isLostInJson(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return value instanceof Date && Number.isNaN(value.getTime());
}

function withoutJson(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "object" ? "an object that is not JSON" : String(value);
}

/** The base of everything the client throws; `code` is one of the closed set, `details` as in the JSON form. */
export class TaskQueueError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor({ code, message, details }: Failure) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }

  /** The HTTP status this error is answered with. */
  get status(): number {
    return HTTP_STATUS[this.code];
  }
}

/** The class of the code in the failure, ready to throw. */
export function errorOf(failure: Failure): TaskQueueError {
  return new ERROR_CLASS[failure.code](failure);
}

/** The value of an answer; throws the class of its code when it was a refusal. */
export function unwrap<T>(answer: Answer<T>): T {
  if (answer.failure) throw errorOf(answer.failure);
  return answer.ok as T;
}

// App Engine's hierarchy: whatever is wrong with one task is an InvalidTaskError, so that a caller who
// only wants "was it my task or the service" catches one class.
export class InvalidTaskError extends TaskQueueError {}
export class InvalidTaskNameError extends InvalidTaskError {}
export class InvalidUrlError extends InvalidTaskError {}
export class InvalidEtaError extends InvalidTaskError {}
export class TaskTooLargeError extends InvalidTaskError {}
export class TaskAlreadyExistsError extends InvalidTaskError {}
export class TombstonedTaskError extends InvalidTaskError {}
export class InvalidQueueError extends TaskQueueError {}
export class InvalidQueueNameError extends InvalidQueueError {}
export class DuplicateTaskNameError extends TaskQueueError {}
export class TooManyTasksError extends TaskQueueError {}
export class InvalidLeaseTimeError extends TaskQueueError {}
export class InvalidQueueModeError extends TaskQueueError {}
export class UnauthenticatedError extends TaskQueueError {}
export class PermissionDeniedError extends TaskQueueError {}
export class UnknownQueueError extends TaskQueueError {}
export class UnknownTaskError extends TaskQueueError {}
export class UnknownGroupError extends TaskQueueError {}
export class UnknownCronError extends TaskQueueError {}
export class GroupAlreadyExistsError extends TaskQueueError {}
export class GroupClosedError extends TaskQueueError {}
export class TaskLeaseExpiredError extends TaskQueueError {}
export class QueuePausedError extends TaskQueueError {}
export class QueueInFileError extends TaskQueueError {}
export class QueueFullError extends TaskQueueError {}

const ERROR_CLASS: Record<ErrorCode, typeof TaskQueueError> = {
  INVALID_TASK_NAME: InvalidTaskNameError,
  INVALID_QUEUE_NAME: InvalidQueueNameError,
  INVALID_URL: InvalidUrlError,
  INVALID_ETA: InvalidEtaError,
  INVALID_REQUEST: InvalidTaskError,
  TOO_MANY_TASKS: TooManyTasksError,
  DUPLICATE_TASK_NAME: DuplicateTaskNameError,
  INVALID_LEASE_TIME: InvalidLeaseTimeError,
  WRONG_QUEUE_MODE: InvalidQueueModeError,
  UNAUTHENTICATED: UnauthenticatedError,
  PERMISSION_DENIED: PermissionDeniedError,
  UNKNOWN_QUEUE: UnknownQueueError,
  UNKNOWN_TASK: UnknownTaskError,
  UNKNOWN_GROUP: UnknownGroupError,
  UNKNOWN_CRON: UnknownCronError,
  GROUP_ALREADY_EXISTS: GroupAlreadyExistsError,
  GROUP_CLOSED: GroupClosedError,
  TASK_ALREADY_EXISTS: TaskAlreadyExistsError,
  TOMBSTONED_TASK: TombstonedTaskError,
  TASK_LEASE_EXPIRED: TaskLeaseExpiredError,
  QUEUE_PAUSED: QueuePausedError,
  QUEUE_IN_FILE: QueueInFileError,
  TASK_TOO_LARGE: TaskTooLargeError,
  QUEUE_FULL: QueueFullError,
};
