// A group at its own object: which subtasks there are, how those that ended did, and what follows. What it
// knows is on disk before it answers; what other objects have to do for it is in coordinator.ts.
//
//   running -> done | failed | cancelled;  failed -> running when a subtask is redriven
import { checkQueueName } from "../../core/config/names.ts";
import { type Answer, type Failure, invalid, type Refusal, refuse } from "../../core/errors.ts";
import { checkLimit, PAGE } from "../../core/limits.ts";
import {
  checkNewGroup,
  checkTaskList,
  type GroupProgress,
  type GroupResult,
  type GroupResultPage,
  groupStateOf,
  type MasterName,
  type NewGroup,
} from "../../core/task/group.ts";
import { checkTaskName } from "../../core/task/new-task-rules.ts";
import { resultView } from "../../core/task/result.ts";
import type { TraceContext } from "../../core/task/trace-context.ts";
import type { GroupRecord, GroupStore } from "../../store/group/group-store.ts";
import type { SubtaskBatch } from "../../store/group/subtask-batches.ts";
import { type GroupEvent, pagesOf } from "../../store/queue/group-outbox.ts";
import type { Commit, Participant } from "../commit.ts";
import { KeyedWaiters } from "../keyed-waiters.ts";
import { type Waited, waitingFor } from "../place.ts";
import type { QueueRpc, Receipt } from "../rpc.ts";
import { type CheckedTask, checkTasks, type QueueModes } from "./admission.ts";
import { batchesOf } from "./batches.ts";
import { unknownOf, withSpan } from "./numbered.ts";
import { type GroupCounts, progressView } from "./progress.ts";
import { beginningAfter, hasPendingEffects, isOver } from "./record.ts";

export interface GroupDeps {
  store: GroupStore;
  commit: Commit;
  /** ms since 1970 */
  now: () => number;
  modes: QueueModes;
  queue: (name: string) => QueueRpc;
  /** Whether there is a queue of this name. */
  isKnown: (queue: string) => Promise<boolean>;
  /** Called when it has ended, and this is on disk. */
  ended?: ((record: GroupRecord) => void) | undefined;
}

/** The state of a group for whoever watches it. */
export interface WatchedGroup {
  /** Changes whenever a subtask ends. */
  version: string;
  progress: GroupProgress;
}

/** What those who watch the group wait for: it has one thing to tell. */
const WATCHED = "progress";

/** What `restore` goes back to. */
type GroupMemory = Readonly<GroupCounts> | undefined;

export class Group implements Participant<GroupMemory> {
  readonly #deps: GroupDeps;
  readonly #watching: KeyedWaiters<true>;
  #counts: GroupCounts | undefined;

