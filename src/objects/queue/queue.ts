// One queue, put together: its store, its definition, the two consumers and the background jobs. Whoever
// changes tasks does it in a commit, and says which rows were written. The rows are the truth; all memory
// here can be lost.

import type { SavedPage, SavedRecord, Taken, WalkPlace } from "../../core/backup/record.ts";
import type { QueueFile } from "../../core/config/queue-config.ts";
import type { HostRules } from "../../core/egress/host-rules.ts";
import type { Answer } from "../../core/errors.ts";
import type { FailurePart } from "../../core/failures/groups.ts";
import type { Redrive } from "../../core/failures/redrive.ts";
import type { KeyPage, KeyQuery, KeyView } from "../../core/metrics/key-view.ts";
import type { Meter, MeterCounts } from "../../core/metrics/meter.ts";
import type { Resharding } from "../../core/metrics/queue-view.ts";
import { limitOfObject } from "../../core/sharding/limit.ts";
import { isLeased } from "../../core/task/lease.ts";
import type { Admission } from "../../core/task/new-task.ts";
import type { TaskState } from "../../core/task/task.ts";
import type { RedrivenBatch } from "../../store/queue/queue-meta.ts";
import { QueueStore } from "../../store/queue/queue-store.ts";
import { isParked } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import type { Sql } from "../../store/sql.ts";
import type { Tables } from "../../store/tables.ts";
import type { Commit } from "../commit.ts";
import type { Job } from "../host.ts";
import { trouble } from "../log.ts";
import type { RedriveBatch, StartedRedrive, StartRedrive, Webhook, WebhookAnswer } from "../rpc.ts";
import type { Stubs } from "../stubs.ts";
import type { Alerts } from "./alerts/alerts.ts";
import { ChangeNotice } from "./change-notice.ts";
import type { Consumer } from "./context/consumer.ts";
import type {
  KeyReasons,
  QueueContext,
  RuledAdds,
  ShardPlace,
  TaskSearch,
} from "./context/context.ts";
import { QueueDefinition, unknownQueue } from "./context/definition.ts";
import type { NewFollowers } from "./context/followers.ts";
import { Happenings } from "./context/happenings.ts";
import type { NewTotals } from "./context/kept-totals.ts";
import { Statistics } from "./context/statistics.ts";
import { StoredHistory } from "./context/stored-history.ts";
import { DeadLetterForwarder } from "./dead-letter-forwarder.ts";
import { DirectoryListing } from "./directory-listing.ts";
import type { NewBatches } from "./dispatch/batches.ts";
import type { Deliver, DeliverBatch } from "./dispatch/dispatcher.ts";
import type { NewLined } from "./dispatch/lined.ts";
import { PushConsumer } from "./dispatch/push-consumer.ts";
import { ExpiryJob } from "./expiry.ts";
import { GroupNotifier } from "./group-notifier.ts";
import { ResultWaiters } from "./inspect/result-waiters.ts";
import { Leasing, type LinedLeasing } from "./leasing/leasing.ts";
import type { Limits } from "./limits/limits.ts";
import { OneObject } from "./one-object.ts";
import { Room } from "./room.ts";
import type { Sharding } from "./sharding/sharding.ts";

/** What of a queue a Worker may leave out. */
export interface QueueParts {
  /** What it has as one of several; without it every queue has one object. */
  Sharding?: NewSharding | undefined;
  /** What it has of limits that queues share; without it there are none. */
  Limits?: NewLimits | undefined;
  /** What it makes calls with that tasks share; without it each has its own. */
  Batches?: NewBatches | undefined;
  /** What it has for tasks with keys; without it there are none. */
  Keys?: NewKeys | undefined;
  /** Adds by rules; without it there are none. */
  ruled?: RuledAdds | undefined;
  /** Saves it and takes in what was saved; without it neither. */
  Backup?: NewBackup | undefined;
  /** Says when something is wrong; without it nothing does. */
  newAlerts?: NewAlerts | undefined;
  /** Finds tasks by what is in them; without it nothing does. */
  Search?: NewSearch | undefined;
  /** What it counts for good; without it nothing is. */
  Totals?: NewTotals | undefined;
  /** What it is followed by; without it nobody follows it. */
  Followers?: NewFollowers | undefined;
  /** Says what failed, and redrives it at a rate; without it neither. */
  Failures?: NewFailures | undefined;
}

