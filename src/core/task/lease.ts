// The rules of leases. A worker leases pull tasks for a time and acknowledges them before it ends; otherwise
// others may lease them. A token proves that a worker holds a lease.

import { type Answer, invalid, type Refusal, refuse } from "../errors.ts";
import { LEASE_S, MAX_LEASES_PER_CALL, MAX_TAG_BYTES, MAX_WAIT_S } from "../limits.ts";
import { ERROR_LENGTH } from "./attempt.ts";
import { refuseDuplicate, repeatedIn } from "./batch.ts";
import { checkTaskName, checkText } from "./new-task-rules.ts";
import { ATTEMPTS_KEPT, type Attempt, type Progress, type Task } from "./task.ts";

/** A request to lease tasks. */
export interface LeaseRequest {
  /** How long it may work on them, 0 to 604,800 (a week). */
  leaseSeconds: number;
  /** At most this many, 1 to 1,000. */
  maxTasks: number;
  /** Only tasks of this tag. */
  tag?: string;
  /** Only tasks of the tag that the oldest available task has; if it has none, tasks without a tag. */
  oldestTag?: boolean;
  /** How long to wait for a first task, 0 to 60. Default 0. */
  waitSeconds?: number;
}

/** A leased task, and its rank among others (dispatch/rank.ts). */
export interface LeasedTask {
  task: Task;
  rank: number;
}

/** The first task a lease would give, its rank and its tag. */
export interface FirstLeasable {
  rank: number;
  name: string;
  tag?: string;
}

const LEASES = { min: 1, max: MAX_LEASES_PER_CALL };
const WAIT_S = { min: 0, max: MAX_WAIT_S };
const FIELDS = ["leaseSeconds", "maxTasks", "tag", "oldestTag", "waitSeconds"];

export function checkLeaseRequest(request: Partial<LeaseRequest>): Refusal | undefined {
  const unknown = Object.keys(request).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return invalid("field", unknown, FIELDS.join(", "));
  return (
    checkLeaseSeconds(request.leaseSeconds) ??
    checkMaxTasks(request.maxTasks) ??
    checkTags(request) ??
    checkWait(request.waitSeconds)
  );
}

/** What the holder of a lease shows: the task's name, and the token it was leased with. */
export interface LeaseToken {
  name: string;
  lease: string;
}

/**
 * Refuses a list of tokens of which one is none, or is there twice. A task may be there by two leases: one of them
 * holds at most, and each is answered for itself.
 */
export function checkLeaseTokens(tokens: unknown): Refusal | undefined {
  const expected = `a list of at most ${MAX_LEASES_PER_CALL} objects {"name", "lease"}`;
  if (!Array.isArray(tokens)) return invalid("leases", tokens, expected);
  if (tokens.length > MAX_LEASES_PER_CALL) {
    return refuse("TOO_MANY_TASKS", `leases: found ${tokens.length}, expected ${expected}`);
  }
  for (const [index, token] of tokens.entries()) {
    const refusal = checkLeaseToken(token, `leases[${index}]`);
    if (refusal) return refusal;
  }
  const twice = repeatedIn(tokens.map(({ name, lease }) => `${name} ${lease}`));
  return twice === undefined ? undefined : refuseDuplicate(twice.split(" ")[0] as string, TWICE);
}

const TWICE = "by one lease in one call";

function checkLeaseToken(token: unknown, field: string): Refusal | undefined {
  if (typeof token !== "object" || token === null || Array.isArray(token)) {
    return invalid(field, token, 'an object {"name", "lease"}');
  }
  const { name, lease, ...rest } = token as Partial<LeaseToken>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return invalid(field, unknown, "name and lease alone");
  return checkTaskName(name, `${field}.name`) ?? checkLease(lease, `${field}.lease`);
}

/** Refuses what can be no lease's token. */
export function checkLease(lease: unknown, field = "lease"): Refusal | undefined {
  if (typeof lease === "string") return undefined;
  return invalid(field, lease, "the token a lease was given with");
}

/** A lease lasts 0 seconds (which gives it back) to a week. */
export function checkLeaseSeconds(seconds: unknown): Refusal | undefined {
  if (isWithin(seconds, LEASE_S)) return undefined;
  const expected = `seconds from ${LEASE_S.min} to ${LEASE_S.max}`;
  return invalid("leaseSeconds", seconds, expected, "INVALID_LEASE_TIME");
}

function checkMaxTasks(max: unknown): Refusal | undefined {
  if (isWithin(max, LEASES) && Number.isInteger(max)) return undefined;
  return invalid("maxTasks", max, `a whole number from ${LEASES.min} to ${LEASES.max}`);
}

