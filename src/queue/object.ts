// The Durable Object of a queue. Thin: it wires a Queue to its storage, its alarm and its runner, and
// its methods are the verbs. One more object of the same class, under a name no queue can have, is the
// directory of all queues there have been; so a Worker's configuration names one class.
import { DurableObject } from "cloudflare:workers";
import type { Answer } from "../core/errors.ts";
import { parseHostRules } from "../core/hosts.ts";
import type { NewTime } from "../core/new-time.ts";
import type { QueueConfig, QueueFile } from "../core/queue-config.ts";
import type { Task } from "../core/task.ts";
import type { Sql } from "../store/sql.ts";
import { Store } from "../store/store.ts";
import { redriveAll, redriveTasks, rescheduleTask, runTask } from "./acting.ts";
import type { AddCall, Added } from "./adding.ts";
import { getTask, listTasks, queueView, type Shown } from "./looking.ts";
import { Queue } from "./queue.ts";
import type { TaskRunnerVerbs } from "./runner.ts";
import type { QueueSettings } from "./settings.ts";
import { listTombstones, releaseName } from "./tombstones.ts";
import type {
  DeleteResult,
  DirectoryVerbs,
  ListQuery,
  QueueVerbs,
  QueueView,
  RedriveResult,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "./verbs.ts";
import { Wakeup } from "./wakeup.ts";

/** The directory's name: no queue can have it. */
export const DIRECTORY = "/queues";

const AFTER_TROUBLE_MS = 1000;

export class TaskQueueObject<Env = unknown>
  extends DurableObject<Env>
  implements QueueVerbs, DirectoryVerbs
{
  readonly #sql: Sql;
  readonly #store: Store;
  readonly #wakeup: Wakeup;
  readonly #queue: Queue;
  readonly #config: QueueConfig;
  readonly #inFile: boolean;
  protected readonly runner: TaskRunnerVerbs;
  readonly #file: QueueFile;

  /** `file`: the queue.yaml this Worker was deployed with. */
  constructor(ctx: DurableObjectState, env: Env, file: QueueFile) {
    super(ctx, env);
    this.#file = file;
    this.runner = (ctx.exports as unknown as { TaskRunner: TaskRunnerVerbs }).TaskRunner;
    this.#sql = sqlOf(ctx.storage);
    this.#store = new Store(this.#sql, () => this.chance());
    this.#wakeup = new Wakeup(ctx.storage, () => this.now());
    // An alarm may wake a cold object without its name; only queues have alarms, and they stored theirs.
    const name = ctx.id.name ?? this.#store.meta.get("name") ?? DIRECTORY;
    const inFile = this.#file.queues.get(name);
    this.#inFile = inFile !== undefined;
    this.#config = inFile ?? this.#lastSeen(name);
    if (inFile) this.#noticeChange(inFile);
    this.#queue = new Queue(this.#store, {
      config: this.#config,
      inFile: this.#inFile,
      hosts: parseHostRules((env as QueueSettings).TASKQUEUE_ALLOW_HOSTS),
      storageLimit: this.#file.totalStorageLimit,
      sql: this.#sql,
      wakeup: this.#wakeup,
      now: () => this.now(),
      // By RPC, not fetch: the call leaves in the alarm's name even when it has to wait for a commit.
      deliver: (delivery) => this.runner.run(delivery),
    });
    void ctx.blockConcurrencyWhile(async () => {
      this.#wakeup.recover(await ctx.storage.getAlarm());
      this.#queue.watch();
    });
  }

  /** The clock, in ms since 1970: the only one there is. */
  now(): number {
    return Date.now();
  }

  /** Chance, 0 to 1. */
  chance(): number {
    return Math.random();
  }

  async add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]> {
    await this.#becomeKnown();
    return this.#queue.add(calls);
  }

  async get(name: string): Promise<Answer<Task>> {
    return getTask(this.#shown(), name);
  }

  async list(query: ListQuery): Promise<Answer<TaskPage>> {
    return listTasks(this.#shown(), query);
  }

  async delete(names: readonly string[]): Promise<DeleteResult[]> {
    const deleted = this.#queue.delete(names);
    return names.map((name, index) => ({ name, deleted: deleted[index] ?? false }));
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

  async ending(attempt: number): Promise<string> {
    return this.#queue.ending(attempt);
  }

  async wake(): Promise<void> {
    this.#queue.watch();
  }

  async register(queue: string): Promise<void> {
    this.#store.directory.add(queue);
  }

  async knownQueues(): Promise<string[]> {
    return this.#store.directory.all();
  }

  // A throw would make the platform try again, and after seven tries drop the alarm for good: it is
  // caught here and the alarm is armed again.
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#wakeup.fired(info?.scheduledTime);
    try {
      this.#queue.turn();
      if (!this.#wakeup.isNear() && this.#queue.mayHold()) await this.#wakeup.hold();
      this.#queue.watch();
    } catch (error) {
      console.error(`task queue "${this.#config.name}": a turn failed, trying again`, error);
      this.#wakeup.by(this.now() + AFTER_TROUBLE_MS);
    }
  }

  // The first add makes the queue known, before it is answered: a queue with tasks is always listed.
  async #becomeKnown(): Promise<void> {
    const { meta } = this.#store;
    if (meta.get("listed")) return;
    meta.set("name", this.#config.name);
    meta.set("config", JSON.stringify(this.#config));
    await this.#directory().register(this.#config.name);
    meta.set("listed", true);
  }

  #directory(): DirectoryVerbs {
    const { TaskQueue } = this.ctx.exports as unknown as { TaskQueue: DurableObjectNamespace };
    return TaskQueue.getByName(DIRECTORY) as unknown as DirectoryVerbs;
  }

  // A deploy that changed a queue's entry resumes it when it was paused by hand, as App Engine's does,
  // unless the file says `resume_paused_queues: false`.
  #noticeChange(config: QueueConfig): void {
    const { meta } = this.#store;
    const seen = meta.get("config");
    const current = JSON.stringify(config);
    if (seen === undefined || seen === current) return;
    meta.set("config", current);
    if (this.#file.resumePausedQueues) meta.set("paused", false);
  }

  #lastSeen(name: string): QueueConfig {
    const seen = this.#store.meta.get("config");
    const fallback = this.#file.queues.get("default") as QueueConfig;
    return seen === undefined ? { ...fallback, name } : JSON.parse(seen);
  }

  #shown(): Shown {
    return { queue: this.#queue, config: this.#config, inFile: this.#inFile, now: this.now() };
  }
}

function sqlOf(storage: DurableObjectStorage): Sql {
  return {
    rows: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
    run: (query, ...bindings) => storage.sql.exec(query, ...bindings).rowsWritten,
    transaction: (work) => storage.transactionSync(work),
    size: () => storage.sql.databaseSize,
  };
}
