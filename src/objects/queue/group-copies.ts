// The groups of a queue that is saved, or taken in: each at its own object. A line of what a group is stands before its
// subtasks, so that where they are taken in it is there before any of them ends.
import {
  nameOfRecord,
  onQueue,
  type SavedGroup,
  type SavedOfGroup,
  type SavedOfName,
  type SavedRecord,
  type SavedSubtask,
  type Taken,
  type WalkPlace,
} from "../../core/backup/record.ts";
import type { GroupPlace } from "../../core/task/task.ts";
import type { GroupEvent } from "../../store/queue/group-outbox.ts";
import type { MovingRow } from "../../store/queue/moving.ts";
import { isParked } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import type { GroupRpc, SavedGroupPage, TakenOfGroup } from "../rpc.ts";
import { dropOne } from "./group-membership.ts";
import type { Queue } from "./queue.ts";

/** Groups, and keys of tasks that are looked at, for one page; characters of its lines, about. */
const PAGE = { groups: 50, keys: 5_000, characters: 1_000_000 };
/** Groups that are asked at a time. */
const AT_A_TIME = 50;
/** An export under way is noted so often: groups that end meanwhile are kept for its end. */
const NOTED_MS = 1800_000;
/** What is kept so is forgotten with the first export behind this. */
const KEPT_MS = 24 * 3600_000;
const NO_MORE = Number.MAX_SAFE_INTEGER;

/** A page, and where its walk goes on; without that it is over. */
interface Part {
  records: SavedRecord[];
  next?: WalkPlace;
}

export class GroupCopies {
  readonly #queue: Queue;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** Whether there are any to save. */
  any(): boolean {
    return this.#queue.store.acceptedGroups.any();
  }

  /**
   * The records with their groups before them. Of late ones those alone that get no more subtasks: what the others
   * are has been saved, and was less.
   */
  async withHeads(records: readonly SavedOfName[], areLate: boolean): Promise<SavedRecord[]> {
    const heads = await this.#headsOf(records);
    const shown = [...heads.values()].filter(({ state }) => !areLate || state !== "running");
    this.#keep(shown);
    return [...shown, ...records.map((record) => placed(record, heads))];
  }

