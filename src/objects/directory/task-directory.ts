// The Durable Object that knows which queues there are: asked by whoever meets a name that queue.yaml does not
// have, or wants to see all queues. It keeps what each last said of itself, and visits those that may have lost
// their alarms.

import type { Act } from "../../core/audit.ts";
import type { QueueFile } from "../../core/config/queue-config.ts";
import type { FiguresReader } from "../../core/metrics/queue-report.ts";
import type { ActEnd, AuditRow } from "../../store/directory/audit-log.ts";
import { DirectoryStore } from "../../store/directory/directory-store.ts";
import { DIRECTORY_MIGRATIONS } from "../../store/migrations.ts";
import { Adoption, allFormerRows, FORMER_DIRECTORY } from "../first-version.ts";
import { clock, Host } from "../host.ts";
import type { ActQuery, DirectoryRpc, FiguresPage, QueuePage } from "../rpc.ts";
import { Stubs } from "../stubs.ts";
import { Audit } from "./audit.ts";
import type { Counting } from "./counting.ts";
import type { Figures } from "./figures.ts";
import type { OwnUse } from "./own-use.ts";
import { QueuePages } from "./queue-pages.ts";
import { QueueReports } from "./queue-reports.ts";
import { Rounds } from "./rounds.ts";
import type { Watchers } from "./watchers.ts";
import type { Watching } from "./watching.ts";

/** How long it is remembered that a queue was removed. */
const REMOVED_MS = 3 * 86_400_000;

/** Comes after every name. */
const LAST_NAME = "\uffff";

export class TaskDirectoryObject<Env = unknown> extends Host<Env> implements DirectoryRpc {
  readonly #store: DirectoryStore;
  readonly #stubs: Stubs;
  readonly #adoption = new Adoption(() => this.#adopt());
  readonly #reports: QueueReports;
  readonly #pages: QueuePages;
  readonly #rounds: Rounds;
  readonly #watchers: Watchers | undefined;
  readonly #figures: Figures | undefined;
  readonly #audit: Audit;
  readonly #own: OwnUse | undefined;

  /** `file`: the queue.yaml this Worker was deployed with. Nobody can ask for what is not given: to watch, for figures. */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    file: QueueFile,
    watching: Watching | undefined,
    counting?: Counting,
  ) {
    super(ctx, env, DIRECTORY_MIGRATIONS, counting?.Totals.newMeter(clock));
    const { meter } = this;
    this.#store = new DirectoryStore(this.sql);
    this.commit.join(this.#store.meta);
    this.#stubs = new Stubs(ctx.exports, (name) => file.queues.get(name));
    const deps = {
      ...{ store: this.#store, commit: this.commit, stubs: this.#stubs, file },
      now: () => this.now(),
    };
    this.#reports = new QueueReports(deps);
    this.#audit = new Audit({ ...deps, log: this.#store.audit });
    this.#pages = new QueuePages(this.#store, this.#reports, file);
    this.#rounds = new Rounds({ ...deps, reports: this.#reports, ended: () => this.arm() });
    this.#watchers = watching?.({
      reports: this.#reports,
      exists: (name) => file.queues.has(name) || this.#store.has(name),
      names: () => this.#pages.namesAfter("", Number.MAX_SAFE_INTEGER),
      known: () => this.#reports.between("", LAST_NAME),
      now: () => this.now(),
      meter,
    });
    this.#own = meter && counting?.newOwnUse({ ...deps, meter });
    this.#figures = counting?.newFigures({
      ...{ reports: this.#reports, pages: this.#pages, now: () => this.now() },
      own: this.#own,
    });
    this.commit.onCommit(() => this.arm());
    this.drive([this.#rounds]);
  }

  static {
    TaskDirectoryObject.countCalls(TaskDirectoryObject.prototype, ["constructor", "callEnded"]);
  }

  protected override callEnded(): void {
    this.#own?.ended();
  }

  protected get title(): string {
    return "directory of queues";
  }

  // Asked for before a name counts as unknown, and once it has been, not again.
  async #adoptOnce(): Promise<void> {
    if (!this.#store.isAdopted) await this.#adoption.run();
  }

  async #adopt(): Promise<void> {
    const former = this.#stubs.formerRole(FORMER_DIRECTORY);
    const known = await allFormerRows(former, "known_queues");
    const removed = await allFormerRows(former, "removed_queues");
    // A directory that has nothing, here or there, stays without tables.
    if (known.length + removed.length + this.#store.all().length === 0) return;
    this.commit.run(() => this.#store.adopt(known, removed, this.now()));
  }

  async register(queue: string): Promise<void> {
    this.commit.run(() => this.#store.add(queue));
  }

  async unregister(queue: string): Promise<void> {
    const now = this.now();
    this.commit.run(() => this.#store.remove(queue, now + REMOVED_MS, now));
  }

  async isKnown(queue: string): Promise<boolean> {
    if (this.#store.has(queue)) return true;
    await this.#adoptOnce();
    return this.#store.has(queue);
  }

  async knownQueues(): Promise<string[]> {
    await this.#adoptOnce();
    return this.#store.all();
  }

  async changed(queue: string): Promise<void> {
    this.#reports.changed(queue);
    this.#watchers?.changed(queue);
  }

  async page(after: string, limit: number): Promise<QueuePage> {
    await this.#adoptOnce();
    return this.#pages.page(after, limit);
  }

  async figures(after: string, limit: number, reader: FiguresReader): Promise<FiguresPage> {
    await this.#adoptOnce();
    if (this.#figures) return this.#figures.page(after, limit, reader);
    throw new Error("no door of this Worker shows figures of queues");
  }

  async visitQueues(): Promise<void> {
    await this.#adoptOnce();
    this.#rounds.begin();
  }

  async watch(queues: readonly string[] | undefined): Promise<ReadableStream<Uint8Array>> {
    await this.#adoptOnce();
    if (!this.#watchers) throw new Error("no door of this Worker shows changes of queues");
    return this.#watchers.add(queues);
  }

  async beginAct(act: Act): Promise<number> {
    return this.#audit.begin(act);
  }

  async endAct(id: number, end: ActEnd): Promise<void> {
    this.#audit.end(id, end);
  }

  async acts(query: ActQuery): Promise<AuditRow[]> {
    const { before, limit, queue, who } = query;
    return this.#store.audit.page({ queue, who }, before, limit, this.now());
  }

  async wasRemoved(queue: string): Promise<boolean> {
    await this.#adoptOnce();
    return this.#store.wasRemoved(queue, this.now());
  }
}
