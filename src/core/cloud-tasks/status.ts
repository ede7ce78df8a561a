// Errors of the Cloud Tasks API: the codes of google.rpc.Code with their HTTP statuses, and the mapping from
// the queue's own error codes.
import { bounded, cut, type ErrorCode, type Failure } from "../errors.ts";

/** Status -> its number in google.rpc.Code and its HTTP code. */
export const STATUS = {
  CANCELLED: [1, 499],
  UNKNOWN: [2, 500],
  INVALID_ARGUMENT: [3, 400],
  DEADLINE_EXCEEDED: [4, 504],
  NOT_FOUND: [5, 404],
  ALREADY_EXISTS: [6, 409],
  PERMISSION_DENIED: [7, 403],
  RESOURCE_EXHAUSTED: [8, 429],
  FAILED_PRECONDITION: [9, 400],
  ABORTED: [10, 409],
  OUT_OF_RANGE: [11, 400],
  UNIMPLEMENTED: [12, 501],
  INTERNAL: [13, 500],
  UNAVAILABLE: [14, 503],
  DATA_LOSS: [15, 500],
  UNAUTHENTICATED: [16, 401],
} as const;

export type Status = keyof typeof STATUS;

/** A refusal in Google's words. */
export class CloudTasksError extends Error {
  readonly status: Status;
  /** Messages of google.rpc, each with its "@type". */
  readonly details: readonly object[];

  constructor(status: Status, message: string, details: readonly object[] = []) {
    super(bounded(message));
    this.status = status;
    this.details = details;
  }

  get httpCode(): number {
    return STATUS[this.status][1];
  }
}

export function invalidArgument(message: string): CloudTasksError {
  return new CloudTasksError("INVALID_ARGUMENT", message);
}

const REFERENCE = "https://cloud.google.com/tasks/docs/reference/rest/v2";

/** Where to read what names of a kind look like. */
const HELP = {
  project: {
    description: "Identifying projects",
    url: "https://cloud.google.com/resource-manager/docs/creating-managing-projects#identifying_projects",
  },
  location: {
    description: "Definition of location name",
    url: `${REFERENCE}/projects.locations#Location.FIELDS.name`,
  },
  queue: {
    description: "Definition of queue name",
    url: `${REFERENCE}/projects.locations.queues#Queue.FIELDS.name`,
  },
  task: {
    description: "Definition of task name",
    url: `${REFERENCE}/projects.locations.queues.tasks#Task.FIELDS.name`,
  },
} as const;

/** What is wrong with a name, with the page that says what names of its kind look like. */
export function badName(kind: keyof typeof HELP, message: string): CloudTasksError {
  const help = { "@type": "type.googleapis.com/google.rpc.Help", links: [HELP[kind]] };
  return new CloudTasksError("INVALID_ARGUMENT", message, [help]);
}

/** A choice of fields that an answer cannot have. */
export function badField(given: string): CloudTasksError {
  const path = cut(given);
  const description = `Error expanding 'fields' parameter. Cannot find matching fields for path '${path}'.`;
  const violation = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ field: path, description }],
  };
  return new CloudTasksError("INVALID_ARGUMENT", description, [violation]);
}

export const NO_QUEUE =
  "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize.";
export const NOT_FOUND = "Requested entity was not found.";
export const TASK_ENDED =
  "The task no longer exists, though a task with this name existed recently. The task either successfully completed or was deleted.";
export const TASK_EXISTS = "Requested entity already exists";
export const QUEUE_EXISTS = "Queue already exists";
export const QUEUE_TOO_RECENT =
  "The queue cannot be created because a queue with this name existed too recently.";

const OF_CODE: Record<ErrorCode, Status> = {
  INVALID_TASK_NAME: "INVALID_ARGUMENT",
  INVALID_QUEUE_NAME: "INVALID_ARGUMENT",
  INVALID_URL: "INVALID_ARGUMENT",
  INVALID_ETA: "INVALID_ARGUMENT",
  INVALID_REQUEST: "INVALID_ARGUMENT",
  TOO_MANY_TASKS: "INVALID_ARGUMENT",
  DUPLICATE_TASK_NAME: "INVALID_ARGUMENT",
  INVALID_LEASE_TIME: "INVALID_ARGUMENT",
  WRONG_QUEUE_MODE: "FAILED_PRECONDITION",
  UNAUTHENTICATED: "UNAUTHENTICATED",
  PERMISSION_DENIED: "PERMISSION_DENIED",
  UNKNOWN_QUEUE: "NOT_FOUND",
  UNKNOWN_TASK: "NOT_FOUND",
  UNKNOWN_GROUP: "NOT_FOUND",
  UNKNOWN_CRON: "NOT_FOUND",
  GROUP_ALREADY_EXISTS: "ALREADY_EXISTS",
  GROUP_CLOSED: "FAILED_PRECONDITION",
  TASK_ALREADY_EXISTS: "ALREADY_EXISTS",
  TOMBSTONED_TASK: "ALREADY_EXISTS",
  TASK_LEASE_EXPIRED: "FAILED_PRECONDITION",
  QUEUE_PAUSED: "FAILED_PRECONDITION",
  QUEUE_IN_FILE: "FAILED_PRECONDITION",
  TASK_TOO_LARGE: "INVALID_ARGUMENT",
  QUEUE_FULL: "RESOURCE_EXHAUSTED",
};

/** Where Google has words of its own for what the queue says. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  UNKNOWN_QUEUE: NO_QUEUE,
  UNKNOWN_TASK: NOT_FOUND,
  TASK_ALREADY_EXISTS: TASK_EXISTS,
  TOMBSTONED_TASK: TASK_EXISTS,
  TASK_TOO_LARGE: "Task size too large",
};

/** A refusal of the queue's, as Google's API has it. */
export function cloudError({ code, message }: Failure): CloudTasksError {
  return new CloudTasksError(OF_CODE[code], WORDS[code] ?? message);
}
