// Groups: subtasks on any queues, a master that completes when they have, and a task that is added then.
// Validation of a new group, its state and its progress.

import { type Answer, cut, invalid, type Refusal, refuse } from "../errors.ts";
import { MAX_GROUP_TASKS_PER_CALL } from "../limits.ts";
import { checkName } from "./new-task-rules.ts";
import type { NewTask } from "./task.ts";

/** On a task's request: the group it is a subtask of, or whose `then` it is. */
export const GROUP_HEADER = "X-TaskQueue-Group";

/** A task of a group names its queue. */
export interface GroupTask<P = unknown> extends NewTask<P> {
  queue?: string | undefined;
}

/**
 * When a group whose subtasks have all ended counts as failed. `all`: every subtask has to be done; `any`:
 * one that is done is enough; a number: so many may fail. A deleted subtask counts as one that failed.
 */
export type FailurePolicy = "all" | "any" | number;

/** The task a group is the fan-out of. */
export interface MasterName {
  queue: string;
  name: string;
}

/** The request for a new group. */
export interface NewGroup {
  /** As task names are; a group's is its own in the whole deployment. Default: the master's, or generated. */
  name?: string | undefined;
  tasks?: readonly GroupTask[] | undefined;
  /** Added once, when the group is done. */
  then?: GroupTask | undefined;
  /** Default `all`. */
  onFailure?: FailurePolicy | undefined;
  /** The task that waits for the group; while it runs it may add more subtasks. */
  master?: MasterName | undefined;
  /** More subtasks will be added, and then the group closed. */
  open?: boolean | undefined;
}

/** `running` until every subtask has ended. A failed group runs again when a subtask of it is redriven. */
export type GroupState = "running" | "done" | "failed" | "cancelled";

/** State and progress of a group; times RFC 3339 UTC. */
export interface GroupProgress {
  name: string;
  state: GroupState;
  /** Whether more subtasks may be added. */
  open: boolean;
  total: number;
  done: number;
  failed: number;
  deleted: number;
  /** With their handlers now. */
  running: number;
  onFailure: FailurePolicy;
  master?: MasterName;
  /** The queue and the name, once it was added, of the group's last task; or why it could not be added. */
  then?: { queue: string; name?: string; error?: string };
  /** The queues its subtasks are on. */
  queues: string[];
  createdAt: string;
  endedAt?: string;
  /** When its record goes. */
  expiresAt?: string;
}

/** How one subtask ended, in the order the subtasks were given. */
export interface GroupResult {
  /** Its number in the group, from 0. */
  index: number;
  queue: string;
  /** Absent when it could not be added. */
  name?: string;
  state: "done" | "failed" | "deleted";
  result?: unknown;
  resultBase64?: string;
  error?: string;
}

export interface GroupResultPage {
  results: GroupResult[];
  /** Absent on the last page. */
  cursor?: string;
}

export interface GroupTally {
  total: number;
  done: number;
  failed: number;
  deleted: number;
}

/** What a group has come to, or undefined while a subtask has not ended. */
export function groupStateOf(
  { total, done, failed, deleted }: GroupTally,
  policy: FailurePolicy,
  isCancelled: boolean,
): Exclude<GroupState, "running"> | undefined {
  if (done + failed + deleted < total) return undefined;
  if (isCancelled) return "cancelled";
  const lost = failed + deleted;
  if (policy === "any") return done > 0 || total === 0 ? "done" : "failed";
  return lost <= (policy === "all" ? 0 : policy) ? "done" : "failed";
}

/** Why a master whose group came to this has failed. */
export function reasonOf(
  name: string,
  state: "failed" | "cancelled",
  { total, failed, deleted }: GroupTally,
): string {
  if (state === "cancelled") return `its group "${name}" was cancelled`;
  const lost = deleted > 0 ? `${failed} failed and ${deleted} were deleted` : `${failed} failed`;
  return `its group "${name}" failed: of ${total} subtasks ${lost}`;
}

/** The letters of a task's name; a master's group is named after its queue too, with its namespace. */
const GROUP_NAME = /^(?:[A-Za-z0-9:.-]+\/)*[A-Za-z0-9_-]{1,601}$/;

/** Refuses what can be no group's name. */
export function checkGroupName(name: unknown): Refusal | undefined {
  if (typeof name === "string" && GROUP_NAME.test(name)) return undefined;
  return invalid("group", name, 'letters, digits, "_" and "-"', "INVALID_TASK_NAME");
}

const FIELDS = ["name", "tasks", "then", "onFailure", "master", "open"];

/** Checks the form of a new group; its tasks are checked against their queues apart from this. */
export function checkNewGroup(given: NewGroup): Refusal | undefined {
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined)
    return refuse("INVALID_REQUEST", `${cut(unknown)}: a group has no such field`);
  const { name, tasks, then, onFailure, master, open } = given;
  return (
    checkName(name) ??
    (tasks === undefined && !master && !open
      ? invalid("tasks", tasks, "a list of tasks")
      : checkTaskList(tasks === undefined ? [] : tasks)) ??
    checkThen(then) ??
    checkPolicy(onFailure) ??
    checkMaster(master) ??
    (open === undefined || typeof open === "boolean"
      ? undefined
      : invalid("open", open, "true or false"))
  );
}

export function checkTaskList(tasks: unknown): Refusal | undefined {
  if (!Array.isArray(tasks)) return invalid("tasks", tasks, "a list of tasks");
  if (tasks.length <= MAX_GROUP_TASKS_PER_CALL) return undefined;
  const message = `tasks: found ${tasks.length}, expected at most ${MAX_GROUP_TASKS_PER_CALL} in one call; more are added to a group that is open`;
  return refuse("TOO_MANY_TASKS", message);
}

function checkThen(then: unknown): Refusal | undefined {
  if (then === undefined || isObject(then)) return undefined;
  return invalid("then", then, "a task with its queue");
}

function checkPolicy(policy: unknown): Refusal | undefined {
  const isCount = Number.isSafeInteger(policy) && (policy as number) >= 0;
  if (policy === undefined || policy === "all" || policy === "any" || isCount) return undefined;
  return invalid("onFailure", policy, '"all", "any", or how many subtasks may fail');
}

function checkMaster(master: unknown): Refusal | undefined {
  if (master === undefined) return undefined;
  const { queue, name } = (isObject(master) ? master : {}) as Partial<MasterName>;
  if (typeof queue === "string" && typeof name === "string") return undefined;
  return invalid("master", master, "the queue and the name of the task that waits");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The queue a task of the group is for; the rest of it is a task like any other. */
export function splitQueue(
  field: string,
  given: unknown,
): Answer<{ queue: string; task: Record<string, unknown> }> {
  if (!isObject(given)) return invalid(field, given, "an object");
  const { queue, ...task } = given as Record<string, unknown>;
  if (typeof queue === "string") return { ok: { queue, task } };
  return invalid(`${field}.queue`, queue, "the name of a queue");
}