  constructor(deps: GroupDeps) {
    this.#deps = deps;
    this.#watching = new KeyedWaiters({
      now: deps.now,
      serve: () => undefined,
      timedOut: () => true,
    });
    deps.commit.join(deps.store.meta);
    deps.commit.join(this);
    deps.commit.onCommit(() => this.#watching.release(() => true));
  }

  /** What is known of the group; the coordinator reads its steps from it. */
  get record(): GroupRecord | undefined {
    return this.#deps.store.meta.get("group");
  }

  isKnown(queue: string): Promise<boolean> {
    return this.#deps.isKnown(queue);
  }

  save(): GroupMemory {
    return this.#counts && { ...this.#counts };
  }

  restore(counts: GroupMemory): void {
    this.#counts = counts && { ...counts };
  }

  // The name is checked before the master is bound: a master that is refused its group must not wait for
  // it. Between the check and the commit nothing is awaited.
  /** Makes the group; where its own master made it before, answers as it is. */
  async create(
    name: string,
    given: NewGroup,
    trace?: TraceContext,
  ): Promise<Answer<GroupProgress>> {
    const bad = checkNewGroup(given);
    if (bad) return bad;
    const { master } = given;
    const unknown = master && (await this.#refusalOfMaster(master));
    if (unknown) return unknown;
    const tasks = await checkTasks(given.tasks ?? [], "tasks", this.#deps.modes);
    if (tasks.failure) return tasks;
    const then = given.then && (await checkTasks([given.then], "then", this.#deps.modes));
    if (then?.failure) return then;
    const found = master && (await this.#deps.queue(master.queue).findMaster(master.name, name));
    if (found?.failure) return found;
    const before = this.#sameName(master, found?.ok);
    if (before === "taken") return this.#refusalOfName();
    if (before === "free") this.#make(name, { ...given, trace }, tasks.ok, then?.ok[0], found?.ok);
    const bound = master && (await this.#deps.queue(master.queue).bindMaster(master.name, name));
    return bound?.failure ? bound : this.progress();
  }

  // Asked before its object is, which would come to be by that.
  async #refusalOfMaster({ queue, name }: MasterName): Promise<Refusal | undefined> {
    const bad = checkQueueName(queue, "master.queue") ?? checkTaskName(name, "master.name");
    if (bad || (await this.#deps.isKnown(queue))) return bad;
    return refuse("UNKNOWN_QUEUE", `master: there is no queue "${queue}"`);
  }

  // A master that is tried again finds the group it made. One of the same name that came later makes its own,
  // once other objects have done all they had to for the group before.
  #sameName(
    master: MasterName | undefined,
    createdAt: number | undefined,
  ): "free" | "own" | "taken" {
    const { record } = this;
    if (!record) return "free";
    const { master: own, masterMadeAt } = record;
    const isOwn = own && own.queue === master?.queue && own.name === master?.name;
    if (isOwn && masterMadeAt === createdAt) return "own";
    return isOwn && record.state !== "running" && !hasPendingEffects(record) ? "free" : "taken";
  }

  #refusalOfName(): Answer<never> {
    const { name, state } = this.record as GroupRecord;
    const message = `name: there is a group "${name}" already, it is ${state}`;
    return refuse("GROUP_ALREADY_EXISTS", message, { name, state });
  }

  #make(
    name: string,
    { onFailure = "all", master, open, trace }: NewGroup & { trace: TraceContext | undefined },
    tasks: CheckedTask[],
    then: CheckedTask | undefined,
    masterMadeAt: number | undefined,
  ): void {
    const { now } = this.#deps;
    this.begin(() => {
      const record: GroupRecord = {
        ...{ name, onFailure, state: "running", total: 0, queues: [] },
        ...beginningAfter(this.record),
        open: open === true || master !== undefined,
        createdAt: now(),
        ...(trace && { trace }),
        ...(master && masterMadeAt !== undefined && { master, masterMadeAt }),
        ...(then && { then: withName(then, name) }),
      };
      return this.#withTasks(record, tasks);
    });
  }

  /** It is what `make` says, whatever it was. */
  begin(make: () => GroupRecord): void {
    const { store, commit } = this.#deps;
    commit.run(() => {
      store.clearSubtasks();
      this.#counts = undefined;
      store.meta.set("group", this.#withState(make()));
    });
  }

  /**
   * Adds subtasks. A master numbers its own from `from` on, and those it has added before are passed over;
   * without `from` all are added.
   */
  async add(given: readonly object[], from?: number): Promise<Answer<GroupProgress>> {
    const bad = checkTaskList(given) ?? this.#refusalOf();
    if (bad) return bad;
    const tasks = await checkTasks(given, "tasks", this.#deps.modes);
    if (tasks.failure) return tasks;
    const record = this.record as GroupRecord;
    const numbered = numberedOf(record);
    const fresh = from === undefined ? tasks.ok : unknownOf(tasks.ok, from, numbered);
    if (fresh.length === 0) return this.progress();
    if (!record.open || record.state !== "running")
      return refuse("GROUP_CLOSED", `group: "${record.name}" takes no more subtasks`);
    this.change((current) => ({
      ...this.#withTasks(current, fresh),
      numbered: from === undefined ? numbered : withSpan(numbered, [from, from + given.length]),
    }));
    return this.progress();
  }

  #withTasks(record: GroupRecord, tasks: readonly CheckedTask[]): GroupRecord {
    const { batches: rows } = this.#deps.store;
    const batches = batchesOf(tasks, record.first.index + record.total, record.batches);
    for (const batch of batches) rows.add(batch);
    return {
      ...record,
      total: record.total + tasks.length,
      batches: record.batches + batches.length,
      queues: [...new Set([...record.queues, ...tasks.map(({ queue }) => queue)])],
    };
  }

  async close(): Promise<Answer<GroupProgress>> {
    const refusal = this.#refusalOf();
    if (refusal) return refusal;
    this.change((record) => this.#withState({ ...record, open: false }));
    return this.progress();
  }

  async cancel(): Promise<Answer<GroupProgress>> {
    const refusal = this.#refusalOf();
    if (refusal) return refusal;
    this.change((record) => this.#cancelled(record));
    return this.progress();
  }

  // Subtasks that never reached their queues end here; the others are dropped by their queues.
  #cancelled(record: GroupRecord): GroupRecord {
    if (record.state !== "running" || record.cancelled) return record;
    const { batches } = this.#deps.store;
    for (let next = batches.next(); next.length > 0; next = batches.next()) {
      for (const batch of next) this.#endBatch(record, batch, { state: "deleted" });
    }
    return this.#withState({ ...record, open: false, cancelled: "requested" });
  }

  /**
   * A batch is on its queue, or was refused as a whole: then its subtasks have failed, unless the group was
   * cancelled in the meantime, which has ended them.
   */
  batchSent(batch: SubtaskBatch, failure?: Failure): void {
    this.change((record) => {
      const error = failure && `${failure.code}: ${failure.message}`;
      if (error === undefined) this.#deps.store.batches.remove(batch.number);
      else this.#endBatch(record, batch, { state: "failed", error });
      return error === undefined ? record : this.#withState(record);
    });
  }

  #endBatch(record: GroupRecord, { number, queue, indexes }: SubtaskBatch, end: GroupEvent): void {
    if (!this.#deps.store.batches.remove(number)) return;
    for (const index of indexes) this.#note(record, queue, { index, ...end });
  }

  /** Takes events of a queue; each is taken once. */
  receive(queue: string, events: readonly GroupEvent[]): Receipt {
    const { record } = this;
    if (!record) return "over";
    // A group that was closed or cancelled early may be over before its master is parked.
    const wasOver = isOver(record);
    // What was imported may be of another group that had the name elsewhere.
    const own = events.filter(({ made = record.createdAt }) => made === record.createdAt);
    const wanted = wasOver ? own.filter(({ parked }) => parked !== undefined) : own;
    if (wanted.length > 0) this.#receiveAll(queue, wanted);
    return wasOver ? "over" : "accepted";
  }

  #receiveAll(queue: string, events: readonly GroupEvent[]): void {
    this.change((record) => {
      const pages = pagesOf(events);
      return this.#withState(
        pages.reduce((so, page) => this.#receivePage(so, queue, page), record),
      );
    });
  }

  // A subtask's first event, as nearly all are, is stored by one statement for the whole page.
  #receivePage(record: GroupRecord, queue: string, page: readonly GroupEvent[]): GroupRecord {
    const counts = this.#counted();
    const ofSubtasks = page.filter(({ index = -1 }) => index >= record.first.index);
    const fresh = this.#deps.store.members.addNew(queue, ofSubtasks);
    let next = record;
    for (const event of page) {
      if (event.index !== undefined && fresh.delete(event.index)) counts[event.state ?? "open"]++;
      else next = this.#receiveOne(next, queue, event);
    }
    return next;
  }

  #receiveOne(record: GroupRecord, queue: string, event: GroupEvent): GroupRecord {
    const { parked, cancel, madeAt } = event;
    if (parked !== undefined || cancel) {
      const isMasters = madeAt === undefined || record.masterMadeAt === madeAt;
      if (record.master?.queue !== queue || !isMasters) return record;
      return cancel ? this.#cancelled(record) : { ...record, open: false, masterParked: true };
    }
    this.#note(record, queue, event);
    return record;
  }

  /** Inside a change. Stores how these ended, as far as nothing is known of them; of how many it did. */
  noteFirst(queue: string, events: readonly GroupEvent[]): number {
    const counts = this.#counted();
    const fresh = this.#deps.store.members.addNew(queue, events);
    for (const { index = -1, state = "open" } of events) if (fresh.has(index)) counts[state]++;
    return fresh.size;
  }

  /** Stores a subtask's state, unless it is known, or of a group that had the name before. */
  #note({ first }: GroupRecord, queue: string, event: GroupEvent): void {
    const { members } = this.#deps.store;
    const { index = -1, state = "open" } = event;
    if (index < first.index) return;
    const counts = this.#counted();
    const before = members.addFirst(queue, event) ? undefined : members.stateOf(index);
    if (before === state) return;
    if (before !== undefined) {
      members.put(queue, event);
      counts[before]--;
    }
    counts[state]++;
  }

  #withState(record: GroupRecord): GroupRecord {
    if (record.open || isOver(record)) return record;
    const { done, failed, deleted } = this.#counted();
    const tally = { total: record.total, done, failed, deleted };
    const state =
      groupStateOf(tally, record.onFailure, record.cancelled !== undefined) ?? "running";
    if (state === record.state) return record;
    const { endedAt: _, ...running } = record;
    if (state === "running") return { ...running, state };
    const ended = { ...running, state, endedAt: this.#deps.now() };
    this.#deps.commit.after(() => this.#deps.ended?.(ended));
    return ended;
  }

  async progress(): Promise<Answer<GroupProgress>> {
    const refusal = this.#refusalOf();
    if (refusal) return refusal;
    const { name, state, queues } = this.record as GroupRecord;
    const running = await Promise.all(
      (state === "running" ? queues : []).map((queue) => this.#running(queue, name)),
    );
    const record = this.record as GroupRecord;
    return { ok: progressView(record, this.#counted(), running) };
  }

  async #running(queue: string, group: string): Promise<number> {
    if (!(await this.#deps.isKnown(queue))) return 0;
    return this.#deps.queue(queue).runningOfGroup(group);
  }

  /** The progress when its version is another than `version`, or after `seconds`. */
  async watch(version: string, seconds: number): Promise<Waited<Answer<WatchedGroup>>> {
    if (this.#version() !== version) return { got: await this.#watched() };
    return waitingFor(async (left) => {
      await this.#watching.wait(WATCHED, seconds, left);
      return this.#watched();
    });
  }

  async #watched(): Promise<Answer<WatchedGroup>> {
    const progress = await this.progress();
    return progress.failure
      ? progress
      : { ok: { version: this.#version(), progress: progress.ok } };
  }

  #version(): string {
    const { state, total = 0, open } = this.record ?? {};
    return [state, open, total, ...Object.values(this.#counted())].join("-");
  }

  async results(after: number, limit: number = PAGE.default): Promise<Answer<GroupResultPage>> {
    const refusal = this.#refusalOf() ?? checkPage(after, limit);
    if (refusal) return refusal;
    const { first } = this.record as GroupRecord;
    const members = this.#deps.store.members.list(first.index + after, limit);
    const results = members.flatMap((member): GroupResult[] => {
      const { index, state, name, result, ...rest } = member;
      if (state === "open") return [];
      const named = name === undefined ? {} : { name };
      const answer = result ? resultView(result) : {};
      return [{ index: index - first.index, ...rest, ...named, state, ...answer }];
    });
    const last = members.length === limit ? members.at(-1) : undefined;
    return { ok: last ? { results, cursor: `${last.index - first.index}` } : { results } };
  }

  #counted(): GroupCounts {
    this.#counts ??= {
      ...{ open: 0, done: 0, failed: 0, deleted: 0 },
      ...this.#deps.store.members.count(),
    };
    return this.#counts;
  }

  #refusalOf() {
    if (this.record) return undefined;
    return refuse("UNKNOWN_GROUP", "group: there is no group of this name");
  }

  /** The same, and what it has come to by that. */
  settle(work: (record: GroupRecord) => GroupRecord): void {
    this.change((record) => this.#withState(work(record)));
  }

  /** Changes rows and record in one commit. */
  change(work: (record: GroupRecord) => GroupRecord): void {
    const { store, commit } = this.#deps;
    commit.run(() => {
      const before = this.record as GroupRecord;
      const next = work(before);
      if (next !== before) store.meta.set("group", next);
    });
  }

  /** The record is old enough to be forgotten. */
  erase(): void {
    const { store, commit } = this.#deps;
    commit.run(() => {
      store.erase();
      this.#counts = undefined;
    });
  }
}

function checkPage(after: unknown, limit: unknown): Refusal | undefined {
  if (Number.isSafeInteger(after)) return checkLimit(limit);
  return invalid("after", after, "the number of a subtask, or -1");
}

// A record is written without spans until something is added to the group.
function numberedOf({ numbered, total }: GroupRecord): NonNullable<GroupRecord["numbered"]> {
  return numbered ?? [[0, total]];
}

const MAX_NAME = 500;

// Its name is settled beforehand, so that a second try cannot add it twice.
function withName({ queue, task }: CheckedTask, group: string): NonNullable<GroupRecord["then"]> {
  const { name } = task as { name?: string };
  return { queue, task: { ...task, name: name || `${group.slice(0, MAX_NAME - 5)}-then` } };
}
