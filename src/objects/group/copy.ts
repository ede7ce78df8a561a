// A group that is saved, and taken in: what `:export` and `:import` of queues do of their groups. Taken in are lines of
// several queues, in any order and as often as they come: what is there already stays as it is.
import type {
  SavedGroup,
  SavedOfGroup,
  SavedSubtask,
  SavedSubtasks,
} from "../../core/backup/record.ts";
import { storedResult } from "../../core/task/result.ts";
import type { GroupRecord, GroupStore } from "../../store/group/group-store.ts";
import type { Member } from "../../store/group/members.ts";
import type { SavedGroupPage, SavedSubtasksPage, TakenOfGroup } from "../rpc.ts";
import type { Group } from "./group.ts";
import { withSpan } from "./numbered.ts";
import { GROUP_KEPT_MS } from "./progress.ts";
import { isOver } from "./record.ts";

export interface CopyDeps {
  store: GroupStore;
  group: Group;
  /** ms since 1970 */
  now: () => number;
}

export type NewGroupCopy = new (deps: CopyDeps) => GroupCopy;

/** Rows read for one answer: a batch has up to 500,000 characters, a result up to 64 KiB. */
const PAGE = { batches: 4, subtasks: 200 };
const CHARACTERS = 1_000_000;

const OTHER: TakenOfGroup = { taken: "skipped", isHere: false };

export class GroupCopy {
  readonly #deps: CopyDeps;

  constructor(deps: CopyDeps) {
    this.#deps = deps;
  }

  /** What it is, with the batches behind this number, which are on their way: both of one moment. */
  saved(queue: string, afterBatch: number): SavedGroupPage | undefined {
    const { group, store } = this.#deps;
    const { record } = group;
    if (!record) return undefined;
    const batches = store.batches.after(afterBatch, PAGE.batches);
    const last = batches.length === PAGE.batches ? batches.at(-1) : undefined;
    return { group: savedOf(record, queue), batches, ...(last && { next: last.number }) };
  }

  /** How its subtasks behind this number ended. */
  subtasks(after: number): SavedSubtasksPage {
    const members = this.#deps.store.members.list(after, PAGE.subtasks);
    const subtasks: SavedSubtask[] = [];
    let characters = 0;
    for (const member of members) {
      const saved = savedMember(member);
      if (saved) subtasks.push(saved);
      characters += JSON.stringify(saved ?? "").length;
      if (characters > CHARACTERS) return { subtasks, next: member.index };
    }
    const last = members.length === PAGE.subtasks ? members.at(-1) : undefined;
    return { subtasks, ...(last && { next: last.index }) };
  }

  takeIn(saved: SavedOfGroup): TakenOfGroup {
    const { group } = this.#deps;
    const before = group.record;
    const taken = saved.kind === "group" ? this.#takeGroup(saved) : this.#takeSubtasks(saved);
    if (!taken) return OTHER;
    const { record } = group;
    return {
      taken: record === before ? "skipped" : "imported",
      isHere: record !== undefined && !isOver(record),
    };
  }

  /** False where there is another of the name, or it would be forgotten by now. */
  #takeGroup(saved: SavedGroup): boolean {
    const { group, store, now } = this.#deps;
    const { record } = group;
    const { batch } = saved;
    if ((saved.endedAt ?? now()) + GROUP_KEPT_MS <= now()) return false;
    if (!record) {
      group.begin(() => {
        if (batch) store.batches.add(batch);
        return recordOf(saved);
      });
      return true;
    }
    if (record.createdAt !== saved.made) return false;
    group.settle((current) => this.#withBatch(merged(current, saved), saved));
    return true;
  }

  /** One that did not come with the group has been sent from here long ago. */
  #withBatch(record: GroupRecord, { batch }: SavedGroup): GroupRecord {
    const { imported } = record;
    if (!batch || !imported || isOver(record) || imported.includes(batch.number)) return record;
    const { batches } = this.#deps.store;
    if (batches.after(batch.number - 1, 1)[0]?.number === batch.number) return record;
    batches.add(batch);
    return { ...record, imported: [...imported, batch.number] };
  }

  #takeSubtasks({ made, subtasks }: SavedSubtasks): boolean {
    const { group } = this.#deps;
    if (group.record?.createdAt !== made) return false;
    group.settle((record) => {
      const { first, total } = record;
      const own = subtasks.filter(
        ({ index }) => index >= first.index && index < first.index + total,
      );
      const fresh = [...Map.groupBy(own, ({ queue }) => queue)].map(([queue, ended]) =>
        group.noteFirst(queue, ended),
      );
      return fresh.some((n) => n > 0) ? { ...record } : record;
    });
    return true;
  }
}

function savedOf(record: GroupRecord, queue: string): SavedGroup {
  const { name, onFailure, state, open, total, numbered, first, batches, queues } = record;
  const { createdAt: made, endedAt, master, masterMadeAt, then, cancelled } = record;
  return {
    ...{ kind: "group", name, queue, made, onFailure, state, open, total },
    ...{ ...(numbered && { numbered }), first, batches, queues },
    ...(endedAt !== undefined && { endedAt }),
    ...(master && { master }),
    ...(masterMadeAt !== undefined && { masterMadeAt }),
    ...(then && { then: savedThen(then, queue) }),
    ...(cancelled && { cancelled: true as const }),
  };
}

// Of another queue it is added where the group ends, by its name, if that was not imported with its own queue.
function savedThen({ added, error, ...then }: NonNullable<GroupRecord["then"]>, queue: string) {
  if (then.queue !== queue) return then;
  return { ...then, ...(added && { added }), ...(error !== undefined && { error }) };
}

function savedMember({ state, result, ...rest }: Member): SavedSubtask | undefined {
  if (state === "open") return undefined;
  const { index, queue, name, error } = rest;
  return {
    ...{ index, queue, ...(name !== undefined && { name }), state },
    ...(result && { result: storedResult(result) }),
    ...(error !== undefined && { error }),
  };
}

// Whether its master waits, that says itself when it is taken in.
function recordOf({ kind: _, queue: __, accepted: ___, ...saved }: SavedGroup): GroupRecord {
  const { made, batch, cancelled, ...same } = saved;
  return {
    ...{ ...same, createdAt: made, formerQueues: [] },
    ...(cancelled && { cancelled: "requested" as const }),
    imported: batch ? [batch.number] : [],
  };
}

/** What lines of several queues say of a group together; none of them is older than its beginning. */
function merged(record: GroupRecord, saved: SavedGroup): GroupRecord {
  if (isOver(record)) return record;
  const { numbered = [], then, cancelled } = record;
  const spans = (saved.numbered ?? []).reduce(withSpan, numbered);
  const next: GroupRecord = {
    ...record,
    open: record.open && saved.open,
    total: Math.max(record.total, saved.total),
    batches: Math.max(record.batches, saved.batches),
    queues: [...new Set([...record.queues, ...saved.queues])],
    ...(spans.length > 0 && { numbered: spans }),
    ...(then && saved.then?.added && { then: { ...then, added: true } }),
    ...(saved.cancelled && !cancelled && { cancelled: "requested" as const }),
  };
  return JSON.stringify(next) === JSON.stringify(record) ? record : next;
}
