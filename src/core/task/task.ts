// The task's types: as requested, as stored, and as returned.

import type { Failure } from "../errors.ts";
import type { RetryParameters } from "./backoff.ts";
import type { StoredResult } from "./result.ts";

/**
 * Where a task is in its life. `scheduled` waits for its time, `due` for a token or a slot, `running`
 * is with its handler, `leased` with a pull worker, `waiting` for its group; `failed` has no retry
 * left and is kept, as is `expired`, which was not started in time; `done` and `deleted` are what a name's
 * tombstone remembers.
 */
export type TaskState =
  | "scheduled"
  | "due"
  | "running"
  | "leased"
  | "waiting"
  | "failed"
  | "expired"
  | "done"
  | "deleted";

/** Whether a task in this state has a next attempt at a known time. */
export function isTimed(state: TaskState): boolean {
  return state === "scheduled" || state === "due";
}

export type Method = "POST" | "GET" | "HEAD" | "PUT" | "DELETE" | "PATCH" | "OPTIONS";

/** The methods whose requests have a body. */
export function carriesBody(method: Method | "PULL" | undefined): boolean {
  return method === undefined || ["POST", "PUT", "PATCH", "PULL"].includes(method);
}

/**
 * The format of a task's request, where it is not the default. `cloudtasks`: headers named
 * X-CloudTasks-*, no default content type. `cloudtasks-appengine`: the usual X-AppEngine-*,
 * with that service's words and rules.
 */
export type Dialect = (typeof DIALECTS)[number];

export const DIALECTS = ["cloudtasks", "cloudtasks-appengine"] as const;

/** App Engine's parts of a route, each as Google's API has it. */
export interface AppEngineRouting {
  service?: string;
  version?: string;
  instance?: string;
}

/** Asks for an identity token (a signed JWT) in the request's Authorization header. */
export interface OidcToken {
  /** The token's `email` and `sub` claims. */
  serviceAccountEmail: string;
  /** The token's `aud` claim. Default: the request's url. */
  audience?: string;
}

export type Params = Record<string, string | readonly string[]>;

/** Retry knobs of one task; they replace the queue's as a whole. Times in seconds. */
export type RetryOptions = Partial<RetryParameters>;

/** What becomes of a new task whose name a task has that lives. */
export type IfExists = "reject" | "keep" | "replace";

/** Of all that are added under a name so close to each other the last one runs. */
export interface Debounce {
  /** It is due so long after it was added. */
  seconds: number;
  /** But no longer than this after the first. */
  max?: number;
}

/** Of all that are added under a name in one window the first one runs. */
export interface Throttle {
  /** How long the window is, from the first on. */
  seconds: number;
}

/** The rule by which a task is added; the seconds of a window are in its spec. */
export type AddRule = "keep" | "replace" | "debounce" | "throttle";

/** What an add by one of these rules has come to. */
export type AddedHow = "added" | "kept" | "replaced" | "throttled" | "debounced";

/** What a caller asks to have queued. Every field has a default; unknown fields are refused. */
export interface NewTask<P = unknown> {
  /** 1 to 500 of letters, digits, `_` and `-`; accepted once. Generated when absent. */
  name?: string | undefined;
  /** A path of the Worker's own, or an absolute url. Default `/_ah/queue/<queue>`. */
  url?: string | undefined;
  /** Default POST. */
  method?: Method | undefined;
  /** Form fields: the body of a POST, the query string of any other method. */
  params?: Params | undefined;
  /** A string is sent as text, bytes as they are, any other value as JSON. */
  payload?: P | undefined;
  payloadBase64?: string | undefined;
  headers?: Record<string, string | readonly string[]> | undefined;
  /** Seconds from now; at most 30 days. Not together with `eta`. */
  countdown?: number | string | undefined;
  /** An instant (RFC 3339, or a Date from TypeScript); a past one means now. */
  eta?: string | Date | undefined;
  /** A service of your own to run on, as in queue.yaml; the queue's target wins. */
  target?: string | undefined;
  /** Of a task of Google's API: what its `target` cannot say, an instance or a version with dots. */
  routing?: AppEngineRouting | undefined;
  /** Pull queues only: at most 500 bytes. */
  tag?: string | undefined;
  /** Whose task it is, a customer or a host: keys take fair turns. 1 to 200 characters. */
  key?: string | undefined;
  /** 0 is first, 9 last; default 4. */
  priority?: number | undefined;
  /** Seconds a handler may take, 15 to 86,400. Default 600. */
  dispatchDeadline?: number | undefined;
  retry?: RetryOptions | undefined;
  /** Seconds from now, at most 30 days: not started by then, it ends as `expired`. */
  expires?: number | string | undefined;
  /** Where a task of its name lives: refuse this one (the default), answer with that one, or put this in its place. */
  ifExists?: IfExists | undefined;
  /** The last one added under its name runs. Not beside `eta` or `countdown`. */
  debounce?: Debounce | undefined;
  /** The first one added under its name in so many seconds runs. */
  throttle?: Throttle | undefined;
  /** Signs each request with a token of this identity, in place of any Authorization header. */
  oidcToken?: OidcToken | undefined;
  dialect?: Dialect | undefined;
}