/** What a queue is given: its configuration, and every effect it has on the world. */
export interface QueueDeps extends QueueParts {
  /** The queue's name, where the object knows it; an alarm on a cold object may not have it. */
  name: string | undefined;
  /** Which of the queue's objects it is. */
  shard: number;
  /** The object itself, for who does what is asked of the queue as a whole. */
  object: () => unknown;
  /** The queue.yaml this Worker was deployed with. */
  file: QueueFile;
  hosts: HostRules;
  /** Whether identity tokens can be signed. */
  hasIdentity: boolean;
  sql: Sql & Pick<Tables, "exist">;
  /** Where it is counted what the object uses. */
  meter?: Meter | undefined;
  commit: Commit;
  stubs: Stubs;
  deliver: Deliver;
  deliverBatch: DeliverBatch;
  /** Sends a webhook, once. */
  post: (webhook: Webhook) => Promise<WebhookAnswer>;
  /** ms since 1970 */
  now: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** How late alarms come, in ms. */
  late: () => number;
  /** Arms the alarm for whatever is next. */
  arm: () => void;
  /** Arms an alarm a moment from now, after something could not be written. */
  armRetry: () => void;
}

export type NewBackup = new (queue: Queue) => SavedQueue;

/** A queue saved and taken in again: a part that a Worker may leave out. */
export interface SavedQueue {
  page(from: WalkPlace): Promise<Answer<SavedPage>>;
  take(records: readonly SavedRecord[]): Promise<Answer<Taken[]>>;
}

export type NewAlerts = (queue: Queue, deps: QueueDeps) => Alerts;
export type NewSearch = new (queue: QueueContext, deps: Pick<QueueDeps, "sql">) => TaskSearch;
export type NewFailures = new (queue: Queue, deps: QueueDeps) => Failures;

/** Failed tasks by what went wrong with them, and redrives: for a Worker with a door that shows them. */
export interface Failures {
  readonly jobs: readonly Job[];
  failures(): Promise<FailurePart>;
  start(given: StartRedrive): Answer<StartedRedrive>;
  list(): Redrive[];
  cancel(id: string, who: string): Answer<Redrive>;
  batch(ask: RedriveBatch): RedrivenBatch;
}

export type NewLimits = new (queue: Queue, deps: QueueDeps) => Limits;

export type NewKeys = new (queue: Queue, deps: QueueDeps) => Keys;

/** What an object has for tasks with keys: a part that a Worker may leave out. */
export interface Keys extends KeyReasons {
  readonly newLined: NewLined;
  newLeases(): LinedLeasing;
  list(query: KeyQuery): Answer<KeyPage>;
  get(key: string): Answer<KeyView>;
  /** `given`: limits, or undefined for those of the configuration. */
  limit(key: string, given: unknown): Answer<KeyView>;
}

export type NewSharding = new (queue: Queue, deps: QueueDeps) => Sharding;

export class Queue implements QueueContext {
  readonly store: QueueStore;
  readonly commit: Commit;
  readonly stubs: Stubs;
  readonly definition: QueueDefinition;
  readonly statistics: Statistics;
  readonly push: PushConsumer;
  readonly pull: Leasing;
  readonly resultWaiters: ResultWaiters;
  readonly sharding: Sharding;
  readonly limits: Limits | undefined;
  readonly keys: Keys | undefined;
  readonly ruled: RuledAdds | undefined;
  readonly saved: SavedQueue | undefined;
  readonly alerts: Alerts | undefined;
  readonly search: TaskSearch | undefined;
  readonly failures: Failures | undefined;
  /** Why it refuses every call and starts nothing: it has what only a part that is left out knows. */
  readonly fault: string | undefined;
  readonly shard: ShardPlace;
  readonly happenings: Happenings;
  readonly listing: DirectoryListing;
  readonly notifier: GroupNotifier;
  readonly notice: ChangeNotice;
  /** What the object's alarm drives. */
  readonly jobs: readonly Job[];
  readonly #deps: QueueDeps;
  readonly #consumers: readonly Consumer[];
  readonly #room: Room;

