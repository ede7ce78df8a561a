// The Durable Object of a queue. Thin: it wires a Queue to its storage, its alarm and its runner, and
// its methods are the verbs. Further objects of the same class, under names no queue can have, are the
// directory of all queues there have been, the couriers that carry tasks out of the Worker, and the keeper of
// recurring tasks; so a Worker's configuration names one class.
import { DurableObject } from "cloudflare:workers";
import type { CronFile } from "../../core/config/cron-config.ts";
import type { QueueConfig, QueueFile } from "../../core/config/queue-config.ts";
import { type HostRules, parseHostRules } from "../../core/egress/host-rules.ts";
import type { Targets } from "../../core/egress/targets.ts";
import { type Answer, refuse } from "../../core/errors.ts";
import { MAX_WAIT_S } from "../../core/limits.ts";
import type { HistorySpan, QueueHistory } from "../../core/metrics/history.ts";
import type { LeaseRequest } from "../../core/task/lease.ts";
import type { NewTime } from "../../core/task/new-task.ts";
import { hasEnded, type Task } from "../../core/task/task.ts";
import { Store } from "../../store/queue/queue-store.ts";
import type { Sql } from "../../store/sql.ts";
import { Cron } from "../cron/scheduler.ts";
import { attended } from "../delivery/cancellation.ts";
import { type Delivery, outsideOf } from "../delivery/delivery.ts";
import type { WireOutcome } from "../delivery/outcome.ts";
import type { TaskRunnerVerbs } from "../delivery/runner.ts";
import { Directory } from "../directory/directory.ts";
import { hasIdentity } from "../egress/identity.ts";
import { Couriers } from "../egress/pool.ts";
import { callOut } from "../egress/send.ts";
import { GroupErrands } from "../group/coordinator.ts";
import { Group, type GroupDeps } from "../group/group.ts";
import { CRON, DIRECTORY } from "../object-names.ts";
import type { Parts, PartVerbs } from "../part-of.ts";
import { type QueueSettings, targetsOf } from "../settings.ts";
import {
  courierAt,
  cronTasksAt,
  directoryAt,
  groupAt,
  joiningAt,
  ownObjects,
  type QueueNamespace,
  queueAt,
} from "../stubs.ts";
import { Waiters } from "../waiters.ts";
import { Wakeup } from "../wakeup.ts";
import type { AddCall, Added } from "./admission.ts";
import { CronTasks } from "./cron-tasks.ts";
import { Entry } from "./definition.ts";
import { Joining } from "./group-membership.ts";
import {
  getTask,
  historyOf,
  listTasks,
  pulseOf,
  queueView,
  type Shown,
} from "./inspect/queries.ts";
import { KeptHistory } from "./inspect/stored-history.ts";
import { listTombstones, releaseName } from "./inspect/tombstones.ts";
import type { AckResult, Hold, Leasing } from "./leasing/leasing.ts";
import { Queue } from "./queue.ts";
import type {
  CourierVerbs,
  DeleteResult,
  ListQuery,
  Pulse,
  QueueVerbs,
  QueueView,
  RedriveResult,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "./rpc.ts";
import { redriveAll, redriveTasks, rescheduleTask, runTask } from "./task-operations.ts";

const AFTER_TROUBLE_MS = 1000;

/** The clock, in ms since 1970: the only one there is. */
export function clock(): number {
  return Date.now();
}

export class TaskQueueObject<Env = unknown>
  extends DurableObject<Env>
  implements QueueVerbs, CourierVerbs, PartVerbs
{
  readonly #sql: Sql;
  readonly #store: Store;
  readonly #wakeup: Wakeup;
  readonly #queue: Queue;
  readonly #entry: Entry;
  readonly #waitingForEnds: Waiters<string, Answer<Task>>;
  readonly #targets: Targets;
  readonly #couriers = new Couriers();
  readonly #errands: GroupErrands;
  readonly #parts: Omit<Parts, "group" | "cron"> & { group: Group; cron?: Cron };
  protected readonly runner: TaskRunnerVerbs;

  /**
   * `file`: the queue.yaml this Worker was deployed with; `targets`: what its targets stand for; `cron`: its
   * cron.yaml.
   */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    file: QueueFile,
    targets: Targets,
    cron: CronFile,
  ) {
    super(ctx, env);
    this.#targets = targetsOf(env, targets);
    this.runner = (ctx.exports as unknown as { TaskRunner: TaskRunnerVerbs }).TaskRunner;
    this.#sql = sqlOf(ctx.storage);
    this.#store = new Store(this.#sql, () => this.random());
    this.#wakeup = new Wakeup(ctx.storage, () => this.now());
    // An alarm may wake a cold object without its name; whoever sets alarms has stored its own.
    const name = ctx.id.name ?? this.#store.meta.get("name") ?? DIRECTORY;
    const history = new KeptHistory(this.#store.meta, this.now());
    this.#entry = new Entry(this.#store.meta, file, name, (kind, detail) =>
      history.mark(kind, this.now(), detail),
    );
    const hosts = parseHostRules((env as QueueSettings).TASKQUEUE_ALLOW_HOSTS);
    this.#queue = new Queue(this.#store, {
      entry: this.#entry,
      history,
      hosts,
      hasIdentity: hasIdentity(env as QueueSettings),
      storageLimit: file.totalStorageLimit,
      sql: this.#sql,
      wakeup: this.#wakeup,
      now: () => this.now(),
      // By RPC, not fetch: the call leaves in the alarm's name even when it has to wait for a commit.
      deliver: (delivery) =>
        outsideOf(delivery, this.#targets) ? this.#sendOut(delivery) : this.runner.run(delivery),
      addTo: async (queue, tasks) => {
        const call = { tasks, atomic: false };
        return (await queueAt(this.#objects, queue).add([call]))[0] as Answer<Added[]>;
      },
      tell: (group, entries) =>
        groupAt(this.#objects, group).take(this.#entry.config.name, entries),
      changed: () => this.#waitingForEnds.serve(),
    });
    const becomeKnown = () => this.#becomeKnown();
    this.#parts = {
      directory: new Directory(this.#store.directory, () => this.now()),
      group: new Group(this.#groupDeps(file, hosts)),
      joining: new Joining(this.#queue, this.#entry, () => this.now(), becomeKnown),
      cronTasks: new CronTasks(this.#queue, name, becomeKnown),
      ...(name === CRON && { cron: this.#newCron(cron) }),
    };
    this.#errands = new GroupErrands({
      ...{ store: this.#store, group: this.#parts.group, now: () => this.now() },
      queue: (queue) => joiningAt(this.#objects, queue),
      wakeBy: (at) => this.#wakeup.by(at),
    });
    this.#waitingForEnds = new Waiters({
      now: () => this.now(),
      serve: (name) => ended(getTask(this.#shown(), name)),
      timedOut: (name) => getTask(this.#shown(), name),
      nextMoment: () => Number.POSITIVE_INFINITY,
    });
    void ctx.blockConcurrencyWhile(async () => {
      this.#wakeup.recover(await ctx.storage.getAlarm());
      this.#watch();
    });
  }

  /** ms since 1970 */
  now(): number {
    return clock();
  }

  /** Chance, 0 to 1. */
  random(): number {
    return Math.random();
  }

  async add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]> {
    await this.#becomeKnown();
    return this.#queue.add(calls);
  }

  async get(name: string): Promise<Answer<Task>> {
    return getTask(this.#shown(), name);
  }

  async result(name: string, waitSeconds: number): Promise<Answer<Task>> {
    const { name: queue, keepResults } = this.#entry.config;
    if (!keepResults) {
      const message = `queue: "${queue}" keeps no results; in queue.yaml, extensions.keep_results: true`;
      return refuse("INVALID_REQUEST", message);
    }
    const seconds = Math.min(waitSeconds, MAX_WAIT_S);
    return ended(getTask(this.#shown(), name)) ?? this.#waitingForEnds.wait(name, seconds);
  }

  async list(query: ListQuery): Promise<Answer<TaskPage>> {
    return listTasks(this.#shown(), query);
  }

  async delete(names: readonly string[]): Promise<DeleteResult[]> {
    const deleted = this.#queue.delete(names);
    return names.map((name, index) => ({ name, deleted: deleted[index] ?? false }));
  }

  async lease(request: LeaseRequest): Promise<Answer<Task[]>> {
    return this.#leasing((leasing) => leasing.lease(request));
  }

  async acknowledge(holds: readonly Hold[]): Promise<Answer<AckResult[]>> {
    return this.#leasing((leasing) => ({ ok: leasing.acknowledge(holds) }));
  }

  async modifyLease(hold: Hold, seconds: number): Promise<Answer<Task>> {
    return this.#leasing((leasing) => leasing.modify(hold, seconds));
  }

  #leasing<T>(
    act: (leasing: Leasing) => Answer<T> | Promise<Answer<T>>,
  ): Answer<T> | Promise<Answer<T>> {
    const { leasing } = this.#queue;
    if (leasing) return act(leasing);
    const message = `queue: "${this.#entry.config.name}" is a push queue, only tasks of a pull queue are leased`;
    return refuse("WRONG_QUEUE_MODE", message);
  }

  async run(name: string): Promise<Answer<Task>> {
    return runTask(this.#shown(), name);
  }

  async reschedule(name: string, time: NewTime): Promise<Answer<Task>> {
    return rescheduleTask(this.#shown(), name, time);
  }

  async redrive(names: readonly string[]): Promise<RedriveResult[]> {
    return redriveTasks(this.#shown(), names);
  }

  async redriveAll(): Promise<number> {
    return redriveAll(this.#shown());
  }

  async tombstones(query: TombstoneQuery): Promise<Answer<TombstonePage>> {
    return listTombstones(this.#shown(), query);
  }

  async release(name: string): Promise<boolean> {
    return releaseName(this.#shown(), name);
  }

  async purge(): Promise<QueueView> {
    this.#queue.purge();
    return this.describe();
  }

  async pause(): Promise<QueueView> {
    this.#queue.setPaused(true);
    return this.describe();
  }

  async resume(): Promise<QueueView> {
    this.#queue.setPaused(false);
    return this.describe();
  }

  async describe(): Promise<QueueView> {
    return queueView(this.#shown());
  }

  async history(span: HistorySpan): Promise<QueueHistory> {
    return historyOf(this.#shown(), span);
  }

  async pulse(since: number): Promise<Pulse> {
    return pulseOf(this.#shown(), since);
  }

  async config(): Promise<QueueConfig> {
    return this.#entry.config;
  }

  async ending(attempt: number): Promise<string> {
    return this.#queue.ending(attempt);
  }

  async carry(delivery: Delivery): Promise<WireOutcome> {
    const { queue, attempt } = delivery;
    const ending = () => queueAt(this.#objects, queue).ending(attempt);
    const place = { ...outsideOf(delivery, this.#targets), settings: this.env as QueueSettings };
    return attended(this.ctx, ending, (signal) =>
      callOut(delivery, { ...place, now: this.now(), signal }),
    );
  }

  #sendOut(delivery: Delivery): Promise<WireOutcome> {
    return this.#couriers.send((courier) =>
      courierAt(this.#objects, delivery.queue, courier).carry(delivery),
    );
  }

  async define(given: unknown): Promise<Answer<QueueView>> {
    const { failure } = this.#entry.define(given);
    if (failure) return { failure };
    this.#queue.reconfigured();
    await this.#becomeKnown();
    return { ok: queueView(this.#shown()) };
  }

  async remove(): Promise<Answer<true>> {
    const answer = this.#entry.remove();
    if (answer.failure) return answer;
    await directoryAt(this.#objects).unregister(this.#entry.config.name);
    this.#queue.erase();
    return answer;
  }

  async wake(): Promise<void> {
    this.#watch();
  }

  async ofPart(part: keyof Parts, verb: string, args: readonly unknown[]): Promise<unknown> {
    const verbs = this.#parts[part] as unknown as Record<string, (...args: unknown[]) => unknown>;
    return verbs[verb]?.(...args);
  }

  // A throw would make the platform try again, and after seven tries drop the alarm for good: it is
  // caught here and the alarm is armed again.
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#wakeup.fired(info?.scheduledTime);
    try {
      this.#queue.turn();
      this.#errands.turn();
      if (this.#parts.cron) await this.#parts.cron.turn();
      if (!this.#wakeup.isNear() && this.#queue.mayHold()) await this.#wakeup.hold();
      this.#watch();
    } catch (error) {
      console.error(`task queue "${this.#entry.config.name}": a turn failed, trying again`, error);
      this.#wakeup.by(this.now() + AFTER_TROUBLE_MS);
    }
  }

  #watch(): void {
    this.#queue.watch();
    this.#errands.arm();
    this.#parts.cron?.arm();
  }

  #newCron(entries: CronFile): Cron {
    return new Cron({
      ...{ store: this.#store, entries, now: () => this.now() },
      addTo: (queue, tasks) => cronTasksAt(this.#objects, queue).add(tasks),
      wakeBy: (at) => this.#wakeup.by(at),
    });
  }

  #groupDeps(file: QueueFile, hosts: HostRules): GroupDeps {
    const now = () => this.now();
    const identity = hasIdentity(this.env as QueueSettings);
    return {
      ...{ store: this.#store, now },
      modes: { hosts, hasIdentity: identity, now, modeOf: (queue) => this.#modeOf(queue, file) },
      attend: ({ queue, name }, group) => joiningAt(this.#objects, queue).attend(name, group),
      running: (queue, group) => joiningAt(this.#objects, queue).running(group),
      changed: () => this.#errands.arm(),
    };
  }

  async #modeOf(queue: string, file: QueueFile): Promise<"push" | "pull" | undefined> {
    const entry = file.queues.get(queue);
    if (entry) return entry.mode;
    if (!(await directoryAt(this.#objects).knownQueues()).includes(queue)) return undefined;
    return (await queueAt(this.#objects, queue).describe()).mode;
  }

  // The first add makes the queue known, before it is answered: a queue with tasks is always listed.
  async #becomeKnown(): Promise<void> {
    const { meta } = this.#store;
    if (meta.get("listed")) return;
    this.#entry.remember();
    await directoryAt(this.#objects).register(this.#entry.config.name);
    meta.set("listed", true);
  }

  get #objects(): QueueNamespace {
    return ownObjects(this.ctx.exports);
  }

  #shown(): Shown {
    return { queue: this.#queue, entry: this.#entry, now: this.now() };
  }
}

/** The answer, if its task has ended or there is no such task. */
function ended(answer: Answer<Task>): Answer<Task> | undefined {
  return answer.failure || hasEnded(answer.ok) ? answer : undefined;
}

function sqlOf(storage: DurableObjectStorage): Sql {
  return {
    rows: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
    run: (query, ...bindings) => storage.sql.exec(query, ...bindings).rowsWritten,
    transaction: (work) => storage.transactionSync(work),
    size: () => storage.sql.databaseSize,
  };
}
