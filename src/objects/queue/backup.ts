// A queue saved and taken in again, page by page: a part that a Worker may leave out.
import {
  isOfGroup,
  nameOfRecord,
  nextWalk,
  type SavedFailure,
  type SavedName,
  type SavedOfName,
  type SavedPage,
  type SavedRecord,
  type SavedTask,
  type Taken,
  type WalkPlace,
} from "../../core/backup/record.ts";
import { type Answer, refuse } from "../../core/errors.ts";
import { resultFromStored, storedResult } from "../../core/task/result.ts";
import type { Progress } from "../../core/task/task.ts";
import { Moving, type MovingRow } from "../../store/queue/moving.ts";
import { type NamePlace, type NamesPage, walkNames } from "../../store/queue/name-walk.ts";
import type { NameRow } from "../../store/queue/names.ts";
import { dueOf, firstKeyOf, isParked } from "../../store/queue/row-key.ts";
import { GroupCopies, isLate } from "./group-copies.ts";
import type { Queue } from "./queue.ts";

/** Names, and bytes of what lies under them, in one page. */
const PAGE = { names: 500, bytes: 2 * 1024 * 1024 };

export class Backup {
  readonly #queue: Queue;
  readonly #moving: Moving;
  readonly #groups: GroupCopies;
  readonly #walk: (from: NamePlace) => NamesPage;

