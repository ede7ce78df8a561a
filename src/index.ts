// The library: what a Worker imports. Wiring only.
import { exports, env as ownEnv } from "cloudflare:workers";
import { CronHandle } from "./client/cron-handle.ts";
import { type Defer, Deferred, type DeferredFunctions } from "./client/deferred.ts";
import { createGroup, GroupHandle } from "./client/group-handle.ts";
import { allQueueNames, QueueHandle } from "./client/queue-handle.ts";
import { type CronFile, parseCronYaml } from "./core/config/cron-config.ts";
import { parseQueueYaml, type QueueFile } from "./core/config/queue-config.ts";
import type { Targets } from "./core/egress/targets.ts";
import { DEFERRED_PATH } from "./core/task/deferred-call.ts";
import type { DoorSettings } from "./http/auth.ts";
import type { CloudQueues } from "./http/cloud-tasks/call.ts";
import { answerAtDoor, withoutReservedHeaders } from "./http/door.ts";
import { type App, type InsideProps, TaskRunnerEntrypoint } from "./objects/delivery/runner.ts";
import { clock, TaskQueueObject } from "./objects/queue/task-queue.ts";
import type { QueueSettings } from "./objects/settings.ts";
import { directoryAt, ownObjects, type QueueNamespace, queueAt } from "./objects/stubs.ts";