  constructor(deps: QueueDeps) {
    const { sql, commit, file, stubs, now, deliver, deliverBatch, late } = deps;
    this.#deps = deps;
    this.#room = new Room(sql);
    this.commit = commit;
    this.stubs = stubs;
    this.store = new QueueStore(
      ...[sql, deps.random],
      (task) => this.resultWaiters.taskEnded(task),
      (name) => this.shard.ownName(name),
      (key) => this.rowWritten(key),
      deps.Keys !== undefined,
    );
    const { store } = this;
    const history = new StoredHistory(store.meta, now());
    const name = deps.name ?? store.meta.get("name") ?? "";
    // The first shard's history is the queue's.
    this.definition = new QueueDefinition(store.meta, file, name, (kind, detail, by) => {
      if (deps.shard > 0) return;
      history.mark(kind, now(), detail);
      if (by) commit.after(() => this.happenings.deployed(kind, detail));
    });
    const { definition } = this;
    this.happenings = new Happenings({
      ...{ definition, steps: store.steps, now, meter: deps.meter, Followers: deps.Followers },
    });
    this.sharding = new (deps.Sharding ?? OneObject)(this, deps);
    this.shard = this.sharding.place;
    this.limits = deps.Limits && new deps.Limits(this, deps);
    this.keys = deps.Keys && new deps.Keys(this, deps);
    this.ruled = deps.ruled;
    this.saved = deps.Backup && new deps.Backup(this);
    this.search = deps.Search && new deps.Search(this, deps);
    this.failures = deps.Failures && new deps.Failures(this, deps);
    this.fault = this.sharding.fault ?? this.#keysFault() ?? this.#batchFault();
    this.alerts = deps.newAlerts?.(this, deps);
    const { Totals, meter } = deps;
    const totals = Totals && meter && new Totals({ ...deps, meter, store, history });
    this.statistics = new Statistics(history, totals);
    const isMoving = (name: string) => this.sharding.isMoving(name);
    const shared = { definition, store, commit, statistics: this.statistics, now, isMoving };
    this.push = new PushConsumer({
      ...shared,
      ...{ shares: this.sharding.shares, limits: this.limits?.drawn },
      Batches: deps.Batches,
      newLined: this.keys && ((of) => (this.keys as Keys).newLined(of)),
      shard: deps.shard,
      alerts: this.alerts,
      happenings: this.happenings,
      deliver,
      deliverBatch,
      late,
      onFault: deps.armRetry,
    });
    const expiry = new ExpiryJob({ queue: this, isMoving });
    this.pull = new Leasing({
      ...shared,
      newLined: this.keys && (() => (this.keys as Keys).newLeases()),
      expireLate: () => expiry.onAlarm(now()),
      isClosed: () => this.isPaused || !definition.isDefined,
    });
    this.#consumers = [this.push, this.pull];
    this.resultWaiters = new ResultWaiters(this);
    const ended = deps.arm;
    const used = totals && ((counts: MeterCounts) => totals.usedElsewhere(counts));
    this.notifier = new GroupNotifier({ ...shared, stubs, ended }, used);
    const { sharding, shard } = this;
    this.listing = new DirectoryListing({
      ...{ ...shared, stubs, ended },
      isFirst: deps.shard === 0,
      isTold: () => sharding.isTold,
      listed: () => {
        if (shard.isNew) shard.begin();
      },
    });
    this.notice = new ChangeNotice(stubs, () => this.name);
    const deadLetters = new DeadLetterForwarder({ ...shared, stubs, ended });
    const sweep = { nextWakeAt: () => this.#nextSweep(), onAlarm: () => this.#sweep() };
    this.jobs = [
      // Before those that start tasks.
      expiry,
      ...[this.push, this.pull, deadLetters, this.notifier, this.listing, sweep],
      ...sharding.jobs,
      ...(this.limits ? [this.limits.drawn] : []),
      ...(this.alerts?.jobs ?? []),
      ...(this.failures?.jobs ?? []),
    ];
    this.#join();
    if (this.fault) return;
    commit.run(() => {
      if (definition.noticeDeploy()) sharding.resume();
      this.push.reshape();
      if (store.ruled.exist) store.succession.heal(now(), store.meta.get("purgedAt") ?? 0);
    });
    commit.onCommit((at) => this.#committed(at));
    shard.noticeDefinition();
  }

  #join(): void {
    this.commit.join(this.store);
    this.commit.join(this.definition);
    this.commit.join(this.push);
    this.sharding.join();
    this.commit.join(this.pull);
    if (this.alerts) this.commit.join(this.alerts);
  }

  #keysFault(): string | undefined {
    if (this.keys || !this.store.lines.areUsed) return undefined;
    return `queue: found tasks with keys or priorities on "${this.name}", expected parts: [keys], which takes turns between them`;
  }