  constructor(queue: Queue) {
    this.#queue = queue;
    const { store } = queue;
    this.#groups = new GroupCopies(queue);
    this.#moving = store.withNames((names) => new Moving(store, names));
    this.#walk = store.withNames(
      (names) => (from: NamePlace) => walkNames(store.tasks, names, from, PAGE.names),
    );
  }

  /** What lies under the next names, all of it read in one turn, so that it is of one moment; behind them, groups. */
  async page(from: WalkPlace): Promise<Answer<SavedPage>> {
    const { map, index } = this.#queue.shard;
    const { version } = map;
    // A shard without a map has had no task yet.
    if (index > 0 && version === 0) return { ok: pageOf(from.version, [], this.#behind(from)) };
    const isOther = from.version >= 0 && from.version !== version;
    if (map.former !== undefined || isOther) return changing(this.#queue.name);
    const begun = from.begun ?? this.#queue.now();
    const place = { ...from, version, shards: map.shards, begun };
    const { records, next = this.#behind(place) } = await this.#pageAt(place);
    return { ok: pageOf(version, records, next) };
  }

  // Of several objects each may have groups.
  #behind(place: WalkPlace): WalkPlace | undefined {
    return nextWalk(place, this.#queue.shard.isSharded || this.#groups.any());
  }

  async #pageAt(from: WalkPlace): Promise<Omit<SavedPage, "version">> {
    const { walk = "names" } = from;
    if (walk === "groups") return this.#groups.groups(from);
    if (walk === "subtasks") return this.#groups.subtasks(from);
    const areLate = walk === "late";
    const { records, next } = areLate ? this.#latePage(from) : this.#namesPage(from);
    const all = await this.#groups.withHeads(records, areLate);
    return { records: all, ...(next && { next }) };
  }

  #latePage(from: WalkPlace): NamesOf {
    const now = this.#queue.now();
    const { names, next } = this.#groups.late(from);
    const rows = names.flatMap((name) => this.#moving.rowOf(name, now) ?? []);
    return { records: rows.map((row) => saved(row, now)), ...(next && { next }) };
  }

  #namesPage(from: WalkPlace): NamesOf {
    const now = this.#queue.now();
    const { names, next } = this.#walk(from);
    const records: SavedOfName[] = [];
    let bytes = 0;
    for (const name of names) {
      const row = this.#moving.rowOf(name, now);
      if (!row || isLate(row, from)) continue;
      records.push(saved(row, now));
      bytes += sizeOf(row);
      // The next page begins anew behind this name: where its tasks lie is looked for again.
      if (bytes > PAGE.bytes && name !== names.at(-1)) {
        return { records, next: { ...from, name } };
      }
    }
    return next ? { records, next: { ...from, ...next } } : { records };
  }

  /** Takes in what is not there, for each what became of it. A name that is taken, or was, stays as it is. */
  async take(records: readonly SavedRecord[]): Promise<Answer<Taken[]>> {
    const queue = this.#queue;
    const { shards } = queue.shard.map;
    if (!queue.isListed) await queue.ensureListed();
    const before = this.#refusal(shards);
    if (before) return before;
    // Groups are there before any of their subtasks can end.
    const ofGroups = (await this.#groups.takeIn(records.filter(isOfGroup))).values();
    const after = this.#refusal(shards);
    if (after) return after;
    const now = queue.now();
    const takeOne = (record: SavedRecord): Taken =>
      isOfGroup(record) ? (ofGroups.next().value ?? "skipped") : this.#takeOne(record, now);
    return queue.commit.run(() => ({ ok: records.map(takeOne) }));
  }

  /** Why the queue takes nothing in, or nothing that came to it as one of so many shards. */
  #refusal(shards: number): Answer<never> | undefined {
    const { map } = this.#queue.shard;
    if (map.former !== undefined || map.shards !== shards) return changing(this.#queue.name);
    const { failure } = this.#queue.admission();
    return failure && { failure };
  }

  #takeOne(record: SavedOfName, now: number): Taken {
    const { store } = this.#queue;
    const row = movingOf(record, now);
    if (!row || store.find(nameOfRecord(record), now)) return "skipped";
    const task = this.#moving.takeIn(row, now);
    if (task && !isParked(task.key)) this.#queue.rowWritten(task.key);
    if (task) this.#groups.tookIn(task);
    if (record.kind === "failed") this.#groups.tookInFailed(record.task);
    return "imported";
  }
}

interface NamesOf {
  records: SavedOfName[];
  next?: WalkPlace;
}

function pageOf(version: number, records: SavedRecord[], next: WalkPlace | undefined): SavedPage {
  return { version, records, ...(next && { next }) };
}

/** While tasks are on their way from one shard to another none knows all of them. */
function changing(name: string): Answer<never> {
  const message = `queue: the number of shards of "${name}" changes, or has changed since, expected to begin when that is done`;
  return refuse("INVALID_REQUEST", message);
}

function saved({ name, task, row, next, expires, isLetter }: MovingRow, now: number): SavedOfName {
  if (!row)
    return savedTask({
      name,
      ...(task && { task }),
      ...(next && { next }),
      ...(expires && { expires }),
    });
  const { createdAt, endedAt, progress } = row.record ?? NO_RECORD;
  const nameUntil = row.expires ?? 0;
  // Its record may be there for a moment after it was to go.
  if (task && dueOf(task.key) > now) {
    const { key, lease: _, ...rest } = task;
    const letter = isLetter ? { isLetter } : {};
    const keptUntil = dueOf(key);
    return { kind: "failed", task: withoutAttempt(rest), endedAt, keptUntil, nameUntil, ...letter };
  }
  const state = row.state as SavedName["state"];
  const result = row.result ? { result: storedResult(row.result) } : {};
  return { kind: "name", name, state, createdAt, endedAt, nameUntil, progress, ...result };
}

const NO_RECORD = {
  ...{ createdAt: 0, endedAt: 0 },
  progress: { retryCount: 0, executionCount: 0, attempts: [] } as Progress,
};

function savedTask({ task, next, expires }: MovingRow): SavedTask {
  const { lease: _, ...rest } = task as NonNullable<MovingRow["task"]>;
  const { name: __, ...behind } = next ?? { name: "" };
  return {
    kind: "task",
    task: withoutAttempt(rest),
    ...(next && { next: behind as NonNullable<SavedTask["next"]> }),
    ...(expires && { mayExpire: true }),
  };
}

// Elsewhere nobody waits for the end of an attempt that is under way here.
function withoutAttempt<T extends { progress: Progress }>(task: T): T {
  const { begun: _, ...progress } = task.progress;
  return { ...task, progress };
}

/** Undefined for what would be forgotten by now. */
function movingOf(record: SavedOfName, now: number): MovingRow | undefined {
  if (record.kind === "task") return movingTask(record);
  if (record.nameUntil <= now) return undefined;
  return record.kind === "failed" ? movingFailure(record, now) : movingName(record);
}

function movingTask({ task, next, mayExpire }: SavedTask): MovingRow {
  const { name } = task;
  return {
    name,
    task: { ...task, due: dueOf(task.key) },
    ...(next && { next: { ...next, name } }),
    ...(mayExpire && { expires: true }),
  };
}

function movingFailure(record: SavedFailure, now: number): MovingRow {
  const { task, endedAt, keptUntil, nameUntil, isLetter } = record;
  const { name, createdAt, progress } = task;
  const row = endedRow({ name, state: "failed", createdAt, endedAt, nameUntil, progress });
  if (keptUntil <= now) return { name, row };
  return {
    name,
    task: { ...task, key: firstKeyOf(keptUntil) },
    row,
    ...(isLetter && { isLetter }),
  };
}

function movingName(record: SavedName): MovingRow {
  const { name, result } = record;
  const row = endedRow(record);
  return { name, row: result ? { ...row, result: resultFromStored(result) } : row };
}

function endedRow(ended: Omit<SavedName, "kind" | "result">): NameRow {
  const { name, state, createdAt, endedAt, nameUntil: expires, progress } = ended;
  return { name, state, key: null, expires, record: { createdAt, endedAt, progress } };
}

function sizeOf({ task, row, next }: MovingRow): number {
  return (
    400 + (task?.body?.length ?? 0) + (next?.body?.length ?? 0) + (row?.result?.body.length ?? 0)
  );
}
