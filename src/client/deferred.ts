// Deferred calls: functions registered under their names, called later as tasks.

import { errorOf, invalid, unwrap } from "../core/errors.ts";
import { callAsPayload, callInPayload, DEFERRED_PATH } from "../core/task/deferred-call.ts";
import { failureResponse, PermanentTaskFailure } from "../core/task/failures.ts";
import { type PushedTask, readTask } from "../core/task/read-task.ts";
import type { NewTask, Task } from "../core/task/task.ts";
import { logFailure } from "../objects/delivery/failure-log.ts";
import type { QueueHandle } from "./queue-handle.ts";

/** What a deferred function gets beside its argument. */
export interface DeferredContext<Env = unknown> {
  task: PushedTask;
  env: Env;
  ctx: ExecutionContext;
}

// biome-ignore lint/suspicious/noExplicitAny: functions of any argument are registered together.
export type DeferredFunction = (argument: any, context: DeferredContext<any>) => unknown;

/** Functions by the names that tasks call them by: keep a name as long as such tasks may be on a queue. */
export type DeferredFunctions = Record<string, DeferredFunction>;

/** The fields of a task that a deferred call may have. */
export interface DeferOptions
  extends Pick<
    NewTask,
    | "name"
    | "countdown"
    | "eta"
    | "target"
    | "key"
    | "priority"
    | "retry"
    | "dispatchDeadline"
    | "ifExists"
    | "debounce"
    | "throttle"
    | "expires"
  > {
  /** Default `default`. */
  queue?: string;
}

/** The argument may be left out for a function that takes none. */
type Rest<F extends DeferredFunction> = undefined extends Parameters<F>[0]
  ? [argument?: Parameters<F>[0], options?: DeferOptions]
  : [argument: Parameters<F>[0], options?: DeferOptions];

/**
 * Calls one of the registered functions later, as a task. Throws TaskTooLargeError, which tells the size, and
 * InvalidTaskError when the argument has no JSON form.
 */
export type Defer<Functions extends DeferredFunctions> = <F extends Functions[keyof Functions]>(
  called: F,
  ...rest: Rest<F>
) => Promise<Task>;

/** What a Worker without deferred calls leaves out. */
export interface DeferredPart {
  readonly part: "deferred";
  readonly Deferred: typeof Deferred;
  /** Whether the request is a deferred call. */
  isFor(request: Request): boolean;
}

export class Deferred<Functions extends DeferredFunctions> {
  readonly #functions: ReadonlyMap<string, DeferredFunction>;
  readonly #names: ReadonlyMap<DeferredFunction, string>;
  readonly #queue: (name: string) => QueueHandle;

  constructor(functions: Functions, queue: (name: string) => QueueHandle) {
    this.#functions = new Map(Object.entries(functions));
    this.#names = new Map([...this.#functions].map(([name, called]) => [called, name]));
    this.#queue = queue;
  }

  readonly defer: Defer<Functions> = async (called, ...rest) => {
    const [argument, { queue = "default", ...options } = {}] = rest;
    const name = this.#names.get(called);
    if (name === undefined) throw errorOf(invalid("deferred", called.name, this.#known()).failure);
    const payload = unwrap(callAsPayload({ name, argument }));
    return this.#queue(queue).add({ ...options, url: DEFERRED_PATH, payload });
  };

  /** Handles a request to the path of deferred calls; the function's return value becomes the response's JSON. */
  async run(request: Request, env: unknown, ctx: ExecutionContext): Promise<Response> {
    try {
      const task = await readTask<string>(request);
      const { name, argument } = callInPayload(String(task.payload));
      const called = this.#functions.get(name);
      if (!called)
        throw new PermanentTaskFailure(`deferred: found "${name}", expected ${this.#known()}`);
      const value = await called(argument, { task, env, ctx });
      return value === undefined ? new Response(null, { status: 204 }) : Response.json(value);
    } catch (error) {
      const response = failureResponse(error);
      if (!response) throw error;
      logFailure(`deferred call ${request.headers.get("X-AppEngine-TaskName")}`, error);
      return response;
    }
  }

  #known(): string {
    return `one of the registered functions: ${[...this.#functions.keys()].join(", ")}`;
  }
}

/** Deferred calls: functions called later as tasks. */
export const deferred: DeferredPart = {
  part: "deferred",
  Deferred,
  isFor: ({ url }) => new URL(url).pathname === DEFERRED_PATH,
};
