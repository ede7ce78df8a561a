// A group at its owner, an object of its own: which subtasks there are, how those that ended did, and what
// follows. What it knows is on disk before anything is said; what is to be done elsewhere (putting parts on
// their queues, adding `then`, telling the master) is read from the rows by `errands.ts`.
import { type Answer, refuse } from "../../core/errors.ts";
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
import { resultView } from "../../core/task/result.ts";
import type { GroupRecord } from "../../store/meta.ts";
import { type Entry, pagesOf } from "../../store/queue/group-outbox.ts";
import type { Store } from "../../store/queue/queue-store.ts";
import { ownerName } from "../object-names.ts";
import type { Taken } from "../queue/group-notifier.ts";
import { Waiters } from "../waiters.ts";
import { type Admitted, admitTasks, type QueueModes } from "./admission.ts";
import { partsOf } from "./batches.ts";
import { type GroupCounts, progressView } from "./progress.ts";
import { beginningAfter, completed, isOver, isOwing } from "./record.ts";

export interface GroupDeps {
  store: Store;
  /** ms since 1970 */
  now: () => number;
  modes: QueueModes;
  /** Marks the running task as one that waits for the group; when it was made (ms). */
  attend: (master: MasterName, group: string) => Promise<Answer<number>>;
  /** How many of the group's tasks are with their handlers on this queue. */
  running: (queue: string, group: string) => Promise<number>;
  /** Something is to be done elsewhere. */
  changed: () => void;
}

/** The RPC surface of a group. */
export interface GroupVerbs {
  /** Makes the group; where its own master made it before, answers as it stands. */
  create(name: string, given: NewGroup): Promise<Answer<GroupProgress>>;
  /** Adds subtasks that are numbered from `from` on; those it has already are passed over. */
  add(tasks: readonly object[], from?: number): Promise<Answer<GroupProgress>>;
  close(): Promise<Answer<GroupProgress>>;
  cancel(): Promise<Answer<GroupProgress>>;
  progress(): Promise<Answer<GroupProgress>>;
  /** The same when it is another than `version`, or after `seconds`. */
  watch(version: string, seconds: number): Promise<Answer<WatchedGroup>>;
  results(after: number, limit: number): Promise<Answer<GroupResultPage>>;
  /** News from a queue; each subtask's is taken once. */
  take(queue: string, entries: readonly Entry[]): Promise<Taken>;
}

export interface WatchedGroup {
  /** Changes whenever a subtask ends. */
  version: string;
  progress: GroupProgress;
}

export class Group implements GroupVerbs {
  readonly #deps: GroupDeps;
  readonly #watching: Waiters<string, true>;
  #record: GroupRecord | undefined;
  #tally: GroupCounts | undefined;

