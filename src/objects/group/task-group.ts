// The Durable Object of a group. Its public methods are the RPC surface: callers outside reach them through
// client/group-handle.ts, queues through rpc.ts.
import type { SavedOfGroup } from "../../core/backup/record.ts";
import type { QueueFile } from "../../core/config/queue-config.ts";
import { parseHostRules } from "../../core/egress/host-rules.ts";
import type { Answer } from "../../core/errors.ts";
import type { NewMeter } from "../../core/metrics/meter.ts";
import type { GroupProgress, GroupResultPage, NewGroup } from "../../core/task/group.ts";
import type { TraceContext } from "../../core/task/trace-context.ts";
import { formerRecord } from "../../store/group/former-record.ts";
import { GroupStore } from "../../store/group/group-store.ts";
import { GROUP_MIGRATIONS } from "../../store/migrations.ts";
import type { GroupEvent } from "../../store/queue/group-outbox.ts";
import { hasIdentity } from "../egress/identity.ts";
import { Adoption, allFormerRows, formerGroupName, formerPages } from "../first-version.ts";
import { clock, Host } from "../host.ts";
import type { Waited } from "../place.ts";
import type {
  CountedReceipt,
  GroupRpc,
  Receipt,
  SavedGroupPage,
  SavedSubtasksPage,
  TakenOfGroup,
} from "../rpc.ts";
import type { QueueSettings } from "../settings.ts";
import { Stubs } from "../stubs.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { KnownQueue, QueueModes } from "./admission.ts";
import { GroupCoordinator } from "./coordinator.ts";
import type { GroupCopy, NewGroupCopy } from "./copy.ts";
import { Group, type WatchedGroup } from "./group.ts";

export class TaskGroupObject<Env = unknown> extends Host<Env> implements GroupRpc {
  readonly #group: Group;
  readonly #file: QueueFile;
  readonly #stubs: Stubs;
  readonly #store: GroupStore;
  readonly #copy: GroupCopy | undefined;
  readonly #adoption = new Adoption(() => this.#adoptFormer());

  /**
   * `file`: the queue.yaml this Worker was deployed with; `tracing`: where traces are followed; `Copy`: by which it is
   * saved and taken in; `newMeter`: where it is counted what it uses.
   */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    file: QueueFile,
    tracing?: Tracing,
    Copy?: NewGroupCopy,
    newMeter?: NewMeter,
  ) {
    super(ctx, env, GROUP_MIGRATIONS, newMeter?.(clock));
    this.#file = file;
    this.#stubs = new Stubs(ctx.exports, (name) => file.queues.get(name));
    const store = new GroupStore(this.sql);
    this.#store = store;
    const now = () => this.now();
    const queue = (name: string) => this.#stubs.queue(name);
    const isKnown = (name: string) => this.#isKnown(name);
    const modes = this.#modes(env as QueueSettings);
    this.#group = new Group({
      ...{ store, commit: this.commit, now, modes, queue, isKnown },
      ended: tracing && ((record) => tracing.groupEnded(record)),
    });
    this.#copy = Copy && new Copy({ store, group: this.#group, now });
    this.commit.onCommit(() => this.arm());
    const ended = () => this.arm();
    const { meter } = this;
    this.drive([new GroupCoordinator({ store, group: this.#group, now, queue, ended, meter })]);
  }

  static {
    TaskGroupObject.countCalls(TaskGroupObject.prototype, ["constructor"]);
  }

  protected get title(): string {
    return `group "${this.#group.record?.name ?? ""}"`;
  }

  /** Makes the group, as part of a trace; where its own master made it before, answers as it is. */
  async create(
    name: string,
    given: NewGroup,
    trace?: TraceContext,
  ): Promise<Answer<GroupProgress>> {
    return this.#group.create(name, given, trace);
  }

  /** Adds subtasks that are numbered from `from` on; those it has already are passed over. */
  async add(tasks: readonly object[], from?: number): Promise<Answer<GroupProgress>> {
    await this.#adopt();
    return this.#group.add(tasks, from);
  }

  async close(): Promise<Answer<GroupProgress>> {
    await this.#adopt();
    return this.#group.close();
  }

  async cancel(): Promise<Answer<GroupProgress>> {
    await this.#adopt();
    return this.#group.cancel();
  }

  async progress(): Promise<Answer<GroupProgress>> {
    await this.#adopt();
    return this.#group.progress();
  }

  /** The progress when its version is another than `version`, or after `seconds`. */
  async watch(version: string, seconds: number): Promise<Waited<Answer<WatchedGroup>>> {
    await this.#adopt();
    return this.#group.watch(version, seconds);
  }

  async results(after: number, limit: number): Promise<Answer<GroupResultPage>> {
    await this.#adopt();
    return this.#group.results(after, limit);
  }

  async receive(
    queue: string,
    events: readonly GroupEvent[],
    counts = false,
  ): Promise<Receipt | CountedReceipt> {
    await this.#adopt();
    const receipt = this.#group.receive(queue, events);
    const used = counts ? this.meter?.untold() : undefined;
    return used ? { receipt, used } : receipt;
  }

  async saved(queue: string, afterBatch: number): Promise<SavedGroupPage | undefined> {
    await this.#adopt();
    return this.#copy?.saved(queue, afterBatch);
  }

  async savedSubtasks(after: number): Promise<SavedSubtasksPage> {
    return this.#copy?.subtasks(after) ?? { subtasks: [] };
  }

  async takeInSaved(saved: SavedOfGroup): Promise<TakenOfGroup> {
    await this.#adopt();
    return this.#copy?.takeIn(saved) ?? { taken: "skipped", isHere: false };
  }

  async adopt(): Promise<void> {
    await this.#adopt();
  }

  // What other calls begin with: `adopt` itself would be counted as one more.
  async #adopt(): Promise<void> {
    if (!this.#group.record) await this.#adoption.run();
  }

  // Its record comes last: without one it begins again.
  async #adoptFormer(): Promise<void> {
    const former = this.#stubs.formerRole(formerGroupName(this.ctx.id.name ?? ""));
    const record = formerRecord(await allFormerRows(former, "meta"));
    if (!record) return;
    for await (const rows of formerPages(former, "members")) {
      this.#unlessMade(() => this.#store.adoptMembers(rows));
    }
    for await (const rows of formerPages(former, "parts")) {
      this.#unlessMade(() => this.#store.adoptBatches(rows));
    }
    this.#unlessMade(() => this.#store.meta.set("group", record));
  }

  // A group of the same name may be made between two pages; it is the one that counts then.
  #unlessMade(work: () => void): void {
    if (!this.#group.record) this.commit.run(work);
  }

  #modes(settings: QueueSettings): QueueModes {
    return {
      hosts: parseHostRules(settings.TASKQUEUE_ALLOW_HOSTS),
      hasIdentity: hasIdentity(settings),
      now: () => this.now(),
      queueOf: (name) => this.#queueOf(name),
    };
  }

  // Of a queue that was made while running only the mode is known: the rest is for itself to refuse.
  async #queueOf(name: string): Promise<KnownQueue | undefined> {
    const inFile = this.#file.queues.get(name);
    if (inFile) return inFile;
    const mode = (await this.#isKnown(name)) ? await this.#stubs.queue(name).mode() : undefined;
    return mode && { name, mode };
  }

  async #isKnown(queue: string): Promise<boolean> {
    return this.#file.queues.has(queue) || this.#stubs.directory().isKnown(queue);
  }
}