  async #headsOf(records: readonly SavedOfName[]): Promise<Map<string, SavedGroup>> {
    const names = new Set(records.flatMap((record) => this.#groupsOf(record)));
    const pages = await eachOf([...names], (name) => this.#saved(name, NO_MORE));
    return new Map(pages.flatMap((page) => (page ? [[page.group.name, page.group]] : [])));
  }

  /** The group that a task is of, and the one it waits for, or would find when it is tried again. */
  #groupsOf(record: SavedOfName): string[] {
    if (record.kind === "name") return [];
    const { name, spec, progress } = record.task;
    const { key } = record.task as { key?: number };
    const attempt = key === undefined ? undefined : this.#queue.push.attemptOf({ name, key });
    return [spec.group?.name, progress.waitsFor, attempt?.waitsFor].flatMap((it) => it ?? []);
  }

  // A group that is over has been forgotten here, or may be before the walk comes to groups.
  #keep(heads: readonly SavedGroup[]): void {
    const { acceptedGroups, meta } = this.#queue.store;
    const now = this.#queue.now();
    const exportedAt = meta.get("exportedAt") ?? 0;
    const over = heads.filter(({ name }) => !acceptedGroups.isKnown(name));
    const isDue = heads.length > 0 && exportedAt + NOTED_MS < now;
    if (!isDue && over.length === 0) return;
    this.#queue.commit.run(() => {
      if (exportedAt + KEPT_MS < now) acceptedGroups.forgetOver();
      if (isDue) meta.set("exportedAt", now);
      for (const { name } of over) acceptedGroups.keepOver(name);
    });
  }

  async #saved(name: string, afterBatch: number): Promise<SavedGroupPage | undefined> {
    const { name: queue, stubs, store, shard } = this.#queue;
    const page = await stubs.group(name).saved(queue, afterBatch);
    // Another of the queue's objects may have a part of a batch that is not accepted as a whole.
    if (!page || shard.index > 0) return page && { ...page, batches: [] };
    const accepted = store.acceptedGroups.lastBatch(name);
    const batches = page.batches.filter((it) => it.queue !== queue || it.number > accepted);
    return { ...page, group: { ...page.group, ...(accepted >= 0 && { accepted }) }, batches };
  }

  /** What each group is, with its batches under way. */
  groups(place: WalkPlace): Promise<Part> {
    return this.#each(place, async (name, after) => {
      const page = await this.#saved(name, after ?? -1);
      if (!page) return { lines: [] };
      const { group, batches, next } = page;
      const lines = [group, ...batches.map((batch) => ({ ...group, batch }))];
      return { lines, ...(next !== undefined && { next }) };
    });
  }

  /** How subtasks ended: of events that are still here, and what their group knows. */
  subtasks(place: WalkPlace): Promise<Part> {
    const { name: queue, stubs, store } = this.#queue;
    return this.#each(place, async (name, after) => {
      const pending = after === undefined ? endsOf(store.groupOutbox.all(name), queue) : [];
      const page = await stubs.group(name).saved(queue, NO_MORE);
      if (!page) return { lines: [] };
      const { subtasks, next } = await stubs.group(name).savedSubtasks(after ?? -1);
      const { made, queues } = page.group;
      const line = { kind: "subtasks" as const, name, queue, queues, made };
      const lines = [pending, subtasks]
        .filter((some) => some.length > 0)
        .map((some) => ({ ...line, subtasks: some }));
      return { lines, ...(next !== undefined && { next }) };
    });
  }

  /** Goes through the groups by their names; of each one or more pages. */
  async #each(
    place: WalkPlace,
    pageOf: (name: string, after: number | undefined) => Promise<Lines>,
  ): Promise<Part> {
    const { group = "", after, ...begun } = place;
    const { acceptedGroups } = this.#queue.store;
    const records: SavedOfGroup[] = [];
    let length = 0;
    const ahead = acceptedGroups.namesAfter(group, PAGE.groups);
    let from = after;
    for (const name of after === undefined ? ahead : [group, ...ahead]) {
      for (;;) {
        const { lines, next } = await pageOf(name, from);
        records.push(...lines);
        length += JSON.stringify(lines).length;
        from = next;
        if (length > PAGE.characters) {
          return {
            records,
            next: { ...begun, group: name, ...(next !== undefined && { after: next }) },
          };
        }
        if (next === undefined) break;
      }
    }
    const last = ahead.length === PAGE.groups ? ahead.at(-1) : undefined;
    return last === undefined ? { records } : { records, next: { ...begun, group: last } };
  }

  /**
   * The subtasks behind a place that were added since the walk began. A page that is not full is the last: what comes to
   * lie behind it was seen, or was added since.
   */
  late(place: WalkPlace): { names: string[]; next?: WalkPlace } {
    const { tasks } = this.#queue.store;
    const { key, begun = 0 } = place;
    const looked = tasks.places(key, PAGE.keys);
    const last = looked.at(-1)?.key;
    if (last === undefined) return { names: [] };
    const names = tasks.lateOfGroups(key, last, begun);
    return looked.length < PAGE.keys ? { names } : { names, next: { ...place, key: last } };
  }

  /** Takes in lines of groups, those of one in their order. */
  async takeIn(records: readonly SavedOfGroup[]): Promise<Taken[]> {
    const all = records.map((record) => onQueue(record, this.#queue.name));
    const byGroup = Map.groupBy(all.keys(), (i) => nameOfRecord(all[i] as SavedOfGroup));
    const taken: Taken[] = [];
    await eachOf([...byGroup], async ([name, places]) => {
      const group = this.#queue.stubs.group(name);
      for (const i of places) taken[i] = await this.#takeOne(group, all[i] as SavedOfGroup);
    });
    return taken;
  }

  async #takeOne(group: GroupRpc, saved: SavedOfGroup): Promise<Taken> {
    const answer: TakenOfGroup = await group.takeInSaved(saved);
    if (saved.kind === "group" && answer.isHere) this.#accepted(saved);
    return answer.taken;
  }

  // What came with the queue is not to be accepted once more.
  #accepted({ name, accepted = -1 }: SavedGroup): void {
    const { commit, store } = this.#queue;
    if (accepted <= store.acceptedGroups.lastBatch(name)) return;
    commit.run(() => store.acceptedGroups.accept(name, accepted));
  }

  /** Inside a commit: a task was taken in, and says of itself what its group has to know. */
  tookIn(task: TaskRow): void {
    const { acceptedGroups, groupOutbox, steps } = this.#queue.store;
    const { waitsFor } = task.progress;
    const { createdAt: madeAt, name: parked } = task;
    if (waitsFor !== undefined && isParked(task.key)) groupOutbox.add(waitsFor, { parked, madeAt });
    const { group } = task.spec;
    if (!isSubtask(group)) return;
    steps.ofGroup("added");
    if (!acceptedGroups.isKnown(group.name)) acceptedGroups.accept(group.name, -1);
    if (acceptedGroups.isCancelled(group.name)) dropOne(this.#queue, task);
  }

  /** Inside a commit: the same of a failed one. */
  tookInFailed({ name, spec: { group } }: Pick<TaskRow, "name" | "spec">): void {
    if (!isSubtask(group)) return;
    const { index, made } = group;
    this.#queue.store.groupOutbox.add(group.name, { index, name, state: "failed", made });
  }
}

/** Whether the task is a subtask that `late` comes to; while there are such the queue knows their groups. */
export function isLate({ task, row }: MovingRow, { begun = 0 }: WalkPlace): boolean {
  return task?.spec.group?.index !== undefined && !row && task.createdAt >= begun;
}

interface Lines {
  lines: SavedOfGroup[];
  next?: number;
}

/** Of a group that came along. */
function isSubtask(group: GroupPlace | undefined): group is Required<GroupPlace> {
  return group?.index !== undefined && (group.made ?? 0) > 0;
}

/** Says which group the task is of, of those that had or will have the name; 0 is none. */
function placed(record: SavedOfName, heads: ReadonlyMap<string, SavedGroup>): SavedOfName {
  if (record.kind === "name" || !record.task.spec.group) return record;
  const { task } = record;
  const { name, index = NO_MORE } = task.spec.group as GroupPlace;
  const head = heads.get(name);
  const made = head && index >= head.first.index ? head.made : 0;
  const group = { ...(task.spec.group as GroupPlace), made };
  return { ...record, task: { ...task, spec: { ...task.spec, group } } } as SavedOfName;
}

/** The last that these events say of each subtask, where that is an end. */
function endsOf(events: readonly GroupEvent[], queue: string): SavedSubtask[] {
  const last = new Map(events.map((event) => [event.index, event]));
  last.delete(undefined);
  const ended = [...last.values()].filter(({ state }) => state !== "open");
  return ended.map(({ made: _, ...event }) => ({ ...event, queue }) as SavedSubtask);
}

async function eachOf<In, Out>(all: readonly In[], of: (one: In) => Promise<Out>): Promise<Out[]> {
  const done: Out[] = [];
  const ahead = all.entries();
  const work = async () => {
    for (const [i, one] of ahead) done[i] = await of(one);
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, all.length) }, work));
  return done;
}
