// Lists of a queue of several shards: one order, one cursor. A place in the list says nothing of shards, so a cursor
// is right wherever tasks have gone since. Each shard is asked for a little more than its part of a page; what it has
// not said is asked for when the page cannot go on without it.
import type { Answer } from "../../core/errors.ts";
import { PAGE } from "../../core/limits.ts";
import { behind, comparePlaces, type Place } from "../../core/list-place.ts";
import { isLeft, type ShardMap, shardsOf } from "../../core/sharding/shard-map.ts";
import type { ListQuery, TaskPage, TombstonePage, TombstoneQuery } from "../../core/task/calls.ts";
import {
  checkListQuery,
  checkTombstoneQuery,
  PAGE_BYTES,
  startOf,
  startOfTombstones,
  taskCursor,
  tombstoneCursor,
} from "../../core/task/listing.ts";
import { isSearch } from "../../core/task/search.ts";
import type { ListEntry, ListPart, PartAsk } from "../shard-part.ts";
import type { Routes } from "./routes.ts";

/** Asks one shard. */
type AskPart = (shard: number, ask: PartAsk) => Promise<ListPart>;

interface Source extends ListPart {
  shard: number;
}

interface PageAsk {
  map: ShardMap;
  after: Place;
  limit: number;
  askPart: AskPart;
}

/** Rows that a search looks at for one page, in each shard and in all: they lie in much the same order everywhere. */
const SCAN = { each: 5000, all: 20_000 };
/** Shards that are asked at once for what a page lacks: each may have to give a task of a megabyte. */
const ASKED_AGAIN = 4;

export async function listShards(
  routes: Routes,
  queue: string,
  query: ListQuery,
): Promise<Answer<TaskPage>> {
  const refusal = checkListQuery(query);
  if (refusal) return refusal;
  const start = startOf(queue, query);
  if (start.failure) return start;
  const { limit = PAGE.default } = query;
  const page = await routes.byMap((map) => {
    const askPart: AskPart = (shard, ask) => routes.on(map, shard)("listPart", query, ask);
    return pageOf({ map, after: start.ok, limit, askPart });
  });
  const tasks = page.entries.map(({ task }) => task);
  const cursor = page.upTo && { cursor: taskCursor(queue, query, page.upTo) };
  const { scanned } = page;
  return { ok: { tasks, ...(isSearch(query) && { scanned }), ...cursor } };
}

/** Names are in order among themselves: all have one key. */
export async function listTombstonesOfShards(
  routes: Routes,
  queue: string,
  query: TombstoneQuery,
): Promise<Answer<TombstonePage>> {
  const refusal = checkTombstoneQuery(query);
  if (refusal) return refusal;
  const start = startOfTombstones(queue, query);
  if (start.failure) return start;
  const { limit = PAGE.default } = query;
  const page = await routes.byMap((map) => {
    const askPart: AskPart = async (shard, { after, limit }) => {
      const cursor = tombstoneCursor(queue, query, after.name);
      const { ok } = await routes.on(map, shard)("tombstones", { ...query, limit, cursor });
      return partOf(queue, query, limit, ok as TombstonePage);
    };
    return pageOf({ map, after: { key: 0, name: start.ok }, limit, askPart });
  });
  const tombstones = page.entries.map(({ task }) => task);
  const cursor = page.upTo && { cursor: tombstoneCursor(queue, query, page.upTo.name) };
  return { ok: { tombstones, ...cursor } };
}

function partOf(
  queue: string,
  query: TombstoneQuery,
  limit: number,
  { tombstones, cursor }: TombstonePage,
): ListPart {
  const place = (name: string) => ({ key: 0, name });
  const entries = tombstones.map((task) => ({ place: place(task.name), size: 0, task }));
  if (cursor === undefined) return { entries };
  const upTo = place(startOfTombstones(queue, { ...query, cursor }).ok ?? "");
  return entries.length < limit ? { entries, upTo, isTired: true } : { entries, upTo };
}

/**
 * What comes behind a place, from all shards; `upTo` where there may be more. `scanned`: of what a search looked at, how
 * much lies before that; the rest is looked at again for the next page.
 */