  constructor(around: GroupDeps) {
    this.#deps = around;
    this.#record = completed(around.store.meta.get("group"));
    this.#watching = new Waiters<string, true>({
      now: around.now,
      serve: () => undefined,
      timedOut: () => true,
      nextMoment: () => Number.POSITIVE_INFINITY,
    });
  }

  async create(name: string, given: NewGroup): Promise<Answer<GroupProgress>> {
    const bad = checkNewGroup(given);
    if (bad) return bad;
    const tasks = await admitTasks(given.tasks ?? [], "tasks", this.#deps.modes);
    if (tasks.failure) return tasks;
    const then = given.then && (await admitTasks([given.then], "then", this.#deps.modes));
    if (then?.failure) return then;
    const attended = given.master && (await this.#deps.attend(given.master, name));
    if (attended?.failure) return attended;
    const taken = this.#takenBy(given.master, attended?.ok);
    if (taken) return taken;
    return this.#made(name, given, tasks.ok, then?.ok[0], attended?.ok);
  }

  // A master that is tried again finds the group it made; one of the same name that came later makes its own,
  // once all that its predecessor's group owed to others is done.
  #takenBy(master: MasterName | undefined, createdAt: number | undefined) {
    const record = this.#record;
    if (!record) return undefined;
    const { name, master: own, masterMadeAt } = record;
    const isOwn = own && own.queue === master?.queue && own.name === master?.name;
    if (isOwn && masterMadeAt === createdAt) return this.progress();
    if (isOwn && record.state !== "running" && !isOwing(record)) return undefined;
    const message = `name: there is a group "${name}" already, it is ${record.state}`;
    return refuse("GROUP_ALREADY_EXISTS", message, { name, state: record.state });
  }

  async #made(
    name: string,
    { onFailure = "all", master, open }: NewGroup,
    tasks: Admitted[],
    then: Admitted | undefined,
    masterMadeAt: number | undefined,
  ): Promise<Answer<GroupProgress>> {
    const { store, now } = this.#deps;
    this.#change((): GroupRecord => {
      store.members.clear();
      store.meta.set("name", ownerName(name));
      this.#tally = undefined;
      const record: GroupRecord = {
        ...{ name, onFailure, state: "running", total: 0, queues: [] },
        ...beginningAfter(this.#record),
        open: open === true || master !== undefined,
        createdAt: now(),
      };
      if (master) Object.assign(record, { master, masterMadeAt });
      if (then) record.then = withName(then, name);
      return this.#withTasks(record, tasks);
    });
    return this.progress();
  }

  async add(given: readonly object[], from?: number): Promise<Answer<GroupProgress>> {
    const bad = checkTaskList(given) ?? this.#refusalOf();
    if (bad) return bad;
    const tasks = await admitTasks(given, "tasks", this.#deps.modes);
    if (tasks.failure) return tasks;
    const record = this.#record as GroupRecord;
    if (!record.open || record.state !== "running") {
      const fresh = from === undefined ? tasks.ok.length : from + tasks.ok.length - record.total;
      if (fresh > 0)
        return refuse("GROUP_CLOSED", `group: "${record.name}" takes no more subtasks`);
    } else {
      const known = from === undefined ? 0 : Math.max(0, record.total - from);
      this.#change((current) => this.#withTasks(current, tasks.ok.slice(known)));
    }
    return this.progress();
  }

  #withTasks(record: GroupRecord, tasks: readonly Admitted[]): GroupRecord {
    const { members } = this.#deps.store;
    const parts = partsOf(tasks, record.first.index + record.total, record.parts);
    for (const part of parts) members.addPart(part);
    return {
      ...record,
      total: record.total + tasks.length,
      parts: record.parts + parts.length,
      queues: [...new Set([...record.queues, ...tasks.map(({ queue }) => queue)])],
    };
  }

  async close(): Promise<Answer<GroupProgress>> {
    const refusal = this.#refusalOf();
    if (refusal) return refusal;
    this.#change((record) => this.#judged({ ...record, open: false }));
    return this.progress();
  }

  async cancel(): Promise<Answer<GroupProgress>> {
    const refusal = this.#refusalOf();
    if (refusal) return refusal;
    this.#change((record) => this.#cancelled(record));
    return this.progress();
  }

  // Subtasks that never reached their queues end here; the others are dropped by their queues.
  #cancelled(record: GroupRecord): GroupRecord {
    if (record.state !== "running" || record.cancelled) return record;
    const { members } = this.#deps.store;
    for (let parts = members.nextParts(); parts.length > 0; parts = members.nextParts()) {
      for (const part of parts) {
        members.removePart(part.number);
        for (const index of part.indexes)
          this.#note(record, part.queue, { index, state: "deleted" });
      }
    }
    return this.#judged({ ...record, open: false, cancelled: "asked" });
  }

  async take(queue: string, entries: readonly Entry[]): Promise<Taken> {
    if (!this.#record) return "over";
    // A group that was closed or cancelled early may be over before its master waits for it.
    const wasOver = isOver(this.#record);
    const taken = wasOver ? entries.filter(({ waits }) => waits !== undefined) : entries;
    if (taken.length > 0) this.#takeAll(queue, taken);
    return wasOver ? "over" : "taken";
  }

  #takeAll(queue: string, entries: readonly Entry[]): void {
    this.#change((record) => {
      const next = pagesOf(entries).reduce((so, page) => this.#takePage(so, queue, page), record);
      return this.#judged(next);
    });
  }

  // What is heard of a subtask for the first time, as nearly all is, goes in by one statement for all.
  #takePage(record: GroupRecord, queue: string, page: readonly Entry[]): GroupRecord {
    const tally = this.#counted();
    const ofSubtasks = page.filter(({ index = -1 }) => index >= record.first.index);
    const fresh = this.#deps.store.members.addNew(queue, ofSubtasks);
    let next = record;
    for (const entry of page) {
      if (entry.index !== undefined && fresh.delete(entry.index)) tally[entry.state ?? "open"]++;
      else next = this.#takeOne(next, queue, entry);
    }
    return next;
  }

  #takeOne(record: GroupRecord, queue: string, entry: Entry): GroupRecord {
    const { waits, cancel, madeAt } = entry;
    if (waits !== undefined || cancel) {
      const isMasters = madeAt === undefined || record.masterMadeAt === madeAt;
      if (record.master?.queue !== queue || !isMasters) return record;
      return cancel ? this.#cancelled(record) : { ...record, open: false, masterWaits: true };
    }
    this.#note(record, queue, entry);
    return record;
  }

  /** Takes a subtask's state down, unless it is known, or that of a group which had the name before. */
  #note({ first }: GroupRecord, queue: string, entry: Entry): void {
    const { members } = this.#deps.store;
    const { index = -1, state = "open" } = entry;
    if (index < first.index) return;
    const tally = this.#counted();
    const before = members.isFirst(queue, entry) ? undefined : members.stateOf(index);
    if (before === state) return;
    if (before !== undefined) {
      members.put(queue, entry);
      tally[before]--;
    }
    tally[state]++;
  }

  #judged(record: GroupRecord): GroupRecord {
    if (record.open || isOver(record)) return record;
    const { done, failed, deleted } = this.#counted();
    const tally = { total: record.total, done, failed, deleted };
    const state =
      groupStateOf(tally, record.onFailure, record.cancelled !== undefined) ?? "running";
    if (state === record.state) return record;
    const { endedAt: _, ...running } = record;
    if (state === "running") return { ...running, state };
    return { ...running, state, endedAt: this.#deps.now() };
  }

  async progress(): Promise<Answer<GroupProgress>> {
    const refusal = this.#refusalOf();
    if (refusal) return refusal;
    const { name, state, queues } = this.#record as GroupRecord;
    const asked = state === "running" ? queues : [];
    const running = await Promise.all(asked.map((queue) => this.#deps.running(queue, name)));
    const record = this.#record as GroupRecord;
    return { ok: progressView(record, this.#counted(), running) };
  }

  async watch(version: string, seconds: number): Promise<Answer<WatchedGroup>> {
    if (this.#version() === version) await this.#watching.wait(version, seconds);
    const progress = await this.progress();
    return progress.failure
      ? progress
      : { ok: { version: this.#version(), progress: progress.ok } };
  }

  #version(): string {
    const { state, total = 0, open } = this.#record ?? {};
    return [state, open, total, ...Object.values(this.#counted())].join("-");
  }

  async results(after: number, limit: number = PAGE.default): Promise<Answer<GroupResultPage>> {
    const refusal = this.#refusalOf() ?? checkLimit(limit);
    if (refusal) return refusal;
    const { first } = this.#record as GroupRecord;
    const members = this.#deps.store.members.list(first.index + after, limit);
    const results = members.flatMap((member): GroupResult[] => {
      const { index, state, name, result, ...rest } = member;
      if (state === "open") return [];
      const named = name === null ? {} : { name };
      const answer = result ? resultView(result) : {};
      return [{ index: index - first.index, ...rest, ...named, state, ...answer }];
    });
    const last = members.length === limit ? members.at(-1) : undefined;
    return { ok: last ? { results, cursor: `${last.index - first.index}` } : { results } };
  }

  #counted(): GroupCounts {
    this.#tally ??= {
      ...{ open: 0, done: 0, failed: 0, deleted: 0 },
      ...this.#deps.store.members.count(),
    };
    return this.#tally;
  }

  #refusalOf() {
    if (this.#record) return undefined;
    return refuse("UNKNOWN_GROUP", "group: there is no group of this name");
  }

  /** What is known of the group; errands go by it. */
  get record(): GroupRecord | undefined {
    return this.#record;
  }

  /** Changes rows and record in one transaction; undone, it is as it was. */
  change(work: (record: GroupRecord) => GroupRecord): void {
    this.#change(work);
  }

  /** The record is old enough to be forgotten. */
  forget(): void {
    this.#deps.store.erase();
    this.#record = undefined;
    this.#tally = undefined;
  }

  #change(work: (record: GroupRecord) => GroupRecord): void {
    const { store, now, changed } = this.#deps;
    const tally = this.#tally && { ...this.#tally };
    try {
      this.#record = store.transaction(now(), () => {
        const next = work(this.#record as GroupRecord);
        if (next !== this.#record) store.meta.set("group", next);
        return next;
      });
    } catch (error) {
      this.#tally = tally;
      throw error;
    }
    this.#watching.release();
    changed();
  }
}

const MAX_NAME = 500;

// Its name is settled beforehand, so that a second try cannot add it twice.
function withName({ queue, task }: Admitted, group: string): NonNullable<GroupRecord["then"]> {
  const { name } = task as { name?: string };
  return { queue, task: { ...task, name: name || `${group.slice(0, MAX_NAME - 5)}-then` } };
}