/** Of a task that names none. */
export const DEFAULT_PRIORITY = 4;

/** How a text body was given, which decides its content type and its view. Absent: text or bytes as they are. */
export type BodyKind = "params" | "json";

/** The options of a task that are usually absent, stored as one JSON column. */
export interface TaskSpec {
  url?: string;
  method?: Method;
  /** Form-encoded params of a method that carries them in its query string. */
  query?: string;
  kind?: BodyKind;
  headers?: [string, string][];
  target?: string;
  routing?: AppEngineRouting;
  tag?: string;
  key?: string;
  /** Absent where it is DEFAULT_PRIORITY. */
  priority?: number;
  /** seconds */
  dispatchDeadline?: number;
  retry?: RetryOptions;
  /** seconds from when it was made */
  expires?: number;
  debounce?: Debounce;
  /** Of a debounced task: when the first of its window was added, ms since 1970. */
  since?: number;
  throttle?: Throttle;
  oidcToken?: OidcToken;
  dialect?: Dialect;
  group?: GroupPlace;
  /** The entry of cron.yaml whose task it is. */
  cron?: string;
}

/** A task's group and its index there; without an index it is the group's `then`. */
export interface GroupPlace {
  name: string;
  index?: number;
  /** Of a task that was imported: when its group was made (ms). Another group may have the name here. */
  made?: number;
}

export const NO_SPEC: TaskSpec = Object.freeze({});

/** A new task that passed every check. `due` in ms since 1970. */
export interface AcceptedTask {
  name: string | undefined;
  due: number;
  spec: TaskSpec;
  body: string | Uint8Array | undefined;
  /** Absent where a name is accepted once. */
  rule?: AddRule;
}

/** One finished attempt, times in ms since 1970. `status` only if the handler answered. */
export interface Attempt {
  /** Absent from attempts of leases, and from those recorded before this was. */
  dueAt?: number;
  startedAt: number;
  endedAt: number;
  status?: number;
  error?: string;
  /** How many tasks shared its call, of a queue that hands on batches. */
  batch?: number;
}

/** What has happened to a task so far. */
export interface Progress {
  /** Retries so far: attempts that failed and were followed by another, answered or not. */
  retryCount: number;
  /** Failed attempts that a handler answered. */
  executionCount: number;
  /** Of those, the ones answered with 500 to 599. */
  serverErrorCount?: number;
  firstStartedAt?: number;
  /** The status of the last attempt that was answered. */
  previousResponse?: number;
  retryReason?: string;
  /** An attempt began then (ms since 1970), and its end is not known; absent while starts are not written. */
  begun?: { at: number; isLong?: boolean };
  /** How many short attempts in a row were cut off. */
  cutOffs?: number;
  /** The last call it shared failed as a whole: the next is its own, which shows whether it was to blame. */
  isAlone?: true;
  /** Of a pull task: when its last lease was given. */
  leasedAt?: number;
  /** It was not started in time. */
  expired?: true;
  /** Of a master: the group it waits for, or waited for. */
  waitsFor?: string;
  /** Of a master that waits and is a subtask itself: what its handler answered. */
  answer?: StoredResult;
  /** The last ATTEMPTS_KEPT, oldest first. */
  attempts: Attempt[];
}

export const ATTEMPTS_KEPT = 20;

export const NO_PROGRESS: Progress = { retryCount: 0, executionCount: 0, attempts: [] };

