// Limits of keys at work: whether one more task of a key may start, and if not, what it waits for. A key whose tasks
// wait for a token is remembered with the time, one that waits for a slot until an attempt of it ends, and neither is
// looked at before.
import {
  bucketOf,
  type KeyLimits,
  limitsOfKey,
  withOverride,
} from "../../../core/config/keys-config.ts";
import {
  type Bucket,
  type BucketShape,
  readyAt,
  taken,
  wholeTokens,
} from "../../../core/dispatch/bucket.ts";
import { fullAt, Levels, type StoredLevel } from "../../../core/dispatch/levels.ts";
import { quantum } from "../../../core/dispatch/plan.ts";
import type { KeyRows } from "../../../store/queue/key-rows.ts";
import type { QueueDefinition } from "../context/definition.ts";
import { Times } from "./times.ts";

export interface KeyLimitsDeps {
  definition: QueueDefinition;
  rows: KeyRows;
  /** ms since 1970 */
  now: () => number;
  /** How late alarms come, in ms. */
  late: () => number;
}

/** What a key has under way, and its bucket, which is absent without a rate. */
export interface KeyLoad {
  limits: KeyLimits;
  running: number;
  bucket: { level: Bucket; shape: BucketShape } | undefined;
  /** A handler asked for no tasks of this key until then (ms). */
  heldUntil?: number;
}

/** Rows of levels at which they are written anew, together. */
const MOST_ROWS = 1000;
const LEVELS_IN_ROW = 500;
/** Where there are too many buckets, those that have none wait so long (ms). */
const NO_ROOM_MS = 1000;

export class KeysAtWork {
  readonly #deps: KeyLimitsDeps;
  readonly #running = new Map<string, number>();
  /** Leases that hold, by key; they take slots while tasks leave by being leased. */
  readonly #leased = new Map<string, number>();
  /** Tasks that were chosen to start in this turn, by key. */
  #chosen = new Map<string, number>();
  readonly #levels = new Levels();
  /** Rows that hold levels, and when each is of no more use (ms). Undefined: they were not read yet. */
  #rows: { row: number; until: number }[] | undefined;
  #set: Map<string, KeyLimits> | undefined;
  readonly #times = new Times();
  readonly #waitForSlot = new Set<string>();
  readonly #heldUntil = new Map<string, number>();
  /** Rows of expedited tasks that wait for a slot of their key: they need no token. */
  readonly #expedited = new Map<number, string>();
  #seen: string | undefined;
  #version = 0;

  constructor(deps: KeyLimitsDeps) {
    this.#deps = deps;
  }