  #batchFault(): string | undefined {
    const { isDefined, config } = this.definition;
    if (this.#deps.Batches || !isDefined || !config.batch) return undefined;
    return `queue: found extensions.batch of "${this.name}", expected parts: [batches], which makes such calls`;
  }

  get name(): string {
    return this.definition.config.name;
  }

  now(): number {
    return this.#deps.now();
  }

  get resharding(): Resharding | undefined {
    return this.sharding.resharding;
  }

  get isPaused(): boolean {
    return this.store.meta.get("paused") ?? false;
  }

  admission(): Answer<Admission> {
    const rules = this.rules();
    if (rules.failure) return rules;
    const full = this.#room.refusal(this.#deps.file.totalStorageLimit, this.shard.map.shards);
    if (full && this.store.sweep.makeRoom(this.now())) this.#deps.arm();
    return full ?? rules;
  }

  /** What new tasks are checked against, whether there is room for them here or not. */
  rules(): Answer<Admission> {
    const { definition } = this;
    if (!definition.exists || this.store.meta.get("removing")) return unknownQueue(this.name);
    const { hosts, hasIdentity, Keys, ruled } = this.#deps;
    const { acceptRule } = ruled ?? {};
    const admission = { queue: definition.config, now: this.now(), hosts, hasIdentity, acceptRule };
    return { ok: Keys ? admission : { ...admission, lacksKeys: true } };
  }

  rowWritten(key: number): void {
    for (const consumer of this.#consumers) consumer.rowWritten(key);
  }

  forget(...tasks: readonly { key: number; name: string }[]): void {
    this.commit.after(() => {
      for (const task of tasks) for (const consumer of this.#consumers) consumer.forget(task);
    });
  }

  forgetAll(): void {
    this.commit.after(() => {
      for (const consumer of this.#consumers) consumer.forgetAll();
    });
  }

  // The first shard is listed before another one knows the map.
  get isListed(): boolean {
    return this.shard.index > 0 || this.listing.isListed;
  }

  /** Makes sure that the directory lists a queue that takes tasks, before the first one is answered. */
  async ensureListed(): Promise<void> {
    if (this.shard.index === 0 && this.definition.exists && !this.store.meta.get("removing"))
      await this.listing.ensureListed();
  }

  stateOf(task: TaskRow, now: number): TaskState {
    if (this.push.isRunning(task)) return "running";
    if (isParked(task.key)) return "waiting";
    if (isLeased(task, now)) return "leased";
    return task.due > now ? "scheduled" : "due";
  }

  #committed(now: number): void {
    this.happenings.committed(now);
    this.statistics.took(this.store.steps.takeCounts(), now);
    this.statistics.totals?.tookOfGroups(this.store.steps.takeOfGroups());
    this.alerts?.committed(now);
    this.pull.serve();
    // One that keeps nothing is as it was, and a limit's object is no queue.
    if (this.#deps.sql.exist && limitOfObject(this.name) === undefined) this.notice.changed();
    this.#storeHistory(now);
    this.#deps.arm();
  }

  // A history that cannot be written is written with a later commit.
  #storeHistory(now: number): void {
    const { history, totals } = this.statistics;
    const isAtRest = () => this.#consumers.every((consumer) => consumer.isAtRest(now));
    try {
      if (!history.isDue(now, isAtRest) && !totals?.isDue(now, isAtRest)) return;
      const tasks = () => this.store.counts.onQueue();
      this.commit.run(() => history.store(now, tasks(), totals?.toStored(now)));
    } catch (error) {
      totals?.notWritten();
      trouble("task queue: the history could not be written", error);
    }
  }

  #nextSweep(): number | undefined {
    return this.store.sweep.isUnderWay ? this.now() : undefined;
  }

  #sweep(): void {
    const now = this.now();
    if (this.store.sweep.isDue(now)) this.commit.run(() => this.store.sweep.run(now));
  }
}
