// The library without what a Worker may leave out: YAML is read beforehand, doors and parts are chosen. Wiring only.
import { exports, env as ownEnv } from "cloudflare:workers";
import { pageAfter, queuePage, visitQueues, watchQueues } from "./client/all-queues.ts";
import { auditPage } from "./client/audit.ts";
import { CronHandle } from "./client/cron-handle.ts";
import type { Defer, Deferred, DeferredFunctions, DeferredPart } from "./client/deferred.ts";
import type { PlansPart } from "./client/deploy-plan.ts";
import { createGroup, GroupHandle } from "./client/group-handle.ts";
import { existsQueue, QueueHandle } from "./client/queue-handle.ts";
import type { ShardsPart } from "./client/sharded.ts";
import { CallerStubs, usesBindings } from "./client/stubs.ts";
import { type CompiledFiles, type Files, filesOf } from "./core/config/files.ts";
import { checkParts, readWithParts } from "./core/config/left-out.ts";
import { checkNoLimits } from "./core/config/no-limits.ts";
import type { QueueFile } from "./core/config/queue-config.ts";
import type { DefinitionsPart } from "./core/config/queue-entry.ts";
import type { Targets } from "./core/egress/targets.ts";
import { errorOf, refuse } from "./core/errors.ts";
import { PAGE } from "./core/limits.ts";
import type { PayloadTypes, TypedQueues, UntypedPayloads } from "./core/task/typed-task.ts";
import type { Role } from "./core/tokens.ts";
import type { Caller, DoorSettings } from "./http/auth.ts";
import type { Door } from "./http/door.ts";
import { answerAtDoors, withoutReservedHeaders } from "./http/doors.ts";
import type { CloudQueues } from "./http/queue-service.ts";
import type { App } from "./objects/app.ts";
import { NoCronObject } from "./objects/cron/no-cron.ts";
import type { CronPart } from "./objects/cron/part.ts";
import type { TaskCronObject } from "./objects/cron/task-cron.ts";
import { TaskDirectoryObject } from "./objects/directory/task-directory.ts";
import { TaskEgressObject } from "./objects/egress/task-egress.ts";
import type { BackupsPart } from "./objects/group/backups.ts";
import { TaskGroupObject } from "./objects/group/task-group.ts";
import { clock } from "./objects/host.ts";
import { logBy } from "./objects/log.ts";
import { checkAttemptsPerCall } from "./objects/queue/dispatch/runner-calls.ts";
import type { QueueParts } from "./objects/queue/queue.ts";
import type { AlertsPart } from "./objects/queue/queue-alerts.ts";
import type { RulesPart } from "./objects/queue/ruled-adds.ts";
import type { LimitsPart } from "./objects/queue/shared-limits.ts";
import type { BatchesPart } from "./objects/queue/task-batches.ts";
import type { KeysPart } from "./objects/queue/task-keys.ts";
import { TaskQueueObject } from "./objects/queue/task-queue.ts";
import { type InsideProps, TaskRunnerEntrypoint } from "./objects/runner/task-runner.ts";
import { checkCompatibility, checkHandler, Entrance, watchExports } from "./objects/set-up.ts";
import { checkSettings, type QueueSettings } from "./objects/settings.ts";
import { checkExports } from "./objects/stubs.ts";
import type { Tracing } from "./objects/tracing/tracing.ts";
import { QueuesEntrypoint } from "./service/queues-entrypoint.ts";