function checkTags({ tag, oldestTag }: Partial<LeaseRequest>): Refusal | undefined {
  if (oldestTag !== undefined && typeof oldestTag !== "boolean") {
    return invalid("oldestTag", oldestTag, "true or false");
  }
  if (tag === undefined) return undefined;
  if (typeof tag !== "string" || tag === "" || tag.length > MAX_TAG_BYTES)
    return invalid("tag", tag, `a tag, ${MAX_TAG_BYTES} bytes at most, or oldestTag: true`);
  return oldestTag ? invalid("tag", tag, "either tag or oldestTag, not both") : undefined;
}

function checkWait(seconds: unknown): Refusal | undefined {
  if (seconds === undefined || isWithin(seconds, WAIT_S)) return undefined;
  return invalid("waitSeconds", seconds, `seconds from ${WAIT_S.min} to ${WAIT_S.max}`);
}

function isWithin(value: unknown, { min, max }: { min: number; max: number }): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

/** The part of a leased task that its lease depends on; `lease` is its end, ms since 1970. */
export interface Leased {
  name: string;
  lease?: number | undefined;
  progress: Progress;
}

/** The token of the current lease. It changes when the lease is extended or granted again. */
export function tokenOf({ lease, progress }: Leased): string | undefined {
  return lease === undefined ? undefined : `${lease.toString(36)}-${progress.retryCount}`;
}

/** Whether two tokens are of one lease, which was changed in between: it was not granted again. */
export function isSameLease(token: string | undefined, other: string): boolean {
  const [, grant] = /-(\d+)$/.exec(token ?? "") ?? [];
  return grant !== undefined && other.endsWith(`-${grant}`);
}

/** Whether the task is leased at `now`: a lease has ended only after its last millisecond. */
export function isLeased({ lease }: Pick<Leased, "lease">, now: number): boolean {
  return lease !== undefined && lease >= now;
}

/** Refuses a token whose lease has ended. */
export function checkHeld(task: Leased, token: string, now: number): Answer<true> {
  if (isLeased(task, now) && tokenOf(task) === token) return { ok: true };
  const message = `lease: the lease ${token} of "${task.name}" has run out, or was given back or to another`;
  return refuse("TASK_LEASE_EXPIRED", message, { name: task.name });
}

/** The error of a lease that ran out. */
export const UNACKNOWLEDGED = "the lease ended without an acknowledgement";

/**
 * A task's progress when it is leased at `now`, or undefined when it has been leased `limit` times and is
 * failed. The retry count of a pull task counts its leases (App Engine), and a lease that ended by
 * itself at `endedAt` is one of its attempts.
 */
export function leaseAgain(
  progress: Progress,
  endedAt: number | undefined,
  now: number,
  limit = Number.POSITIVE_INFINITY,
): { step: "lease" | "fail"; progress: Progress } {
  const before = afterLease(progress, endedAt);
  if (progress.retryCount >= limit) return { step: "fail", progress: before };
  return {
    step: "lease",
    progress: {
      ...before,
      retryCount: progress.retryCount + 1,
      firstStartedAt: progress.firstStartedAt ?? now,
      leasedAt: now,
    },
  };
}

function afterLease(progress: Progress, endedAt: number | undefined): Progress {
  const { leasedAt, ...rest } = progress;
  if (leasedAt === undefined || endedAt === undefined) return rest;
  const attempt: Attempt = { startedAt: leasedAt, endedAt, error: UNACKNOWLEDGED };
  return { ...rest, attempts: [...progress.attempts, attempt].slice(-ATTEMPTS_KEPT) };
}

/** A task's progress when its lease reached nobody: as it was before, and that lease is not counted. */
export function undelivered({ leasedAt, ...rest }: Progress): Progress {
  const { firstStartedAt, ...unstarted } = rest;
  const retryCount = rest.retryCount - 1;
  const isFirst = retryCount === 0 && firstStartedAt === leasedAt;
  return { ...(isFirst ? unstarted : rest), retryCount };
}

/** A task's progress when its worker has ended it at `now`; `error` says why it gave it up. */
export function endedByWorker(
  { leasedAt, ...rest }: Progress,
  now: number,
  error?: string,
): Progress {
  if (leasedAt === undefined) return rest;
  const attempt: Attempt = { startedAt: leasedAt, endedAt: now };
  if (error !== undefined) attempt.error = error;
  return { ...rest, attempts: [...rest.attempts, attempt].slice(-ATTEMPTS_KEPT) };
}

/** What a worker says of a task that it gives up, where it says nothing. */
const GIVEN_UP = "its worker gave it up";

/** Why a worker gives a task up: text, of which as much is kept as of any attempt's error. */
export function checkReason(error: unknown): Answer<string> {
  if (error === undefined || error === "") return { ok: GIVEN_UP };
  if (typeof error !== "string") return invalid("error", error, "text that says why");
  const refusal = checkText("error", error);
  return refusal ?? { ok: error.slice(0, ERROR_LENGTH) };
}
