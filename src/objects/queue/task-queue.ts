// The Durable Object of a queue. Its public methods are the RPC surface: callers outside reach them through
// client/queue-handle.ts, other objects through rpc.ts.
import type { AlertTest } from "../../core/alerts/alert-view.ts";
import type { AlertReport } from "../../core/alerts/report.ts";
import type { SavedPage, SavedRecord, Taken, WalkPlace } from "../../core/backup/record.ts";
import type { CronTask } from "../../core/config/cron-task.ts";
import type { QueueConfig, QueueFile } from "../../core/config/queue-config.ts";
import { parseHostRules } from "../../core/egress/host-rules.ts";
import type { Targets } from "../../core/egress/targets.ts";
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import type { FailurePart } from "../../core/failures/groups.ts";
import type { Redrive } from "../../core/failures/redrive.ts";
import { MAX_WAIT_S } from "../../core/limits.ts";
import type { HistorySpan, QueueHistory } from "../../core/metrics/history.ts";
import type { KeyPage, KeyQuery, KeyView } from "../../core/metrics/key-view.ts";
import type { MeterCounts } from "../../core/metrics/meter.ts";
import type { QueueReport, ReportReader } from "../../core/metrics/queue-report.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import {
  type ShardMap,
  shardObject,
  shardOfObject,
  shardsOf,
} from "../../core/sharding/shard-map.ts";
import type { Grant, Recall, Statement } from "../../core/sharding/statement.ts";
import type {
  AckResult,
  AddCall,
  Added,
  DeleteResult,
  ListQuery,
  RedriveResult,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "../../core/task/calls.ts";
import type { FirstLeasable, LeasedTask, LeaseRequest, LeaseToken } from "../../core/task/lease.ts";
import type { NewTime } from "../../core/task/new-task.ts";
import type { NewTask, Task } from "../../core/task/task.ts";
import { type FormerPage, type FormerTable, formerRows } from "../../store/first-version.ts";
import { QUEUE_MIGRATIONS } from "../../store/migrations.ts";
import type { RedrivenBatch } from "../../store/queue/queue-meta.ts";
import type { BatchOutcome } from "../delivery/batch-outcome.ts";
import { type BatchDelivery, type Delivery, outsideOf } from "../delivery/delivery.ts";
import type { WireOutcome } from "../delivery/outcome.ts";
import { hasIdentity } from "../egress/identity.ts";
import { EgressPool } from "../egress/pool.ts";
import { groupOfFormerName } from "../first-version.ts";
import { clock, Host } from "../host.ts";
import { writeText } from "../log.ts";
import type { Waited } from "../place.ts";
import type {
  BatchCall,
  DeadLetterHop,
  FormerRoleRpc,
  LimitGrant,
  LimitHolderRpc,
  LimitRpc,
  MasterEnd,
  MoveReport,
  MovingBatch,
  QueueCalls,
  QueueRpc,
  RedriveBatch,
  ShardAnswer,
  ShardOrders,
  ShardRpc,
  StartedRedrive,
  StartRedrive,
  TaskRunnerRpc,
} from "../rpc.ts";
import { type QueueSettings, targetsOf } from "../settings.ts";
import type { ListPart, PartAsk, ShardLook } from "../shard-part.ts";
import type { Incoming } from "../sharded/incoming.ts";
import type { ShardOnlyCalls } from "../sharded/routes.ts";
import type { ShardedQueue } from "../sharded/sharded-queue.ts";
import { standIn } from "../stand-in.ts";
import { Stubs } from "../stubs.ts";
import type { Leased } from "../turn.ts";
import { checkWait } from "../waiters.ts";
import { addTasks } from "./admission.ts";
import { collision } from "./collision.ts";
import type { EventStream } from "./context/followers.ts";
import { NO_FOLLOWERS } from "./context/no-followers.ts";
import { ATTEMPTS_PER_CALL, RunnerCalls } from "./dispatch/runner-calls.ts";
import {
  acceptBatch,
  bindMaster,
  dropGroup,
  endMaster,
  findMaster,
  forgetGroup,
  groupFailed,
} from "./group-membership.ts";
import { addCronTasks, addDeadLetters } from "./incoming-tasks.ts";
import {
  getTask,
  historyOf,
  listTasks,
  partOfList,
  queueView,
  reportOf,
} from "./inspect/queries.ts";
import { shardLook } from "./inspect/shard-look.ts";
import { listTombstones, releaseName } from "./inspect/tombstones.ts";
import type { Limits } from "./limits/limits.ts";
import { type Keys, Queue, type QueueParts } from "./queue.ts";
import { define, purge, remove, setPaused } from "./queue-operations.ts";
import type { ObjectCalls, OwnCall } from "./sharding/sharding.ts";
import {
  deleteTasks,
  redriveAll,
  redriveTasks,
  rescheduleTask,
  runTask,
} from "./task-operations.ts";

/**
 * Calls of the queue as a whole. Of several shards the first one has them done by those that have what they are about;
 * what it has itself is asked by `onShard` alone.
 */
const ROUTED = [
  ...["add", "get", "result", "list", "delete", "lease", "withdrawLeases", "acknowledge"],
  ...["modifyLease", "failLeased", "run", "reschedule", "redrive", "redriveAll", "tombstones"],
  ...["release", "describe", "history", "pulse", "follow", "exportPage", "importRecords"],
  "failures",
] as const satisfies readonly (keyof ShardedQueue)[];

/** The same for calls of other objects. */
const INCOMING = [
  ...["addCronTasks", "addDeadLetters", "acceptBatch", "findMaster", "bindMaster", "endMaster"],
  ...["dropGroup", "forgetGroup", "groupFailed", "runningOfGroup"],
] as const satisfies readonly (keyof Incoming)[];

/** What a shard is asked by `onShard`, and a queue is not. */
const SHARD_ONLY = [
  "collisions",
  "addWhereItWas",
  "firstLeasable",
  "leaseNow",
  "listPart",
  "look",
  "redriveBatch",
  "takeIn",
  "moves",
  "movesEnded",
] as const satisfies readonly (keyof ShardOnlyCalls)[];

/** When it looks again whether what it lacks is there, in ms. */
const LACKING_MS = 60_000;

const NO_KEYS = refuse("INVALID_REQUEST", "keys: left out of this Worker, expected parts: [keys]");

const NO_ALERTS = refuse(
  "INVALID_REQUEST",
  "alert: left out of this Worker, expected parts: [alerts]",
);

const NO_BACKUPS = refuse(
  "INVALID_REQUEST",
  "queue: left out of this Worker, expected parts: [backups]",
);

const NO_FAILURES = refuse(
  "INVALID_REQUEST",
  "queue: left out of this Worker, expected doors: [api]",
);

/** What each call does on this object alone. */
const OWN = new Map<string, OwnCall>();

export class TaskQueueObject<Env = unknown>
  extends Host<Env>
  implements QueueCalls, QueueRpc, ShardRpc, ShardOnlyCalls, LimitRpc, LimitHolderRpc, FormerRoleRpc
{
  readonly #queue: Queue;
  readonly #stubs: Stubs;
  readonly #targets: Targets;
  readonly #egress: EgressPool;
  readonly #calls: RunnerCalls;
  #runner: TaskRunnerRpc | undefined;

  /**
   * `file`: the queue.yaml this Worker was deployed with; `targets`: what its targets stand for; `attemptsPerCall`:
   * how many attempts may share an invocation of the runner; `parts`: what this Worker does not leave out.
   */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    file: QueueFile,
    targets: Targets,
    attemptsPerCall = ATTEMPTS_PER_CALL,
    parts: QueueParts = {},
  ) {
    const { Totals } = parts;
    super(ctx, env, QUEUE_MIGRATIONS, Totals?.newMeter(clock));
    this.#egress = new EgressPool(Totals?.callMeters(clock, (counts) => this.#used(counts)));
    const settings = env as QueueSettings;
    const { queue, shard } = shardOfObject(ctx.id.name ?? "");
    this.#stubs = new Stubs(
      ctx.exports,
      (name) =>
        file.queues.get(name) ?? (name === queue ? this.#queue.definition.config : undefined),
    );
    this.#targets = targetsOf(env, targets);
    this.#calls = new RunnerCalls({
      ...{ runner: () => this.runner(), now: () => this.now() },
      most: standIn?.attemptsPerCall ?? attemptsPerCall,
    });
    this.#queue = new Queue({
      ...parts,
      ...{
        name: queue || undefined,
        shard,
        object: () => this,
        file,
        sql: this.sql,
        meter: this.meter,
        commit: this.commit,
        stubs: this.#stubs,
      },
      hosts: parseHostRules(settings.TASKQUEUE_ALLOW_HOSTS),
      hasIdentity: hasIdentity(settings),
      deliver: (deliveries) => this.#deliver(deliveries),
      deliverBatch: (delivery) => this.#deliverBatch(delivery),
      post: (webhook) =>
        this.#egress.send((index) => this.#stubs.egress(this.#object, index).post(webhook)),
      now: () => this.now(),
      random: () => this.random(),
      late: () => this.wakeup.late,
      arm: () => this.arm(),
      armRetry: () => this.armRetry(),
    });
    this.drive(this.#queue.fault ? [] : this.#queue.jobs);
  }

  static {
    for (const verb of [...ROUTED, ...INCOMING]) {
      const plain = TaskQueueObject.prototype[verb] as OwnCall;
      OWN.set(verb, plain);
      const routed = function (this: TaskQueueObject, ...args: unknown[]) {
        const { calls } = this.#queue.sharding;
        return calls ? calls.route(verb, plain.bind(this), args) : plain.apply(this, args);
      };
      Object.defineProperty(TaskQueueObject.prototype, verb, {
        ...{ value: routed, configurable: true },
      });
    }
    for (const verb of SHARD_ONLY) OWN.set(verb, TaskQueueObject.prototype[verb] as OwnCall);
    TaskQueueObject.countCalls(TaskQueueObject.prototype, [
      "constructor",
      "alarm",
      "runner",
      "checkCall",
    ]);
  }

  #used(counts: MeterCounts | undefined): void {
    this.#queue.statistics.totals?.usedElsewhere(counts);
  }

  protected override get goesOn(): boolean {
    return !standIn?.startsInAlarmsOnly;
  }

  /** What it has as one of several shards. */
  get #shards(): ObjectCalls {
    const { calls } = this.#queue.sharding;
    if (calls) return calls;
    throw new Error(
      `queue: found a call for a shard of "${this.#queue.name}", expected none without parts: [shards]`,
    );
  }

  get #limits(): Limits {
    const { limits } = this.#queue;
    if (limits) return limits;
    throw new Error(
      `queue: found a call for a limit at "${this.#queue.name}", expected none without parts: [limits]`,
    );
  }

  protected override checkCall(): void {
    const { fault } = this.#queue;
    if (fault) throw new Error(fault);
  }

  // Nothing is lost by what is missing: with it, the first alarm goes on.
  #lookAgain(): void {
    const { fault } = this.#queue;
    if (!fault) return;
    writeText("error", `${this.title}: ${fault}`);
    this.wakeup.by(this.now() + LACKING_MS);
  }

  async onShard(map: ShardMap, verb: string, args: readonly unknown[]): Promise<ShardAnswer> {
    const own = OWN.get(verb);
    if (!own)
      throw new TypeError(`verb: found ${JSON.stringify(verb)}, expected one that is routed`);
    return this.#shards.onShard(map, verb, own.bind(this), [...args]);
  }

  /** For each name what it collides with, if a task to come had it. */
  async collisions(names: readonly string[]): Promise<(Failure | null)[]> {
    const now = this.now();
    return names.map((name) => {
      const found = this.#queue.store.find(name, now);
      return found ? collision(name, found) : null;
    });
  }

  async addWhereItWas(task: unknown): Promise<Answer<Added | null>> {
    const { ok: admission, failure } = this.#queue.admission();
    if (failure) return { failure };
    const queue = this.#queue;
    return queue.ruled?.addWhereItWas(queue, task, admission) ?? { ok: null };
  }

  async firstLeasable(request: LeaseRequest): Promise<Answer<FirstLeasable | null>> {
    return this.#refusalUnlessPull() ?? this.#queue.pull.first(request);
  }

  async leaseNow(request: LeaseRequest): Promise<Answer<LeasedTask[]>> {
    return this.#refusalUnlessPull() ?? this.#queue.pull.leaseNow(request);
  }

  async takeIn(batch: MovingBatch): Promise<boolean> {
    return this.#shards.takeIn(batch);
  }

  async moves(): Promise<MoveReport> {
    return this.#shards.moves();
  }

  async movesEnded(): Promise<void> {
    await this.#shards.movesEnded();
  }

  async shardOrders(): Promise<ShardOrders> {
    return this.#shards.shardOrders();
  }

  async obey(orders: ShardOrders): Promise<void> {
    await this.#shards.obey(orders);
  }

  async askLimit(object: string, statement: Statement): Promise<LimitGrant> {
    const granted = await this.#limits.keeper.ask(object, statement);
    const used = this.meter?.untold();
    return { ...granted, ...(used && { used }) };
  }

  async recallLimit(limit: string, recall: Recall): Promise<Statement> {
    return this.#limits.drawn.recall(limit, recall);
  }

  async nudgeLimit(limit: string): Promise<void> {
    this.#limits.drawn.nudge(limit);
  }

  async askShare(statement: Statement): Promise<Grant> {
    return this.#shards.askShare(statement);
  }

  async recallShare(recall: Recall): Promise<Statement> {
    return this.#shards.recallShare(recall);
  }

  async nudgeShare(): Promise<void> {
    await this.#shards.nudgeShare();
  }

  async takeAlertReport(shard: number, report: AlertReport): Promise<void> {
    this.#queue.alerts?.take(shard, report);
  }

  async alertReport(): Promise<AlertReport | undefined> {
    return this.#queue.alerts?.report();
  }

  protected get title(): string {
    return `task queue "${this.#queue.name}"`;
  }

  async add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]> {
    return addTasks(this.#queue, calls);
  }

  async get(name: string): Promise<Answer<Task>> {
    return getTask(this.#queue, name);
  }

  /** The task once it has ended, or after `waitSeconds` (60 at most) as it is then. */
  async result(name: string, waitSeconds: number): Promise<Waited<Answer<Task>>> {
    const refusal = checkWait("waitSeconds", waitSeconds);
    if (refusal) return { got: refusal };
    const { name: queue, keepResults } = this.#queue.definition.config;
    if (!keepResults) {
      const message = `queue: "${queue}" keeps no results; in queue.yaml, extensions.keep_results: true`;
      return { got: refuse("INVALID_REQUEST", message) };
    }
    return this.#queue.resultWaiters.wait(name, Math.min(waitSeconds, MAX_WAIT_S));
  }

  async list(query: ListQuery): Promise<Answer<TaskPage>> {
    return listTasks(this.#queue, query);
  }

  async listPart(query: ListQuery, ask: PartAsk): Promise<ListPart> {
    return partOfList(this.#queue, query, ask);
  }

  async delete(names: readonly string[]): Promise<DeleteResult[]> {
    return deleteTasks(this.#queue, names);
  }

  async lease(request: LeaseRequest): Promise<Leased> {
    const refusal = this.#refusalUnlessPull();
    return refusal ? { got: refusal } : this.#queue.pull.lease(request);
  }

  /** Leases that reached nobody, because the caller went away, are as if they had not been. */
  async withdrawLeases(leased: readonly Pick<Task, "name" | "lease">[]): Promise<void> {
    this.#queue.pull.withdraw(leased);
  }

  async acknowledge(tokens: readonly LeaseToken[]): Promise<Answer<AckResult[]>> {
    return this.#refusalUnlessPull() ?? { ok: this.#queue.pull.acknowledge(tokens) };
  }

  async modifyLease(token: LeaseToken, seconds: number): Promise<Answer<Task>> {
    return this.#refusalUnlessPull() ?? this.#queue.pull.modify(token, seconds);
  }

  async failLeased(token: LeaseToken, error: unknown): Promise<Answer<Task>> {
    return this.#refusalUnlessPull() ?? this.#queue.pull.fail(token, error);
  }

  async run(name: string): Promise<Answer<Task>> {
    return runTask(this.#queue, name);
  }

  async reschedule(name: string, time: NewTime): Promise<Answer<Task>> {
    return rescheduleTask(this.#queue, name, time);
  }

  async redrive(names: readonly string[]): Promise<RedriveResult[]> {
    return redriveTasks(this.#queue, names);
  }

  /** Puts every failed task back; how many. */
  async redriveAll(): Promise<number> {
    return redriveAll(this.#queue);
  }

  async failures(): Promise<Answer<FailurePart[]>> {
    const { failures } = this.#queue;
    return failures ? { ok: [await failures.failures()] } : NO_FAILURES;
  }

  async startRedrive(given: StartRedrive): Promise<Answer<StartedRedrive>> {
    return this.#queue.failures?.start(given) ?? NO_FAILURES;
  }

  async redrives(): Promise<Answer<Redrive[]>> {
    const { failures } = this.#queue;
    return failures ? { ok: failures.list() } : NO_FAILURES;
  }

  async cancelRedrive(id: string, who: string): Promise<Answer<Redrive>> {
    return this.#queue.failures?.cancel(id, who) ?? NO_FAILURES;
  }

  async redriveBatch(batch: RedriveBatch): Promise<RedrivenBatch> {
    const { failures } = this.#queue;
    if (failures) return failures.batch(batch);
    throw new Error(NO_FAILURES.failure.message);
  }

  async tombstones(query: TombstoneQuery): Promise<Answer<TombstonePage>> {
    return listTombstones(this.#queue, query);
  }

  /** Frees a tombstone's name; false when there was none. */
  async release(name: string): Promise<boolean> {
    return releaseName(this.#queue, name);
  }

  async purge(): Promise<QueueView> {
    await purge(this.#queue);
    return this.#described();
  }

  async pause(): Promise<QueueView> {
    await setPaused(this.#queue, true);
    return this.#described();
  }

  async resume(): Promise<QueueView> {
    await setPaused(this.#queue, false);
    return this.#described();
  }

  async describe(): Promise<QueueView> {
    return queueView(this.#queue);
  }

  // What was done is done, whether all shards say how they are or not.
  async #described(): Promise<QueueView> {
    return this.describe().catch(() => queueView(this.#queue));
  }

  async history(span: HistorySpan): Promise<QueueHistory> {
    return historyOf(this.#queue, span);
  }

  /**
   * The queue's state, and its history as far as that is newer than `since` (ms since 1970). The directory is told
   * when the state it was given holds no more.
   */
  async pulse(since: number, reader?: ReportReader): Promise<QueueReport> {
    if (reader === "scrape") this.#scraped();
    const report = reportOf(this.#queue, since, this.wakeup.nextAt, reader);
    if (reader) this.#queue.notice.reported(report.holdsUntil !== undefined);
    return report;
  }

  /** What happens from now on, as server-sent events; of several objects a stream of each. No RPC finds a method `tail`. */
  async follow(): Promise<Answer<EventStream[]>> {
    const { followers } = this.#queue.happenings;
    if (!followers) return NO_FOLLOWERS;
    const { ok: stream, failure } = followers.add();
    return failure ? { failure } : { ok: [stream] };
  }

  // The reader hears by its answer of what this writes.
  #scraped(): void {
    this.#queue.notice.reported(false);
    this.#queue.statistics.totals?.scraped(this.now());
  }

  async look(span: HistorySpan, since: number, reader?: ReportReader): Promise<ShardLook> {
    if (reader === "scrape") this.#scraped();
    const look = shardLook(this.#queue, { span, since, reader }, this.wakeup.nextAt);
    if (reader) this.#queue.notice.reported(true);
    return look;
  }

  // The directory visits the first shard, which visits the others.
  override async wake(): Promise<void> {
    await super.wake();
    const { shard, name } = this.#queue;
    const others = shard.index === 0 ? shardsOf(shard.map).slice(1) : [];
    await Promise.all(others.map((index) => this.#stubs.shard(name, index).wake()));
  }

  async exportPage(from: WalkPlace): Promise<Answer<SavedPage>> {
    return this.#queue.saved?.page(from) ?? NO_BACKUPS;
  }

  async importRecords(records: readonly SavedRecord[]): Promise<Answer<Taken[]>> {
    return this.#queue.saved?.take(records) ?? NO_BACKUPS;
  }

  /** Its configuration; in contrast to `describe` this reads no rows. */
  async config(): Promise<QueueConfig> {
    return this.#queue.definition.config;
  }

  /** Makes or changes a queue that is not in queue.yaml, by an entry of that file's form. */
  async define(entry: unknown): Promise<Answer<QueueView>> {
    const { failure } = await define(this.#queue, entry);
    return failure ? { failure } : { ok: await this.#described() };
  }

  /** Removes such a queue with its tasks. */
  async remove(): Promise<Answer<true>> {
    return remove(this.#queue);
  }

  async keys(query: KeyQuery): Promise<Answer<KeyPage>> {
    return this.#keysOr((keys) => keys.list(query));
  }

  async key(key: string): Promise<Answer<KeyView>> {
    return this.#keysOr((keys) => keys.get(key));
  }

  /** Sets limits of one key in place of the configuration's; undefined: those hold again. */
  async limitKey(key: string, limits: unknown): Promise<Answer<KeyView>> {
    await this.#queue.ensureListed();
    return this.#keysOr((keys) => keys.limit(key, limits));
  }

  /** Sends a message of the alert that says it is a test, once. */
  async testAlert(name: string): Promise<Answer<AlertTest>> {
    return this.#queue.alerts?.test(name) ?? NO_ALERTS;
  }

  #keysOr<T>(call: (keys: Keys) => Answer<T>): Answer<T> {
    const { keys } = this.#queue;
    return keys ? call(keys) : NO_KEYS;
  }

  async mode(): Promise<"push" | "pull" | undefined> {
    const { config, isDefined } = this.#queue.definition;
    return isDefined ? config.mode : undefined;
  }

  async deadLetterHop(): Promise<DeadLetterHop | undefined> {
    const { config, isDefined } = this.#queue.definition;
    if (!isDefined) return undefined;
    const { mode, failedQueue } = config;
    return failedQueue === undefined ? { mode } : { mode, failedQueue };
  }

  async addCronTasks(
    tasks: readonly CronTask[],
    used?: MeterCounts,
  ): Promise<Answer<Answer<Task>[]>> {
    this.#used(used);
    await this.#queue.ensureListed();
    return addCronTasks(this.#queue, tasks);
  }

  async addDeadLetters(tasks: readonly NewTask[]): Promise<Answer<Answer<Task>[]>> {
    await this.#queue.ensureListed();
    return addDeadLetters(this.#queue, tasks);
  }

  async acceptBatch(batch: BatchCall, used?: MeterCounts): Promise<Answer<Failure[]>> {
    this.#used(used);
    await this.#queue.ensureListed();
    return acceptBatch(this.#queue, batch);
  }

  async findMaster(name: string, group: string): Promise<Answer<number>> {
    return findMaster(this.#queue, name, group);
  }

  async bindMaster(name: string, group: string): Promise<Answer<number>> {
    return bindMaster(this.#queue, name, group);
  }

  async formerRows(table: FormerTable, after: string | number): Promise<FormerPage> {
    return formerRows(this.sql, table, after);
  }

  // An object that was a group in the first version goes on as one.
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const group = groupOfFormerName(this.#queue.name);
    if (group !== undefined) return this.#stubs.group(group).adopt();
    await super.alarm(info);
    this.#lookAgain();
  }

  async endMaster(end: MasterEnd): Promise<void> {
    endMaster(this.#queue, end);
  }

  async dropGroup(group: string, batch: number): Promise<void> {
    await dropGroup(this.#queue, group, batch);
  }

  async forgetGroup(
    group: string,
    batch: number,
    state?: "done" | "cancelled",
    used?: MeterCounts,
  ): Promise<void> {
    this.#used(used);
    forgetGroup(this.#queue, group, batch, state);
  }

  async groupFailed(group: string): Promise<void> {
    groupFailed(this.#queue, group);
  }

  async runningOfGroup(group: string): Promise<number> {
    return this.#queue.push.runningOfGroup(group);
  }

  async cancelled(attempt: number): Promise<string> {
    return this.#queue.push.cancelled(attempt);
  }

  // Kept: looking it up for each attempt is part of the hot path.
  protected runner(): TaskRunnerRpc {
    this.#runner ??= this.#stubs.runner();
    return this.#runner;
  }

  // By RPC, not fetch: the call leaves in the alarm's name even when it has to wait for a commit.
  #deliver(deliveries: readonly Delivery[]): Promise<WireOutcome>[] {
    const own = deliveries.filter((delivery) => !outsideOf(delivery, this.#targets));
    const outcomes = this.#calls.run(own);
    if (own.length === deliveries.length) return outcomes;
    const ofOwn = new Map(own.map((delivery, i) => [delivery, outcomes[i]]));
    return deliveries.map((delivery) => ofOwn.get(delivery) ?? this.#sendOut(delivery));
  }

  #deliverBatch(delivery: BatchDelivery): Promise<BatchOutcome> {
    if (!outsideOf(delivery, this.#targets)) return this.runner().runBatch(delivery);
    return this.#egress.send((index) =>
      this.#stubs.egress(this.#object, index).sendBatch(delivery),
    );
  }

  #sendOut(delivery: Delivery): Promise<WireOutcome> {
    return this.#egress.send((index) => this.#stubs.egress(this.#object, index).send(delivery));
  }

  get #object(): string {
    return shardObject(this.#queue.name, this.#queue.shard.index);
  }

  #refusalUnlessPull(): Answer<never> | undefined {
    const { name, mode } = this.#queue.definition.config;
    if (mode === "pull") return undefined;
    const message = `queue: "${name}" is a push queue, only tasks of a pull queue are leased`;
    return refuse("WRONG_QUEUE_MODE", message);
  }
}