/** A task on the queue, as stored: times in ms since 1970. */
export interface StoredTask {
  name: string;
  /** Whether the caller chose the name: only then does it leave a tombstone. */
  named: boolean;
  due: number;
  createdAt: number;
  spec: TaskSpec;
  body: string | Uint8Array | undefined;
  progress: Progress;
  /** Of a pull task that was leased: when its lease ends or ended, ms since 1970. */
  lease?: number;
}

/**
 * How an attempt ended. `answered`: the handler gave a status (a throw counts as 500). `unanswered`:
 * deadline, connection or crash. `postponed`: the platform's own trouble, which is no attempt at all.
 */
export type Outcome = (
  | {
      kind: "answered";
      status: number;
      error?: string;
      result?: StoredResult;
      /** Of a 503 or 429: its Retry-After header. */
      retryAfter?: string;
      /** The handler says that no further attempt is to be made. */
      isFinal?: true;
    }
  /** `isOverdue`: it was cut off by its deadline. */
  | { kind: "unanswered"; error: string; isOverdue?: true }
  | { kind: "postponed"; error: string }
) & {
  /** It is that of a call with other tasks, one of which may be to blame. */
  isShared?: true;
};

export function isSuccess(outcome: Outcome): boolean {
  return outcome.kind === "answered" && outcome.status >= 200 && outcome.status <= 299;
}

/** A finished attempt in responses; times RFC 3339 UTC. */
export interface AttemptView {
  /** When it was due, so its lateness is `startedAt` minus this. Of a task run by hand: when that was requested. */
  dueAt?: string;
  startedAt: string;
  endedAt: string;
  status?: number;
  error?: string;
  /** How many tasks shared its call, of a queue that hands on batches. */
  batch?: number;
}

/** The attempt that is under way; times RFC 3339 UTC. Once it has ended it is the last of `attempts`. */
export type RunningView = Required<Pick<AttemptView, "dueAt" | "startedAt">> &
  Pick<AttemptView, "batch">;

/** A task as the API and the TypeScript client return it; times RFC 3339 UTC with milliseconds. */
export interface Task {
  queue: string;
  name: string;
  state: TaskState;
  url?: string;
  method?: Method;
  params?: Params;
  payload?: unknown;
  payloadBase64?: string;
  headers?: Record<string, string | string[]>;
  target?: string;
  routing?: AppEngineRouting;
  tag?: string;
  key?: string;
  /** Absent where it is 4, as by default. */
  priority?: number;
  dispatchDeadline?: number;
  retry?: RetryOptions;
  expires?: number;
  debounce?: Debounce;
  throttle?: Throttle;
  oidcToken?: OidcToken;
  dialect?: Dialect;
  /** In the answer to an add by ifExists, debounce or throttle: what became of it. */
  outcome?: AddedHow;
  createdAt: string;
  /** When it is to run next, or was to run last. */
  eta?: string;
  retryCount: number;
  executionCount: number;
  /** The last that has ended. */
  lastAttempt?: AttemptView;
  attempts?: AttemptView[];
  running?: RunningView;
  nextAttemptAt?: string;
  why?: string;
  /** Of a debounced or throttled task: the one of its name that is due then, and starts when this one has ended. */
  next?: { createdAt: string; eta: string };
  /** The group it is a subtask of, or whose `then` it is. */
  group?: string;
  /** The entry of cron.yaml whose task it is. */
  cron?: string;
  /** Of a master: the group it waits for, or waited for. */
  waitsFor?: string;
  /** Of a leased pull task: what its holder shows to acknowledge it or to change its lease. */
  lease?: string;
  leaseExpiresAt?: string;
  /** Of a done task on a queue that keeps results: the handler's answer, bytes as base64. */
  result?: unknown;
  resultBase64?: string;
  /** Of a failed, expired, done or deleted task: when it ended, and when its name is free again. */
  endedAt?: string;
  expiresAt?: string;
  /** Of a failed or expired task: when its record goes, and it can be redriven no more. */
  keptUntil?: string;
}

/** A task that has ended, and when its name is free again. */
export type EndedTask = Task & Required<Pick<Task, "endedAt" | "expiresAt">>;

/** One entry of a batch's answer, in the order given. */
export type AddResult<E = Failure> =
  | { task: Task; error?: undefined }
  | { error: E; task?: undefined };

/** Whether the task has reached a state that is final unless it is redriven. */
export function hasEnded({ state }: Pick<Task, "state">): boolean {
  return state === "done" || state === "failed" || state === "expired" || state === "deleted";
}
