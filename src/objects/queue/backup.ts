// A queue saved and taken in again, page by page: a part that a Worker may leave out.
import type {
  SavedFailure,
  SavedName,
  SavedPage,
  SavedRecord,
  SavedTask,
  Taken,
  WalkPlace,
} from "../../core/backup/record.ts";
import { nameOfRecord } from "../../core/backup/record.ts";
import { type Answer, refuse } from "../../core/errors.ts";
import { resultFromStored, storedResult } from "../../core/task/result.ts";
import type { Progress } from "../../core/task/task.ts";
import { Moving, type MovingRow } from "../../store/queue/moving.ts";
import { type NamePlace, type NamesPage, walkNames } from "../../store/queue/name-walk.ts";
import type { NameRow } from "../../store/queue/names.ts";
import { dueOf, firstKeyOf, isParked } from "../../store/queue/row-key.ts";
import type { Queue } from "./queue.ts";

/** Names, and bytes of what lies under them, in one page. */
const PAGE = { names: 500, bytes: 2 * 1024 * 1024 };

export class Backup {
  readonly #queue: Queue;
  readonly #moving: Moving;
  readonly #walk: (from: NamePlace) => NamesPage;

  constructor(queue: Queue) {
    this.#queue = queue;
    const { store } = queue;
    this.#moving = store.withNames((names) => new Moving(store, names));
    this.#walk = store.withNames(
      (names) => (from: NamePlace) => walkNames(store.tasks, names, from, PAGE.names),
    );
  }

  /** What lies under the next names. All of a page is read in one turn, so that it is of one moment. */
  page(from: WalkPlace): Answer<SavedPage> {
    const { map, index } = this.#queue.shard;
    const { version } = map;
    // A shard without a map has had no task yet.
    if (index > 0 && version === 0) return { ok: { version: from.version, records: [] } };
    const isOther = from.version >= 0 && from.version !== version;
    if (map.former !== undefined || isOther) return changing(this.#queue.name);
    return { ok: { version, ...this.#pageAt({ ...from, version }) } };
  }

  #pageAt(from: WalkPlace): Omit<SavedPage, "version"> {
    const now = this.#queue.now();
    const { names, next } = this.#walk(from);
    const records: SavedRecord[] = [];
    let bytes = 0;
    for (const name of names) {
      const row = this.#moving.rowOf(name, now);
      if (!row) continue;
      records.push(saved(row, now));
      bytes += sizeOf(row);
      // The next page begins anew behind this name: where its tasks lie is looked for again.
      if (bytes > PAGE.bytes && name !== names.at(-1)) {
        return { records, next: { ...from, name } };
      }
    }
    return next ? { records, next: { ...from, ...next } } : { records };
  }

  /** Takes in what is not there, in one commit; for each what became of it. A name that is taken, or was, stays as it is. */
  async take(records: readonly SavedRecord[]): Promise<Answer<Taken[]>> {
    const queue = this.#queue;
    if (queue.shard.map.former !== undefined) return changing(queue.name);
    if (!queue.isListed) await queue.ensureListed();
    const { failure } = queue.admission();
    if (failure) return { failure };
    const now = queue.now();
    return queue.commit.run(() => ({ ok: records.map((record) => this.#takeOne(record, now)) }));
  }

  #takeOne(record: SavedRecord, now: number): Taken {
    const { store } = this.#queue;
    const row = movingOf(record, now);
    if (!row || store.find(nameOfRecord(record), now)) return "skipped";
    const task = this.#moving.takeIn(row, now);
    if (task && !isParked(task.key)) this.#queue.rowWritten(task.key);
    return "imported";
  }
}

/** While tasks are on their way from one shard to another none knows all of them. */
function changing(name: string): Answer<never> {
  const message = `queue: the number of shards of "${name}" changes, or has changed since, expected to begin when that is done`;
  return refuse("INVALID_REQUEST", message);
}

function saved({ name, task, row, next, expires, isLetter }: MovingRow, now: number): SavedRecord {
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
function movingOf(record: SavedRecord, now: number): MovingRow | undefined {
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

export interface BackupsPart {
  readonly part: "backups";
  readonly Backup: typeof Backup;
}

/** Saving queues and taking them in: `:export` and `:import` of the API. */
export const backups: BackupsPart = { part: "backups", Backup };