export type { CronHandle } from "./client/cron-handle.ts";
export type {
  Defer,
  DeferOptions,
  DeferredContext,
  DeferredFunction,
  DeferredFunctions,
} from "./client/deferred.ts";
export type { GroupHandle } from "./client/group-handle.ts";
export type { AddOptions, QueueHandle } from "./client/queue-handle.ts";
export { ResultError, type ResultOptions } from "./client/result.ts";
export * from "./core/errors.ts";
export type {
  HistoryMark,
  HistoryPoint,
  HistorySpan,
  QueueHistory,
} from "./core/metrics/history.ts";
export {
  failureResponse,
  PermanentTaskFailure,
  RetryLater,
  SingularTaskFailure,
} from "./core/task/failures.ts";
export type {
  FailurePolicy,
  GroupProgress,
  GroupResult,
  GroupResultPage,
  GroupState,
  GroupTask,
  MasterName,
  NewGroup,
} from "./core/task/group.ts";
export type { NewTime } from "./core/task/new-task.ts";
export type {
  AddResult,
  Dialect,
  Method,
  NewTask,
  OidcToken,
  Params,
  RetryOptions,
  Task,
  TaskState,
} from "./core/task/task.ts";
export type { CronView } from "./objects/cron/view.ts";
export { type PushedTask, readTask } from "./objects/delivery/read-task.ts";
export type {
  DeleteResult,
  ListQuery,
  QueueView,
  RedriveResult,
  ReleaseResult,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "./objects/queue/rpc.ts";

export interface TaskQueuesOptions {
  /** The text of queue.yaml; a bad one throws with file, line and column, so the Worker never starts. */
  config: string;
  /** The text of cron.yaml; a bad one throws likewise. */
  cron?: string;
  /**
   * What queue.yaml's targets stand for: the name of a service binding or of a named entrypoint, or an
   * origin. The setting TASKQUEUE_TARGETS goes before it.
   */
  targets?: Targets;
}

/** The Worker's own handler; whatever else it exports (queue, email, ...) passes through `serve`. */
export interface Served<Env> extends App<Env> {
  scheduled?(
    controller: ScheduledController,
    env: Env,
    ctx: ExecutionContext,
  ): void | Promise<void>;
}

/** What a Worker exports and calls; the two classes keep the names they have here. */
export interface TaskQueues<Env, Payloads extends Record<string, unknown>> {
  /** The Durable Object class that wrangler.toml names. */
  readonly TaskQueue: new (
    ctx: DurableObjectState,
    env: Env,
  ) => TaskQueueObject<Env>;
  /** The entrypoint through which queues reach the Worker's handlers. */
  readonly TaskRunner: new (
    ctx: ExecutionContext,
    env: Env,
  ) => TaskRunnerEntrypoint<Env>;
  /** A queue, to add to and to act on. An unknown name is refused at the first call. */
  get<Name extends keyof Payloads & string>(env: Env, name: Name): QueueHandle<Payloads[Name]>;
  /**
   * Registers functions to be called later: `const { defer } = queues.deferred({ countTo })`, then
   * `defer(countTo, { from: 1, to: 10 }, { countdown: 5 })`. Once for each Worker.
   */
  deferred<Functions extends DeferredFunctions>(
    functions: Functions,
  ): { readonly defer: Defer<Functions> };
  /** A group that was made before, to look at, to add to or to cancel. */
  group(env: Env, name: string): GroupHandle;
  /** The recurring tasks of cron.yaml, to look at and to act on. */
  cron(env: Env): CronHandle;
  /**
   * Wraps the Worker's handler: the door stands in front of it, and tasks go straight to it. This is
   * what a Worker exports as its default.
   */
  serve<Handler extends Served<Env>>(handler: Handler): Handler & Required<Served<Env>>;
  /**
   * Middleware for a router, where `serve` does not fit: answers what is the queue's, and nothing for
   * the rest. A request that carries forged headers is sent through the Worker again without them.
   */
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response | undefined>;
  /** Wakes every queue, in case the platform lost an alarm; `serve` calls it for a cron trigger. */
  scheduled(env: Env): Promise<void>;
}

/**
 * Binds a queue.yaml to a Worker. `Payloads` may give the payload type of each queue, which types
 * `get(env, name).add(...)`.
 */
export function createTaskQueues<
  Env = unknown,
  Payloads extends Record<string, unknown> = Record<string, unknown>,
>({ config, cron, targets = {} }: TaskQueuesOptions): TaskQueues<Env, Payloads> {
  const file: QueueFile = parseQueueYaml(config);
  const recurring: CronFile = cron === undefined ? new Map() : parseCronYaml(cron, file);
  let served: Served<Env> | undefined;

  let deferred: Deferred<DeferredFunctions> | undefined;

  const queueOf = (env: Env, name: string) => new QueueHandle(name, namespaceOf(env), file);
  const groupOf = (env: Env, name: string) => new GroupHandle(name, namespaceOf(env));
  const cronOf = (env: Env) => new CronHandle(namespaceOf(env));
  const queuesOf = (env: Env): CloudQueues => ({
    get: (name) => queueOf(env, name),
    names: () => allQueueNames(namespaceOf(env), file),
    wasRemoved: (name) => directoryAt(namespaceOf(env)).wasRemoved(name),
    group: (name) => groupOf(env, name),
    createGroup: async (given) => (await createGroup(namespaceOf(env), given)).progress,
    cron: () => cronOf(env),
  });
  const atDoor = (request: Request, env: Env) =>
    answerAtDoor(request, env as DoorSettings & QueueSettings, queuesOf(env), clock());
  const scheduled = async (env: Env) => {
    const namespace = namespaceOf(env);
    const names = await allQueueNames(namespace, file);
    const objects = names.map((name) => queueAt(namespace, name));
    const all = recurring.size > 0 ? [...objects, cronOf(env)] : objects;
    await Promise.all(all.map((object) => object.wake()));
  };
  // After a deploy the recurring tasks start with the next cron trigger, or with the first request if that
  // is earlier: a local server has no triggers.
  let isCronAwake = recurring.size === 0;
  const wakeCronOnce = (env: Env, ctx: ExecutionContext) => {
    if (isCronAwake) return;
    isCronAwake = true;
    const awake = cronOf(env).wake();
    ctx.waitUntil(
      awake.catch(() => {
        isCronAwake = false;
      }),
    );
  };

  return {
    TaskQueue: class TaskQueue extends TaskQueueObject<Env> {
      constructor(ctx: DurableObjectState, env: Env) {
        super(ctx, env, file, targets, recurring);
      }
    },
    TaskRunner: class TaskRunner extends TaskRunnerEntrypoint<Env> {
      constructor(ctx: ExecutionContext, env: Env) {
        super(ctx, env, served, targets);
      }
    },
    deferred: (functions) => {
      const own = new Deferred(functions, (name) => queueOf(ownEnv as Env, name));
      deferred = own as unknown as Deferred<DeferredFunctions>;
      return own;
    },
    group: groupOf,
    cron: cronOf,
    get: queueOf as TaskQueues<Env, Payloads>["get"],
    serve: (handler) => {
      served = {
        fetch: (request, env, ctx) =>
          deferred && isDeferred(request)
            ? deferred.run(request, env, ctx)
            : handler.fetch(request, env, ctx),
      };
      return {
        ...handler,
        fetch: async (request, env, ctx) => {
          wakeCronOnce(env, ctx);
          const answer = await atDoor(request, env);
          return answer ?? handler.fetch(withoutReservedHeaders(request), env, ctx);
        },
        scheduled: async (controller, env, ctx) => {
          await Promise.all([scheduled(env), handler.scheduled?.(controller, env, ctx)]);
        },
      };
    },
    fetch: async (request, env, ctx) => {
      if (isFromQueue(ctx)) {
        return deferred && isDeferred(request) ? deferred.run(request, env, ctx) : undefined;
      }
      wakeCronOnce(env, ctx);
      const answer = await atDoor(request, env);
      if (answer) return answer;
      const clean = withoutReservedHeaders(request);
      return clean === request ? undefined : ownFetcher().fetch(clean);
    },
    scheduled,
  };
}

function isDeferred({ url }: Request): boolean {
  return new URL(url).pathname === DEFERRED_PATH;
}

function isFromQueue({ props }: ExecutionContext): boolean {
  return (props as Partial<InsideProps> | undefined)?.taskQueue === "inside";
}

function ownFetcher(): Fetcher {
  return (exports as unknown as { default: Fetcher }).default;
}

// A binding called TASK_QUEUE wins: a Worker may use the queues of another one. Otherwise the class is
// the Worker's own, which needs no binding.
function namespaceOf(env: unknown): QueueNamespace {
  const { TASK_QUEUE } = (env ?? {}) as { TASK_QUEUE?: QueueNamespace };
  return TASK_QUEUE ?? ownObjects(exports);
}