export { readBatch, type TaskBatch } from "./client/batch.ts";
export type { CronHandle } from "./client/cron-handle.ts";
export type {
  Defer,
  DeferOptions,
  DeferredContext,
  DeferredFunction,
  DeferredFunctions,
  DeferredPart,
} from "./client/deferred.ts";
export { deferred } from "./client/deferred.ts";
export { type PlansPart, plans } from "./client/deploy-plan.ts";
export type { GroupHandle } from "./client/group-handle.ts";
export type { LeaseTurn } from "./client/lease-turn.ts";
export type { QueueHandle } from "./client/queue-handle.ts";
export { type ShardsPart, shards } from "./client/sharded.ts";
export type { AlertTest, AlertView } from "./core/alerts/alert-view.ts";
export type { SettingChange } from "./core/config/config-changes.ts";
export type { CronPlan } from "./core/config/cron-plan.ts";
export type { CronView } from "./core/config/cron-view.ts";
export type { CompiledFiles } from "./core/config/files.ts";
export type { KeyLimitsView } from "./core/config/keys-config.ts";
export type { KeyLimitsEntry } from "./core/config/keys-schema.ts";
export type { DeployPlan } from "./core/config/plan.ts";
export { type DefinitionsPart, definitions } from "./core/config/queue-entry.ts";
export { fromYaml } from "./core/config/yaml-files.ts";
export * from "./core/errors.ts";
export type { FailureReason } from "./core/failures/fingerprint.ts";
export type { FailureGroup, FailurePage } from "./core/failures/groups.ts";
export type { NewRedrive, Redrive, RedriveState } from "./core/failures/redrive.ts";
export type { Costs, QueueCosts, Usage } from "./core/metrics/costs.ts";
export type {
  HistoryMark,
  HistoryPoint,
  HistorySpan,
  QueueHistory,
} from "./core/metrics/history.ts";
export type { KeyPage, KeyQuery, KeyView } from "./core/metrics/key-view.ts";
export type { QueueEvent, QueueEventKind } from "./core/metrics/queue-event.ts";
export type { QueueView } from "./core/metrics/queue-view.ts";
export type { BatchResult } from "./core/task/batch-answer.ts";
export type {
  AddOptions,
  DeleteResult,
  ListQuery,
  RedriveResult,
  ReleaseResult,
  ResultOptions,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
  WaitOptions,
} from "./core/task/calls.ts";
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
export { type PushedTask, readTask } from "./core/task/read-task.ts";
export { ResultError } from "./core/task/result-error.ts";
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
export type {
  AnyPayloads,
  GroupTaskOf,
  NewGroupOf,
  NewTaskOf,
  OwnGroupTaskOf,
  PayloadOf,
  PayloadTypes,
  QueueName,
  TypedQueues,
  UntypedPayloads,
} from "./core/task/typed-task.ts";
export { cloudTasks } from "./http/cloud-tasks/door.ts";
export { console } from "./http/console/door.ts";
export type { Door } from "./http/door.ts";
export { metrics } from "./http/metrics/door.ts";
export { api } from "./http/native/door.ts";
export { type CronPart, cron } from "./objects/cron/part.ts";
export { type BackupsPart, backups } from "./objects/group/backups.ts";
export { type AlertsPart, alerts } from "./objects/queue/queue-alerts.ts";
export { type RulesPart, rules } from "./objects/queue/ruled-adds.ts";
export { type LimitsPart, limits } from "./objects/queue/shared-limits.ts";
export { type BatchesPart, batches } from "./objects/queue/task-batches.ts";
export { type KeysPart, keys } from "./objects/queue/task-keys.ts";
export type { BindingProps } from "./service/limited-queues.ts";
export type { BoundVerbs, TaskQueuesBinding } from "./service/queues-entrypoint.ts";

export interface SlimOptions {
  /** What `npx durable-taskqueue build` made of queue.yaml and cron.yaml, or `fromYaml(...)` of their texts. */
  config: CompiledFiles | Files;
  /**
   * What queue.yaml's targets stand for: the name of a service binding or of a named entrypoint, or an
   * origin. The setting TASKQUEUE_TARGETS goes before it.
   */
  targets?: Targets | undefined;
  /** What is served to the outside, of `api`, `cloudTasks`, `console` and `metrics`. Default: nothing. */
  doors?: readonly Door[] | undefined;
  /** What there is beside queues and groups, of `alerts`, `backups`, `batches`, `cron`, `deferred`, `definitions`, `keys`, `limits`, `plans`, `rules` and `shards`. Default: nothing. */
  parts?:
    | readonly (
        | AlertsPart
        | BackupsPart
        | BatchesPart
        | CronPart
        | DeferredPart
        | DefinitionsPart
        | KeysPart
        | LimitsPart
        | PlansPart
        | RulesPart
        | ShardsPart
      )[]
    | undefined;
  /**
   * How many attempts may share an invocation of the Worker, from 1 (each has its own) to 100; default 16. Only those
   * of handlers that end within milliseconds do, and no more than 4 that wait for something; each has its own request, signal, deadline and outcome all the same.
   */
  attemptsPerCall?: number | undefined;
  /** `tracing` of durable-taskqueue/tracing, where the Worker has an OpenTelemetry provider. Default: no spans. */
  tracing?: Tracing | undefined;
}