async function pageOf(
  ask: PageAsk,
): Promise<Pick<ListPart, "entries" | "upTo"> & { scanned: number }> {
  const keys: number[] = [];
  const page = await pageFrom(ask, ({ scanned = [] }) => {
    for (const key of scanned) keys.push(key);
  });
  const { key: last } = page.upTo ?? behind(Number.POSITIVE_INFINITY);
  return { ...page, scanned: keys.filter((key) => key <= last).length };
}

async function pageFrom(
  ask: PageAsk,
  heard: (part: ListPart) => void,
): Promise<Pick<ListPart, "entries" | "upTo">> {
  const { map, limit } = ask;
  const page = new Page(limit);
  const isMoving = map.former !== undefined;
  const sources: Source[] = shardsOf(map).map((shard) => ({ shard, entries: [], upTo: ask.after }));
  const { length: n } = sources;
  const scan = Math.min(SCAN.each, Math.ceil(SCAN.all / n));
  let next: Omit<PartAsk, "after"> = {
    ...{ limit: share(limit, n), bytes: PAGE_BYTES / n },
    ...{ least: 0, scan },
  };
  if (isMoving) next = { ...next, limit, least: 1 };
  for (let asked = sources; ; ) {
    await askAll(ask, asked, next, heard);
    if (page.takeFrom(sources)) return { entries: page.entries, upTo: page.last };
    const [first, ...others] = sources.filter(isOpen).filter(isEmpty).sort(byPlace);
    if (!first) return { entries: page.entries };
    // What is read again may have come from where it was, or gone from there, since that was read.
    if (first.isTired || isMoving) return { entries: page.entries, upTo: upToOf(first) };
    asked = [first, ...others.slice(0, ASKED_AGAIN - 1)];
    const bytes = (PAGE_BYTES - page.bytes) / asked.length;
    next = { limit: limit - page.entries.length, bytes, least: 1, scan };
  }
}

/** As many of `limit` as a shard of `n` has most of the time, where they lie by chance. */
function share(limit: number, n: number): number {
  return Math.min(limit, Math.ceil(limit / n + 2 * Math.sqrt(limit / n)));
}

// While tasks are on their way, where they come from is read before where they go: there they are before they are gone
// from here.
async function askAll(
  { map, askPart }: PageAsk,
  sources: Source[],
  ask: Omit<PartAsk, "after">,
  heard: (part: ListPart) => void,
) {
  const one = async (source: Source) => {
    const { upTo: after = behind(-1) } = source;
    const part = await askPart(source.shard, { ...ask, after });
    heard(part);
    Object.assign(source, { upTo: undefined, isTired: undefined, ...part });
  };
  const { left = [], others = [] } = Object.groupBy(sources, ({ shard }) =>
    isLeft(map, shard) ? "left" : "others",
  );
  await Promise.all(left.map(one));
  await Promise.all(others.map(one));
}

/** Whether it may have more than it has said. */
function isOpen({ upTo }: Source): boolean {
  return upTo !== undefined;
}

function isEmpty({ entries }: Source): boolean {
  return entries.length === 0;
}

function upToOf({ upTo }: Source): Place {
  return upTo as Place;
}

function byPlace(a: Source, b: Source): number {
  return comparePlaces(upToOf(a), upToOf(b));
}

class Page {
  readonly entries: ListEntry[] = [];
  bytes = 0;
  last = behind(-1);
  readonly #limit: number;
  /** A task that is on its way is at both places. */
  readonly #names = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes what comes next, as far as all shards have said what they have; whether the page is full. */
  takeFrom(sources: readonly Source[]): boolean {
    const [known] = sources.filter(isOpen).sort(byPlace);
    const isKnown = ({ place }: ListEntry) => !known || comparePlaces(place, upToOf(known)) <= 0;
    const next = sources.flatMap(({ entries }) => entries.filter(isKnown));
    for (const source of sources) source.entries = source.entries.filter((one) => !isKnown(one));
    next.sort((a, b) => comparePlaces(a.place, b.place));
    return next.some((entry) => this.#take(entry));
  }

  /** Whether the page is full with it, or was before. */
  #take(entry: ListEntry): boolean {
    if (this.entries.length > 0 && this.bytes + entry.size > PAGE_BYTES) return true;
    this.last = entry.place;
    if (this.#names.size === this.#names.add(entry.task.name).size) return false;
    this.bytes += entry.size;
    return this.entries.push(entry) === this.#limit;
  }
}