  /** By which limits a key goes: those set while the queue runs, else those of its configuration. */
  of(key: string): KeyLimits {
    const set = key === "" ? undefined : this.#setLimits.get(key);
    return set ?? limitsOfKey(this.#deps.definition.config.keys, key);
  }

  /** Whether tasks of this key run one at a time, in order. */
  isInOrder(key: string): boolean {
    return this.of(key).maxConcurrentRequests === 1;
  }

  /** Whether any key may be limited. */
  get areLimited(): boolean {
    return this.#deps.definition.config.keys !== undefined || this.#setLimits.size > 0;
  }

  /** Another one whenever limits have changed, or who starts tasks by them. */
  get version(): number {
    return this.#version;
  }

  /** Whether one more may start. If not, the key is named by `due` or `ended` once one may. */
  admits(key: string, now: number): boolean {
    if (key === "" || !this.areLimited) return true;
    const limits = this.of(key);
    if (!this.hasSlot(key, limits)) {
      this.#waitForSlot.add(key);
      return false;
    }
    const at = this.#startsAt(key, limits, now);
    if (at <= now) return true;
    this.#times.set(key, at);
    return false;
  }

  /** Whether it was not admitted, and has not been named since. */
  waits(key: string): boolean {
    return this.#waitForSlot.has(key) || this.#times.get(key) !== undefined;
  }

  hasSlot(key: string, { maxConcurrentRequests } = this.of(key)): boolean {
    if (maxConcurrentRequests === Number.POSITIVE_INFINITY) return true;
    return this.running(key) + (this.#chosen.get(key) ?? 0) < maxConcurrentRequests;
  }

  #startsAt(key: string, limits: KeyLimits, now: number): number {
    const held = this.#heldUntil.get(key) ?? 0;
    if (held > now) return held;
    if (held > 0) this.#heldUntil.delete(key);
    const shape = bucketOf(limits);
    if (!shape) return now;
    this.#read();
    if (!this.#levels.hasRoom(key, now)) return now + NO_ROOM_MS;
    const chosen = this.#chosen.get(key) ?? 0;
    const { level, shape: filling } = this.#levels.at(key, shape, now);
    if (wholeTokens(level) > chosen) return now;
    const wanted = this.#isPull ? 1 : quantum(filling, this.#deps.late());
    return readyAt(taken(level, chosen), filling, wanted) ?? Number.POSITIVE_INFINITY;
  }

  chosen(key: string): void {
    if (key !== "" && this.areLimited) add(this.#chosen, key, 1);
  }

  /** A task that was chosen does not start; whether others of its key waited for that. */
  passedOver(key: string): boolean {
    this.#notChosen(key);
    return this.#waitForSlot.delete(key);
  }

  /** Nothing is chosen any more. */
  noneChosen(): void {
    if (this.#chosen.size > 0) this.#chosen = new Map();
  }

  started(key: string): void {
    add(this.#running, key, 1);
    this.#notChosen(key);
  }

  #notChosen(key: string): void {
    if (this.#chosen.size > 0) add(this.#chosen, key, -1);
  }

  /** An attempt of this key has ended; whether its tasks waited for that. */
  ended(key: string): boolean {
    add(this.#running, key, -1);
    const isAwaited = this.#waitForSlot.delete(key);
    // One that was under way when the queue became a pull queue: who leases is not asked here.
    if (isAwaited && this.#isPull) this.#version++;
    return isAwaited;
  }

  leased(key: string): void {
    add(this.#leased, key, 1);
    this.#notChosen(key);
  }

  /** The same of a lease. */
  leaseEnded(key: string): boolean {
    add(this.#leased, key, -1);
    return this.#waitForSlot.delete(key);
  }

  /** Chooses expedited tasks, but those whose keys have no slot; whether there were any such. */
  holdExpedited(tasks: readonly { key: number; spec: { key?: string } }[]): boolean {
    this.noneChosen();
    const before = this.#expedited.size;
    for (const { key, spec } of tasks) {
      if (spec.key === undefined) continue;
      if (this.hasSlot(spec.key)) this.chosen(spec.key);
      else this.#expedited.set(key, spec.key);
    }
    return this.#expedited.size > before;
  }

  isHeld(row: number): boolean {
    return this.#expedited.has(row);
  }

  /** Rows of expedited tasks that may start, since an attempt of their key has ended, or all of them may. */
  released(key?: string): number[] {
    if (this.#expedited.size === 0) return [];
    const rows = [...this.#expedited].filter(([, of]) => key === undefined || of === key);
    for (const [row] of rows) this.#expedited.delete(row);
    return rows.map(([row]) => row);
  }

  running(key: string): number {
    const running = this.#running.get(key) ?? 0;
    return this.#isPull ? running + (this.#leased.get(key) ?? 0) : running;
  }

  /** Keys that waited for a time that has come. */
  due(now: number): string[] {
    return this.#times.take(now);
  }

  /** When the first of those that wait for a time may go on (ms), infinite if none does. */
  nextTime(): number {
    return this.#times.next();
  }

  /** How many of each key. */
  countsOf(tasks: readonly { spec: { key?: string } }[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { spec } of tasks) if (spec.key !== undefined) add(counts, spec.key, 1);
    return counts;
  }

  /** Whether taking a token for each of these keys writes nothing. */
  cover(counts: ReadonlyMap<string, number>, now: number): boolean {
    for (const [key, n] of counts) {
      const shape = bucketOf(this.of(key));
      if (shape && !this.#levels.covers(key, shape, n, now)) return false;
    }
    return true;
  }

  /** Takes the tokens; unless they are covered, inside a commit before the requests leave. */
  spend(counts: ReadonlyMap<string, number>, now: number): void {
    const stored: StoredLevel[] = [];
    for (const [key, n] of counts) {
      const shape = bucketOf(this.of(key));
      const level = shape && this.#levels.spend(key, shape, n, now);
      if (level) stored.push(level);
    }
    if (stored.length > 0) this.#store(stored, now);
  }

  /** What slows down this key alone; a key without a rate starts nothing until `retryAt` (ms). */
  ofKey(key: string, retryAt: number | undefined) {
    return {
      isOfKey: true as const,
      overloaded: (now: number) => this.#overloaded(key, now, retryAt),
      succeeded: (now: number) => {
        const shape = bucketOf(this.of(key));
        if (shape) this.#levels.succeeded(key, shape, now);
      },
    };
  }

  #overloaded(key: string, now: number, retryAt = now): void {
    const shape = bucketOf(this.of(key));
    if (shape) this.#levels.overloaded(key, shape, now);
    else if (retryAt > now && this.#heldUntil.size < MOST_HELD) this.#heldUntil.set(key, retryAt);
  }

  /** Inside a commit: limits may have changed; whether they have since this was last asked. */
  reshape(now: number): boolean {
    const before = this.#seen;
    const wereUsed = before !== undefined || this.#set !== undefined;
    this.#seen = this.#asText();
    if (this.#seen === before) return false;
    this.#version++;
    this.#set = undefined;
    this.#read();
    const levels = this.#levels.reshape((key) => bucketOf(this.of(key)), now);
    if (levels) this.#rewrite(levels);
    return wereUsed;
  }

  #asText(): string {
    const set = this.#deps.rows.limits();
    return JSON.stringify([this.#deps.definition.config.keys ?? null, [...set], this.#isPull]);
  }

  // Who leases comes for one more at any time; an alarm had better have several to start.
  get #isPull(): boolean {
    return this.#deps.definition.config.mode === "pull";
  }

  /** Keys that waited for a slot or a time, and wait no more. */
  release(): string[] {
    const keys = [...this.#waitForSlot, ...this.#times.take(Number.POSITIVE_INFINITY)];
    this.#waitForSlot.clear();
    return keys;
  }

  load(key: string, now: number): KeyLoad {
    const limits = this.of(key);
    const shape = bucketOf(limits);
    if (shape) this.#read();
    const heldUntil = this.#heldUntil.get(key) ?? 0;
    return {
      limits,
      running: this.running(key),
      bucket: shape && this.#levels.at(key, shape, now),
      ...(heldUntil > now && { heldUntil }),
    };
  }

  save(): void {
    this.#levels.save();
  }

  restore(): void {
    this.#levels.restore();
    this.#rows = undefined;
    this.#set = undefined;
  }

  get #setLimits(): ReadonlyMap<string, KeyLimits> {
    this.#set ??= this.#readSet();
    return this.#set;
  }

  // What was set leaves the rest as the configuration says.
  #readSet(): Map<string, KeyLimits> {
    const { rows, definition } = this.#deps;
    const set = [...rows.limits()];
    return new Map(
      set.map(([key, entry]) => [
        key,
        withOverride(limitsOfKey(definition.config.keys, key), entry),
      ]),
    );
  }

  #read(): void {
    if (this.#rows) return;
    const rows = this.#deps.rows.levels();
    for (const { levels } of rows) this.#levels.load(levels);
    this.#rows = rows.map(({ row, levels }) => ({ row, until: untilOf(levels) }));
  }

  // In place of what is of no more use, or in a row of its own.
  #store(levels: readonly StoredLevel[], now: number): void {
    this.#read();
    const rows = this.#rows as { row: number; until: number }[];
    const [oldest] = rows;
    if (rows.length >= MOST_ROWS) {
      this.#rewrite(this.#levels.stored(now));
      return;
    }
    const isSpare = oldest !== undefined && oldest.until <= now;
    if (isSpare) rows.shift();
    const row = isSpare ? oldest.row : rows.length + 1;
    this.#deps.rows.writeLevels(row, levels);
    rows.push({ row, until: untilOf(levels) });
  }

  #rewrite(levels: readonly StoredLevel[]): void {
    const { rows } = this.#deps;
    rows.clearLevels();
    this.#rows = [];
    for (let i = 0; i < levels.length; i += LEVELS_IN_ROW) {
      const some = levels.slice(i, i + LEVELS_IN_ROW);
      const row = this.#rows.length + 1;
      rows.writeLevels(row, some);
      this.#rows.push({ row, until: untilOf(some) });
    }
  }
}

const MOST_HELD = 10_000;

function untilOf(levels: readonly StoredLevel[]): number {
  return Math.max(...levels.map(fullAt));
}

function add(counts: Map<string, number>, key: string, n: number): void {
  const count = (counts.get(key) ?? 0) + n;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