/**
 * The Worker's own handler. It needs a `fetch`, which the type `ExportedHandler` leaves open; whatever else it
 * has (queue, email, ...) passes through `serve`.
 */
export interface Served<Env> extends Partial<App<Env>> {
  scheduled?(
    controller: ScheduledController,
    env: Env,
    ctx: ExecutionContext,
  ): void | Promise<void>;
}

type ObjectClass<Env, Instance> = new (ctx: DurableObjectState, env: Env) => Instance;

/**
 * What a Worker exports and calls. It exports the classes under the names they have here, and its wrangler
 * file lists the five Durable Object classes once.
 */
export interface TaskQueues<Env, Payloads extends PayloadTypes> extends TypedQueues<Payloads> {
  /** A queue: its tasks, its bucket, its attempts and leases. */
  readonly TaskQueue: ObjectClass<Env, TaskQueueObject<Env>>;
  /** A group of subtasks. */
  readonly TaskGroup: ObjectClass<Env, TaskGroupObject<Env>>;
  /** The recurring tasks of cron.yaml. */
  readonly TaskCron: ObjectClass<Env, TaskCronObject<Env>>;
  /** Which queues there are beside those of queue.yaml. */
  readonly TaskDirectory: ObjectClass<Env, TaskDirectoryObject<Env>>;
  /** Sends tasks to absolute urls. */
  readonly TaskEgress: ObjectClass<Env, TaskEgressObject<Env>>;
  /** The entrypoint through which queues reach the Worker's handlers. */
  readonly TaskRunner: new (
    ctx: ExecutionContext,
    env: Env,
  ) => TaskRunnerEntrypoint<Env>;
  /** For other Workers with a service binding to it; export it to let them use the queues, without a token. */
  readonly TaskQueuesEntrypoint: new (
    ctx: ExecutionContext,
    env: Env,
  ) => QueuesEntrypoint<Env>;
  /** A queue, to add to and to act on. A name that is unknown, or can be none, is refused at the first call. */
  get<Name extends keyof Payloads & string>(
    env: Env,
    name: Name,
  ): QueueHandle<Payloads[Name], Payloads>;
  /**
   * Registers functions to be called later: `const { defer } = queues.deferred({ countTo })`, then
   * `defer(countTo, { from: 1, to: 10 }, { countdown: 5 })`. Once for each Worker.
   */
  deferred<Functions extends DeferredFunctions>(
    functions: Functions,
  ): { readonly defer: Defer<Functions> };
  /** A group that was made before, to look at, to add to or to cancel. */
  group(env: Env, name: string): GroupHandle<Payloads>;
  /** The recurring tasks of cron.yaml, to look at and to act on. */
  cron(env: Env): CronHandle;
  /**
   * Wraps the Worker's handler: requests from outside pass the door first, and tasks go straight to it. This is
   * what a Worker exports as its default.
   */
  serve<Handler extends Served<Env>>(handler: Handler): Handler & Required<Served<Env>>;
  /**
   * Middleware for a router, where `serve` does not fit: answers what is the queue's, and nothing for
   * the rest. A request with forged headers is sent through the Worker again without them.
   */
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response | undefined>;
  /** Wakes every queue, in case the platform lost an alarm; `serve` calls it for a cron trigger. */
  scheduled(env: Env): Promise<void>;
}

/**
 * Binds queues to a Worker, with no more than it is given. `Payloads` may give the payload type of each queue, which types
 * `get(env, name).add(...)`.
 */
