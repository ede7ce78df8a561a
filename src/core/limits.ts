// Every limit on what callers send and get, with its unit, its reason and its source. Limits of
// configuration files are with their schemas.
import { invalid, type Refusal } from "./errors.ts";

/** Bytes of a request's body, and of all tasks in one call, in or out: under the platform's 32 MiB a message, with room for the frame. */
export const MAX_CALL_BYTES = 30 * 1024 * 1024;

/** Tasks one call adds to a queue. Ours: App Engine takes 100. */
export const MAX_TASKS_PER_CALL = 1000;

/** Tasks of a push queue that one call of a handler has. Ours: what is added in one call may be handed on in one. */
export const MAX_BATCH = MAX_TASKS_PER_CALL;

/** Bytes or UTF-16 units of the bodies in one such call, as stored. Each may be six characters of JSON: that fits a message of 32 MiB, and takes no more than half of a handler's memory. */
export const MAX_BATCH_LENGTH = 4 * 1024 * 1024;

/** Levels of lists and objects in JSON, a payload's included. Ours: far below where the platform's stack ends. */
export const MAX_NESTING = 500;

/** Names of tasks in one call. Ours. */
export const MAX_NAMES_PER_CALL = 1000;

/** Subtasks one call adds to a group. Ours; a group itself has no limit. */
export const MAX_GROUP_TASKS_PER_CALL = 10_000;

/** Tasks one call leases, and leases one call acknowledges (App Engine). */
export const MAX_LEASES_PER_CALL = 1000;

/** Entries of a list in one page. */
export const PAGE = { min: 1, max: 1000, default: 100 } as const;

/** Characters of a text or a header that tasks are searched for. Ours. */
export const MAX_SEARCH_LENGTH = 1000;

/** Characters of a task's name (App Engine). */
export const MAX_NAME_LENGTH = 500;

/** Bytes of a pull task's tag (App Engine). */
export const MAX_TAG_BYTES = 500;

/** Characters of a task's key. Ours: room for a name, a host or a digest. */
export const MAX_KEY_LENGTH = 200;

/** The last of a task's priorities; the first is 0. Ours. */
export const LAST_PRIORITY = 9;

/** Characters of a path or url (App Engine). */
export const MAX_URL_LENGTH = 2083;

/** Bytes of method, url, headers (each with 4 for its punctuation) and body: App Engine's formula and limits. */
export const MAX_TASK_BYTES = { push: 102_400, pull: 1_048_576 } as const;

/** The same of a task made through the Cloud Tasks API. */
export const MAX_DIALECT_BYTES = 1_048_569;

/** Bytes of a queue's entry as JSON, which is one row. Ours. */
export const MAX_ENTRY_BYTES = 1024 * 1024;

/** Bytes of a handler's answer kept as a result, which is one row. */
export const MAX_RESULT_BYTES = 65_536;

/** Seconds from now to an ETA, a countdown or a Retry-After, and of a back-off: 30 days (App Engine). */
export const MAX_DELAY_S = 30 * 24 * 3600;

/** Seconds a task may be old, and of anything that is kept: a hundred years, which dates bear. */
export const MAX_AGE_S = 36_500 * 86_400;

/** Retries and doublings: App Engine's and Cloud Tasks' messages have 32 bits for them. */
export const MAX_COUNT = 2 ** 31 - 1;

/** Seconds an attempt may take. Tasks made through App Engine's part of Cloud Tasks may ask for 15 s more. */
export const DEADLINE_S = { min: 15, max: 86_400, maxAppEngine: 86_415 } as const;

/** Seconds of a lease: 0 gives it back, a week is App Engine's maximum. */
export const LEASE_S = { min: 0, max: 604_800 } as const;

/** Seconds one call waits: for tasks to lease, or for a task to end. */
export const MAX_WAIT_S = 60;

/** Refuses the size of a page that is out of range. */
export function checkLimit(limit: unknown): Refusal | undefined {
  const { min, max } = PAGE;
  const isFit =
    typeof limit === "number" && Number.isInteger(limit) && limit >= min && limit <= max;
  return isFit ? undefined : invalid("limit", limit, `a whole number from ${min} to ${max}`);
}