export function createTaskQueues<Env = unknown, Payloads extends PayloadTypes = UntypedPayloads>(
  options: SlimOptions,
): TaskQueues<Env, Payloads> {
  const isGuest = usesBindings(ownEnv);
  if (!isGuest) checkCompatibility();
  checkSettings(ownEnv);
  logBy((ownEnv as QueueSettings).TASKQUEUE_LOG);
  const { config, targets = {}, doors = [], parts = [] }: Partial<SlimOptions> = options ?? {};
  const attemptsPerCall = options?.attemptsPerCall;
  checkAttemptsPerCall(attemptsPerCall);
  const cronPart = parts.find((it) => it.part === "cron");
  const watching = doors.find((door) => door.watching)?.watching;
  const counting = doors.find((door) => door.counting)?.counting;
  const following = doors.find((door) => door.following)?.following;
  const deferredPart = parts.find((it) => it.part === "deferred");
  const { queues: configured, cron: recurring } = filesOf(
    config as SlimOptions["config"],
    cronPart?.read,
  );
  const reading = [...doors, ...parts.filter((it) => it.part === "definitions")];
  const { readEntry: read } = reading.find((it) => it.readEntry) ?? {};
  const shardsPart = parts.find((it) => it.part === "shards");
  const plansPart = parts.find((it) => it.part === "plans");
  const tracing = options?.tracing;
  const limitsPart = parts.find((it) => it.part === "limits");
  const batchesPart = parts.find((it) => it.part === "batches");
  const alertsPart = parts.find((it) => it.part === "alerts");
  const backupsPart = parts.find((it) => it.part === "backups");
  const queueParts: QueueParts = {
    Sharding: shardsPart?.Sharding,
    Limits: limitsPart?.Limits,
    Batches: batchesPart?.Batches,
    newAlerts: alertsPart?.newAlerts,
    Backup: backupsPart?.Backup,
    Keys: parts.find((it) => it.part === "keys")?.Keys,
    ruled: parts.find((it) => it.part === "rules")?.ruled,
    Search: doors.find((door) => door.searching)?.searching ?? shardsPart?.Search,
    Totals: counting?.Totals,
    Followers: following?.Followers,
    Failures: doors.find((door) => door.Failures)?.Failures,
  };
  if (!limitsPart) checkNoLimits(configured);
  const names = new Set(parts.map((it) => it.part));
  checkParts(configured, names);
  const readEntry = readWithParts(read, names);
  const file: QueueFile = Object.freeze({ ...configured, readEntry });
  const stubsOf = (env: unknown, who?: string) =>
    new CallerStubs(env, exports, shardsPart?.callsOf, tracing, who);
  const entrance = new Entrance();
  let served: App<Env> | undefined;

  let deferred: Deferred<DeferredFunctions> | undefined;
  const deferredOf = (request: Request) =>
    deferred && deferredPart?.isFor(request) ? deferred : undefined;

  const queueOf = (env: Env, name: string, who?: string) =>
    new QueueHandle(name, stubsOf(env, who), file, following);
  const groupOf = (env: Env, name: string, who?: string) =>
    new GroupHandle(name, stubsOf(env, who));
  const cronOf = (env: Env, who?: string) => new CronHandle(stubsOf(env, who));
  const queuesOf = (env: Env, who: string, role: Role = "admin"): CloudQueues => ({
    ...{ who, role },
    get: (name) => queueOf(env, name, who),
    audit: (query) => auditPage(stubsOf(env), query),
    page: (query) => queuePage(stubsOf(env), file, query),
    exists: (name) => existsQueue(stubsOf(env), file, name),
    watch: (names) => watchQueues(stubsOf(env), file, names),
    pageAfter: (name) => pageAfter(stubsOf(env), file, name, PAGE.max),
    wasRemoved: (name) => stubsOf(env).directory().wasRemoved(name),
    group: (name) => groupOf(env, name, who),
    createGroup: async (given, trace) =>
      (await createGroup(stubsOf(env), given, undefined, trace)).progress,
    cron: () => cronOf(env, who),
    now: clock,
    hosts: (env as QueueSettings).TASKQUEUE_ALLOW_HOSTS,
    figures: (...asked) =>
      stubsOf(env)
        .directory()
        .figures(...asked),
    plan: (given) =>
      (plansPart?.plan ?? withoutPlans)(
        {
          ...{ file, now: clock() },
          page: (cursor) => queuePage(stubsOf(env), file, { limit: PAGE.max, cursor }),
          configOf: (name) => queueOf(env, name).config(),
          cron: () => (cronPart ? cronOf(env).list() : Promise.resolve([])),
        },
        given,
      ),
  });
  // Exports are complete only after the module has run, so they are checked with the first request.
  let isChecked = false;
  const checkOnce = (env: Env) => {
    if (!isChecked && !usesBindings(env)) checkExports(exports);
    isChecked = true;
  };
  const atDoor = (request: Request, env: Env, ctx: ExecutionContext) => {
    checkOnce(env);
    const settings = env as DoorSettings & QueueSettings;
    const queues = ({ name, role }: Caller) => queuesOf(env, name, role);
    const visit = { settings, queues, now: clock() };
    const answer = answerAtDoors(request, visit, doors);
    // When the client hangs up, what was begun is still brought to its end: a lease is taken back.
    ctx.waitUntil(answer.catch(() => {}));
    return answer;
  };
  const scheduled = async (env: Env) => {
    const visits = visitQueues(stubsOf(env));
    await Promise.all(recurring.size > 0 ? [visits, cronOf(env).wake()] : [visits]);
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

  const queues: TaskQueues<Env, Payloads> = {
    TaskQueue: class TaskQueue extends TaskQueueObject<Env> {
      constructor(ctx: DurableObjectState, env: Env) {
        super(ctx, env, file, targets, attemptsPerCall, queueParts);
      }
    },
    TaskGroup: class TaskGroup extends TaskGroupObject<Env> {
      constructor(ctx: DurableObjectState, env: Env) {
        super(ctx, env, file, tracing, backupsPart?.GroupCopy, counting?.Totals.newMeter);
      }
    },
    TaskCron: (cronPart
      ? class TaskCron extends cronPart.Object<Env> {
          constructor(ctx: DurableObjectState, env: Env) {
            super(ctx, env, recurring, file, counting?.Totals.newMeter);
          }
        }
      : NoCronObject) as TaskQueues<Env, Payloads>["TaskCron"],
    TaskDirectory: class TaskDirectory extends TaskDirectoryObject<Env> {
      constructor(ctx: DurableObjectState, env: Env) {
        super(ctx, env, file, watching, counting);
      }
    },
    TaskEgress: class TaskEgress extends TaskEgressObject<Env> {
      constructor(ctx: DurableObjectState, env: Env) {
        super(ctx, env, targets, batchesPart?.batchOutcomeOf, tracing, alertsPart?.post);
      }
    },
    TaskRunner: class TaskRunner extends TaskRunnerEntrypoint<Env> {
      constructor(ctx: ExecutionContext, env: Env) {
        super(ctx, env, served, targets, entrance, batchesPart?.batchOutcomeOf, tracing);
      }
    },
    TaskQueuesEntrypoint: class TaskQueuesEntrypoint extends QueuesEntrypoint<Env> {
      constructor(ctx: ExecutionContext, env: Env) {
        super(ctx, env, (who) => queuesOf(env, who), doors);
      }
    },
    deferred: (functions) => {
      if (!deferredPart) {
        throw new TypeError("deferred: left out of this Worker, expected parts: [deferred]");
      }
      const own = new deferredPart.Deferred(functions, (name) => queueOf(ownEnv as Env, name));
      deferred = own as unknown as Deferred<DeferredFunctions>;
      return own;
    },
    group: ((env, name) => groupOf(env, name)) as TaskQueues<Env, Payloads>["group"],
    cron: (env) => cronOf(env),
    get: ((env, name) => queueOf(env, name)) as TaskQueues<Env, Payloads>["get"],
    serve: (handler) => {
      const own = checkHandler<Env>(handler);
      entrance.use();
      served = {
        fetch: (request, env, ctx) =>
          deferredOf(request)?.run(request, env, ctx) ?? own.fetch(request, env, ctx),
      };
      return {
        ...handler,
        fetch: async (request, env, ctx) => {
          wakeCronOnce(env, ctx);
          const answer = await atDoor(request, env, ctx);
          return answer ?? own.fetch(withoutReservedHeaders(request), env, ctx);
        },
        scheduled: async (controller, env, ctx) => {
          // A router may answer to every name: itty's takes it for a route.
          const own =
            "scheduled" in handler ? handler.scheduled?.(controller, env, ctx) : undefined;
          await Promise.all([scheduled(env), own]);
        },
      };
    },
    fetch: async (request, env, ctx) => {
      entrance.use();
      if (isFromQueue(ctx)) return deferredOf(request)?.run(request, env, ctx);
      wakeCronOnce(env, ctx);
      const answer = await atDoor(request, env, ctx);
      if (answer) return answer;
      const clean = withoutReservedHeaders(request);
      return clean === request ? undefined : ownFetcher().fetch(clean);
    },
    scheduled,
  };
  return isGuest ? queues : watchExports(queues);
}

function withoutPlans(): never {
  const message = "plan: left out of this Worker, expected parts: [plans]";
  throw errorOf(refuse("INVALID_REQUEST", message).failure);
}

function isFromQueue({ props }: ExecutionContext): boolean {
  return (props as Partial<InsideProps> | undefined)?.taskQueue === "inside";
}

function ownFetcher(): Fetcher {
  return (exports as unknown as { default: Fetcher }).default;
}
