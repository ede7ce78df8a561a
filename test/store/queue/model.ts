// The store and a model of it in two maps, side by side: each step is done to both, and `check` compares
// what they answer, and looks for rows that stand for nothing.
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { type Result, resultFromStored, type StoredResult } from "../../../src/core/task/result.ts";
import { NO_PROGRESS, type Progress } from "../../../src/core/task/task.ts";
import { LeaseTable } from "../../../src/objects/queue/leasing/lease-table.ts";
import type { Found } from "../../../src/store/queue/found.ts";
import { StoredLines } from "../../../src/store/queue/lines.ts";
import type { NameRow, TaskRecord } from "../../../src/store/queue/names.ts";
import { QueueStore, type Retention } from "../../../src/store/queue/queue-store.ts";
import { dueOf, isExpedited, isParked, lastKeyOf } from "../../../src/store/queue/row-key.ts";
import type { Successor } from "../../../src/store/queue/successors.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { queueTables } from "../sqlite.ts";
import { transact } from "./transact.ts";

export const START = Date.UTC(2030, 0, 1);
export const SWEEP_EVERY_MS = 6 * 3600_000;
export const NAMES = ["a", "b", "c", "d", "e"];
export const BODIES = [undefined, "", "text", new Uint8Array(), new Uint8Array([0, 255])];

export const THROTTLE = { seconds: 60 };
const FAR = Number.MAX_SAFE_INTEGER;

export type Due = { at: number } | { in: number };
export type How = "complete" | "fail" | "expire" | "delete" | Move;
/** Steps after which the task lies in another row. */
export type Move = "retry" | "reschedule" | "expedite" | "park";
export type Step =
  | {
      do: "add";
      name: string | undefined | "generated before";
      due: Due;
      body: number;
      undo: boolean;
      /** Whether its name stands for whatever is added under it. */
      isWindow: boolean;
      /** Seconds until it expires. */
      expires: number | undefined;
    }
  | { do: "replace" | "follow"; pick: number; due: Due; body: number }
  | { do: "start"; pick: number }
  | { do: "again"; name: string; due: Due }
  | { do: "end" | "stale"; how: How; pick: number; due: Due }
  | { do: "claim"; limit: number; from: number; odd: boolean }
  | { do: "lease"; limit: number; seconds: number; tag: string | undefined }
  | { do: "forget" | "redrive"; pick: number }
  | { do: "withdraw"; pick: number }
  | { do: "release"; name: string }
  | { do: "pass"; ms: number }
  | { do: "crowd"; count: number; undo: boolean }
  | { do: "purge" | "sweep" | "reopen" };

/** What a name that is no longer live belongs to. */
interface Ended {
  row: NameRow & { expires: number };
  /** It was not started in time. */
  isExpired?: true;
  /** The record of a task that failed for good, and until when it is kept. */
  failed?: { task: TaskRow; kept: number };
}

export class World {
  readonly #retention: Retention;
  readonly #sql = queueTables();
  #random = 0;
  /** Keys of tasks that came onto the queue because another had ended. */
  readonly #placed: number[] = [];
  #store = this.#open();
  #leases = new LeaseTable(this.#store.leasable);
  #now = START;
  readonly #live = new Map<string, TaskRow>();
  readonly #ended = new Map<string, Ended>();
  readonly #gone: TaskRow[] = [];
  /** Names of those that have not been started and may expire, and what waits for the end of a task. */
  readonly #expiring = new Set<string>();
  readonly #next = new Map<string, Successor>();
  readonly #generated: string[] = [];
  readonly #keysUsed = new Set<number>();

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  #open(): QueueStore {
    return new QueueStore(
      this.#sql,
      () => (this.#random += 1e-9),
      ...([undefined, undefined, (key: number) => this.#placed.push(key)] as const),
    );
  }

  take(step: Step): void {
    if (step.do === "add") this.#add(step);
    else if (step.do === "end") this.#end(step.how, step.pick, this.#at(step.due));
    else if (step.do === "stale") this.#stale(step.how, step.pick, this.#at(step.due));
    else if (step.do === "claim") this.#claim(step);
    else if (step.do === "replace") this.#replace(step);
    else if (step.do === "follow") this.#follow(step);
    else if (step.do === "start") this.#start(step.pick);
    else if (step.do === "again") this.#again(step.name, this.#at(step.due));
    else if (step.do === "lease") this.#lease(step);
    else if (step.do === "withdraw") this.#withdraw(step.pick);
    else if (step.do === "forget") this.#forget(step.pick);
    else if (step.do === "redrive") this.#redrive(step.pick);
    else if (step.do === "release") this.#release(step.name);
    else if (step.do === "pass") this.#now += step.ms;
    else if (step.do === "crowd") this.#crowd(step.count, step.undo);
    else if (step.do === "purge") this.#purge();
    else if (step.do === "sweep") this.#sweep();
    else this.#reopen();
  }

  #reopen(): void {
    this.#store = this.#open();
    this.#leases = new LeaseTable(this.#store.leasable);
  }

  #at(due: Due): number {
    return "at" in due ? due.at : this.#now + due.in;
  }

  #add(step: Step & { do: "add" }): void {
    const name = step.name === "generated before" ? this.#generated.at(-1) : step.name;
    const spec = {
      ...(step.body === 2 && { kind: "json" as const, tag: "t" }),
      ...(step.body >= 3 && { key: "k" }),
      ...(step.body === 4 && { priority: 1 }),
      ...(step.isWindow && { throttle: THROTTLE }),
      ...(step.expires !== undefined && { expires: step.expires }),
    };
    const task = { name, due: this.#at(step.due), spec, body: BODIES[step.body] };
    if (step.undo) {
      const undone = () => {
        const outcome = this.#store.add(task, this.#now);
        if ("added" in outcome) this.#keysUsed.add(outcome.added.key);
        throw new Error("undone");
      };
      expect(() => transact(this.#sql, this.#store, this.#now, undone)).toThrow("undone");
      return;
    }
    const taken = name === undefined ? undefined : this.#expected(name);
    const outcome = transact(this.#sql, this.#store, this.#now, () =>
      this.#store.add(task, this.#now),
    );
    if (taken !== undefined || "taken" in outcome) {
      same(outcome, { taken });
      return;
    }
    const { added } = outcome;
    const named = name !== undefined;
    const { key } = added;
    same(added, {
      ...task,
      key,
      name: name ?? added.name,
      named,
      ...{ createdAt: this.#now, progress: NO_PROGRESS },
    });
    if (!named) this.#generated.push(added.name);
    // A place that became free may be given to whoever comes next.
    if (!this.#keysUsed.has(key)) this.#expectLast(key);
    this.#place(added);
    if (step.expires !== undefined) this.#expiring.add(added.name);
  }

  // What is left of a task that has ended makes room, and a record of one that failed has another name then.
  #again(name: string, due: number): void {
    const taken = this.#expected(name);
    const task = { name, due, spec: { throttle: THROTTLE }, body: "again" };
    const outcome = transact(this.#sql, this.#store, this.#now, () =>
      this.#store.addAgain(task, this.#now),
    );
    if (taken?.kind === "failed") this.#renamed(name);
    if ("added" in outcome) this.#place(outcome.added);
    else same(outcome, { taken });
    expect("added" in outcome).toBe(taken?.kind !== "live");
  }

  // The name is made of where the record lies.
  #renamed(name: string): void {
    const { row, failed, ...rest } = this.#ended.get(name) as Ended;
    const { key } = row;
    const known = [...this.#live.keys(), ...this.#ended.keys()];
    const found = this.#sql
      .rows("SELECT name FROM names WHERE state = 'failed' AND key = ?", key)
      .map((it) => it.name as string)
      .filter((it) => it !== name && !known.includes(it));
    expect(found).toHaveLength(1);
    const [own = ""] = found;
    this.#ended.delete(name);
    const task = { ...(failed?.task as TaskRow), name: own, named: false };
    this.#ended.set(own, {
      ...rest,
      row: { ...row, name: own },
      failed: { task, kept: failed?.kept as number },
    });
  }

  #replace({ pick, due, body }: Step & { do: "replace" | "follow" }): void {
    const old = picked([...this.#live.values()], pick);
    if (!old?.named || this.#next.has(old.name)) return;
    const given = { name: old.name, due: this.#at(due), spec: {}, body: BODIES[body] };
    const added = transact(this.#sql, this.#store, this.#now, () =>
      this.#store.replace(old, given, this.#now),
    );
    const { key } = added;
    same(added, { ...given, key, named: true, createdAt: this.#now, progress: NO_PROGRESS });
    this.#gone.push(old);
    this.#live.delete(old.name);
    this.#leases.forget(old.key);
    this.#expiring.delete(old.name);
    this.#place(added);
  }

  #follow({ pick, due, body }: Step & { do: "replace" | "follow" }): void {
    const before = picked([...this.#live.values()], pick);
    if (!before?.named || !before.spec.throttle) return;
    const { name, spec } = before;
    const next = { name, due: this.#at(due), createdAt: this.#now, spec, body: BODIES[body] };
    transact(this.#sql, this.#store, this.#now, () => this.#store.ruled.follow(next));
    this.#next.set(name, next);
  }

  #start(pick: number): void {
    const task = picked([...this.#live.values()], pick);
    if (!task) return;
    transact(this.#sql, this.#store, this.#now, () => this.#store.ruled.unexpect(task));
    this.#expiring.delete(task.name);
  }

  /** Whether another task took the place of one that has ended, whose name that is. */
  #succeeded(name: string): boolean {
    const next = this.#next.get(name);
    if (!next) return false;
    this.#next.delete(name);
    const found = this.#store.find(name, this.#now);
    if (found?.kind !== "live") throw new Error(`nothing came behind ${name}`);
    const { task } = found;
    const { createdAt, due, spec, body } = next;
    same(task, {
      ...{ key: task.key, name, named: true, due: Math.max(due, this.#now), createdAt },
      ...{ spec, body, progress: NO_PROGRESS },
    });
    expect(this.#placed.splice(0)).toEqual([task.key]);
    this.#place(task);
    if (spec.expires !== undefined) this.#expiring.add(name);
    return true;
  }

  #expectLast(key: number): void {
    for (const other of this.#live.values()) {
      const isBeside =
        dueOf(other.key) === dueOf(key) &&
        isExpedited(other.key) === isExpedited(key) &&
        isParked(other.key) === isParked(key);
      if (isBeside) expect(key).toBeGreaterThan(other.key);
    }
  }

  #place(task: TaskRow): void {
    this.#keysUsed.add(task.key);
    this.#ended.delete(task.name);
    this.#live.set(task.name, task);
    this.#leases.rewindTo(task.key);
  }

  #end(how: How, pick: number, due: number): void {
    const task = picked([...this.#live.values()], pick);
    if (!task || (how === "expire" && task.spec.expires === undefined)) return;
    // What is tried has been started.
    if (!["expire", "delete", "reschedule", "expedite"].includes(how)) this.#start(pick);
    const progress = attempted(task.progress, this.#now);
    const result = this.#do(how, task, due, progress);
    this.#gone.push(task);
    this.#live.delete(task.name);
    this.#leases.forget(task.key);
    if (how === "expedite" || how === "expire" || how === "delete")
      this.#expiring.delete(task.name);
    if (isMove(how)) {
      const { key } = result as TaskRow;
      expect(isExpedited(key)).toBe(how === "expedite");
      expect(isParked(key)).toBe(how === "park");
      // In front there is room for fifty in a millisecond, and whoever comes next goes behind the last.
      const place = how === "expedite" || how === "park" ? dueOf(key) : due;
      expect(place).toBeGreaterThanOrEqual(due);
      same(result, {
        ...withoutLease(task),
        due: place,
        key,
        ...(how === "retry" ? { progress } : {}),
        ...(how === "park" ? { progress: { ...progress, waitsFor: "g" } } : {}),
      });
      this.#expectLast(key);
      this.#place(result as TaskRow);
      return;
    }
    expect(result).toBe(true);
    const { tombstoneTtl, keepFailed } = this.#retention;
    const end = this.#now + tombstoneTtl * 1000;
    const { throttle } = task.spec;
    const window = task.createdAt + THROTTLE.seconds * 1000;
    const tombstone = throttle ? Math.max(end, window) : end;
    if (how === "delete") this.#next.delete(task.name);
    if ((how === "complete" || how === "delete") && this.#succeeded(task.name)) return;
    if (how === "complete") this.#bequeath(task, "done", tombstone, progress, due);
    if (how === "delete") this.#bequeath(task, "deleted", end, task.progress);
    if (how !== "fail" && how !== "expire") return;
    const isExpired = how === "expire";
    const kept = this.#now + keepFailed * 1000;
    const records = isExpired ? this.#store.ruled.expired : this.#store.failed;
    const key = records.list(-1, 1000).at(-1)?.key ?? Number.NaN;
    expect(dueOf(key)).toBe(kept);
    const expires = task.named ? Math.max(kept, tombstone) : kept;
    const last = isExpired ? { ...task.progress, expired: true as const } : progress;
    const record = { createdAt: task.createdAt, endedAt: this.#now, progress: last };
    const ended: Ended = {
      row: { name: task.name, state: "failed", key, expires, record },
      failed: { task: { ...withoutLease(task), key, progress: last }, kept },
      ...(isExpired && { isExpired }),
    };
    const hasNext = this.#next.has(task.name);
    if (hasNext) ended.row.expires = kept;
    this.#ended.set(task.name, ended);
    if (!hasNext) return;
    this.#renamed(task.name);
    this.#succeeded(task.name);
  }

  #bequeath(
    { name, named, createdAt }: TaskRow,
    state: "done" | "deleted",
    expires: number,
    progress: Progress,
    due?: number,
  ) {
    const keepsResult = due !== undefined && this.#retention.keepResults;
    if (!named && !keepsResult) return;
    const record: TaskRecord = { createdAt, endedAt: this.#now, progress };
    const result = keepsResult ? this.#kept(name, due) : {};
    this.#ended.set(name, { row: { name, state, key: null, expires, record, ...result } });
  }

  /** How a result lies where it is kept: in the row if it is small, and with others if it is not. */
  #kept(name: string, due: number): Partial<Pick<NameRow, "key" | "result">> {
    const result = resultFromStored(resultOf(due));
    if (result.body.length < 900) return { key: -1, result };
    const found = this.#store.find(name, this.#now);
    if (found?.kind !== "ended") throw new Error(`no row of ${name}`);
    same(bytesOf(this.#store.resultOf(found.row)), bytesOf(result));
    return { key: found.row.key };
  }

  #do(how: How, task: TaskRow, due: number, progress: Progress): unknown {
    const store = this.#store;
    const step = () => {
      if (how === "retry") return store.retry(task, due, progress);
      if (how === "reschedule") return store.reschedule(task, due);
      if (how === "park") return store.park(task, due, { ...progress, waitsFor: "g" });
      if (how === "expedite") return store.expedite(task, due);
      if (how === "expire") return store.expire(task, this.#now, this.#retention);
      if (how === "delete") return store.delete(task, this.#now, this.#retention);
      if (how === "complete")
        return store.complete(task, this.#now, progress, this.#retention, resultOf(due));
      return store[how](task, this.#now, progress, this.#retention);
    };
    return transact(this.#sql, store, this.#now, step);
  }

  /** A step by somebody who holds a row that is no longer that task's: it must change nothing. */
  #stale(how: How, pick: number, due: number): void {
    const task = picked(this.#gone, pick);
    if (!task || this.#live.get(task.name)?.key === task.key) return;
    expect(this.#do(how, task, due, attempted(task.progress, this.#now))).toBeFalsy();
  }

  #claim({ limit, from, odd }: Step & { do: "claim" }): void {
    const rows = this.#rows();
    const after = picked([-1, ...rows.map(({ key }) => key)], from) ?? -1;
    const skip = (key: number, name: string) => odd && (key + name.length) % 2 === 1;
    const timed = rows.filter(({ key }) => !isParked(key));
    const open = timed.filter(({ key, name }) => key > after && !skip(key, name));
    const ripe = open.filter(({ key }) => key <= lastKeyOf(this.#now)).slice(0, limit);
    // What is pushed has no lease.
    same(this.#store.tasks.due(after, lastKeyOf(this.#now), limit, skip), ripe.map(withoutLease));
    expect(this.#store.tasks.nextDue(after, skip)).toBe(open[0]?.due);
  }

  #lease({ limit, seconds, tag }: Step & { do: "lease" }): void {
    // What somebody asked to run now, or waits for a group, lies out of its order, and is never leased.
    if (this.#rows().some(({ key }) => isExpedited(key) || isParked(key))) return;
    const from = ({ lease, due }: TaskRow) => lease ?? due;
    const isAvailable = (task: TaskRow) =>
      from(task) < this.#now ||
      (task.lease === undefined && task.due === this.#now && task.createdAt === task.due);
    const expected = this.#rows()
      .filter((task) => (tag === undefined || task.spec.tag === tag) && isAvailable(task))
      .sort((a, b) => from(a) - from(b) || (a.name < b.name ? -1 : 1))
      .slice(0, limit);
    const chosen = this.#leases.available(this.#now, limit, tag);
    same(
      chosen.map(({ key, name }) => [key, name]),
      expected.map(({ key, name }) => [key, name]),
    );
    const until = this.#now + seconds * 1000;
    for (const task of expected) {
      const progress = attempted(task.progress, this.#now);
      const leased = this.#store.lease(task, until, progress) as TaskRow;
      same(leased, { ...task, lease: until, progress });
      this.#leases.lease(leased, until);
      this.#live.set(task.name, leased);
      this.#expiring.delete(task.name);
    }
  }

  // A lease that reached nobody: the task is where it was, and who comes with another lease changes nothing.
  #withdraw(pick: number): void {
    const task = picked(
      this.#rows().filter(({ lease }) => lease !== undefined),
      pick,
    );
    if (!task?.lease) return;
    const other = { ...task, lease: task.lease + 1 };
    expect(this.#store.withdrawLease(other, task.progress)).toBe(false);
    expect(this.#store.withdrawLease(task, task.progress)).toBe(true);
    expect(this.#store.withdrawLease(task, task.progress)).toBe(false);
    this.#leases.forget(task.key);
    this.#leases.rewindTo(task.key);
    this.#live.set(task.name, withoutLease(task));
  }

  #pickFailed(pick: number): (Ended & Required<Pick<Ended, "failed">>) | undefined {
    const failed = [...this.#ended.values()].filter(
      (it) => it.failed && it.row.expires > this.#now,
    );
    const chosen = picked(failed, pick);
    if (!chosen?.failed || !this.#isKept(chosen)) return undefined;
    return { ...chosen, failed: chosen.failed };
  }

  #redrive(pick: number): void {
    const chosen = this.#pickFailed(pick);
    if (!chosen) return;
    const { task } = chosen.failed;
    const [back] = this.#redriven(task);
    const found = this.#store.find(task.name, this.#now);
    const { expires: _, ...spec } = task.spec;
    same(found?.kind === "live" && found.task, {
      ...{ ...task, key: back?.key, due: this.#now, spec, progress: NO_PROGRESS },
    });
    this.#place((found as { task: TaskRow }).task);
    expect(this.#redriven(task)).toEqual([]);
  }

  #redriven({ name }: TaskRow): { key: number }[] {
    const now = this.#now;
    const places = this.#store.failedOf([name], now);
    return this.#sql.transaction(() => this.#store.redriveAll(places, now));
  }

  #release(name: string): void {
    const isTombstone = this.#expected(name)?.kind === "ended";
    const released = this.#sql.transaction(() => this.#store.releaseName(name, this.#now));
    expect(released).toBe(isTombstone);
    if (released) this.#ended.delete(name);
  }

  #forget(pick: number): void {
    const chosen = this.#pickFailed(pick);
    if (!chosen) return;
    const { task } = chosen.failed;
    const { failed } = transact(this.#sql, this.#store, this.#now, () =>
      this.#store.deleteAll([task.name], this.#now, this.#retention),
    );
    expect(failed.map(({ name }) => name)).toEqual([task.name]);
    if (!task.named) this.#ended.delete(task.name);
    else this.#ended.set(task.name, { row: { ...chosen.row, state: "deleted", key: null } });
  }

  #purge(): void {
    transact(this.#sql, this.#store, this.#now, () =>
      this.#store.purge(this.#now, this.#retention, 500),
    );
    const expires = this.#now + this.#retention.tombstoneTtl * 1000;
    for (const task of this.#live.values()) {
      this.#gone.push(task);
      this.#bequeath({ ...task, createdAt: this.#now }, "deleted", expires, NO_PROGRESS);
    }
    this.#live.clear();
    this.#expiring.clear();
    this.#next.clear();
    this.#leases.clear();
  }

  /** Many named tasks that end at once; as many as a sweep of their names is worth. */
  #crowd(count: number, undo: boolean): void {
    const names = Array.from({ length: count }, (_, i) => `crowd${i}`);
    const work = () => {
      for (const name of names) this.#passThrough(name);
      if (undo) throw new Error("undone");
    };
    const run = () => transact(this.#sql, this.#store, this.#now, work);
    if (undo) expect(run).toThrow("undone");
    else run();
    if (undo) return;
    const expires = this.#now + this.#retention.tombstoneTtl * 1000;
    const task = { named: true, createdAt: this.#now } as TaskRow;
    for (const name of names.filter((one) => !this.#expected(one)))
      this.#bequeath({ ...task, name }, "done", expires, NO_PROGRESS);
  }

  #passThrough(name: string): void {
    const task = { name, due: this.#now, spec: {}, body: undefined };
    const outcome = this.#store.add(task, this.#now);
    expect("added" in outcome).toBe(this.#expected(name) === undefined);
    if ("taken" in outcome) return;
    this.#keysUsed.add(outcome.added.key);
    this.#store.complete(outcome.added, this.#now, NO_PROGRESS, this.#retention);
  }

  // Of names that have expired so many stay as would cost more to remove; new ones take their rows.
  #sweep(): void {
    while (transact(this.#sql, this.#store, this.#now, () => this.#store.sweep.run(this.#now)));
    const long = this.#now - SWEEP_EVERY_MS;
    const count = "SELECT count(*) AS n FROM names WHERE";
    const [expired] = this.#sql.rows(`${count} expires <= ?`, long);
    const [others] = this.#sql.rows(`${count} expires IS NULL OR expires > ?`, long);
    expect(expired?.n).toBeLessThan(8 * ((others?.n as number) + 2));
    for (const table of this.#store.ruled.exist ? ["failed", "expired"] : ["failed"])
      same(this.#sql.rows(`SELECT name FROM ${table} WHERE key <= ?`, lastKeyOf(long)), []);
  }

  #rows(): TaskRow[] {
    return [...this.#live.values()].sort((a, b) => a.key - b.key);
  }

  // What has expired may stay until somebody sweeps; what has not may not go.
  #isKept({ failed, isExpired }: Ended): boolean {
    if (!failed) return false;
    const records = isExpired ? this.#store.ruled.expired : this.#store.failed;
    return failed.kept > this.#now || records.at(failed.task.key, failed.task.name) !== undefined;
  }

  #expected(name: string): Found | undefined {
    const task = this.#live.get(name);
    if (task) return { kind: "live", task };
    const ended = this.#ended.get(name);
    if (!ended || ended.row.expires <= this.#now) return undefined;
    const { row, failed } = ended;
    if (failed && this.#isKept(ended)) return { kind: "failed", task: failed.task, row };
    return { kind: "ended", row };
  }

  /** Tasks of keys stand in their lines, but those in front and aside. */
  #checkLines(rows: readonly TaskRow[]): void {
    if (!this.#store.lines.exist) return;
    const places = rows.flatMap(({ key, spec: { key: line, priority = 4 } }) =>
      line === undefined || isExpedited(key) || isParked(key) ? [] : [{ key, line, priority }],
    );
    const inLine = (a: { key: number; priority: number }, b: typeof a) =>
      a.priority - b.priority || a.key - b.key;
    same(new StoredLines(this.#sql).behind("", 1000), places.sort(inLine));
  }

  check(): void {
    const rows = this.#rows();
    same(this.#store.tasks.list(-1, FAR, 1000), rows);
    for (const { key, due } of rows) same(due, dueOf(key));
    same(this.#store.tasks.count(), rows.length);
    const tagged = rows.flatMap(({ spec, key }) => (spec.tag ? [{ tag: spec.tag, key }] : []));
    same(this.#sql.rows("SELECT tag, key FROM tags ORDER BY key"), tagged);
    this.#checkLines(rows);
    const due = rows.filter(({ key }) => key <= lastKeyOf(this.#now)).length;
    const waiting = rows.filter(({ key }) => isParked(key)).length;
    const tally = { tasks: rows.length, due, scheduled: rows.length - due - waiting, waiting };
    same(this.#store.counts.tasks(this.#now), tally);
    same(this.#store.counts.failed(), this.#store.failed.count());
    const { ruled } = this.#store;
    same(this.#store.counts.expired(), ruled.exist ? ruled.expired.count() : 0);
    const kept = [...this.#ended.values()].filter((it) => (it.failed?.kept ?? 0) > this.#now);
    for (const [records, isExpired] of [
      [this.#store.failed, undefined],
      [ruled.expired, true],
    ] as const) {
      if (isExpired && !ruled.exist) continue;
      const listed = records.list(lastKeyOf(this.#now), 1000).map((task) => task.name);
      const expected = kept.filter((it) => it.isExpired === isExpired);
      same(listed.sort(), expected.map(({ row }) => row.name).sort());
    }
    this.#checkRuled();
    this.#checkTombstones();
    const names = [...NAMES, ...this.#generated.slice(-6), ...this.#live.keys()];
    for (const name of names) same(this.#store.find(name, this.#now), this.#expected(name));
    for (const { name, key } of this.#sql.rows("SELECT name, key FROM names")) {
      const known = this.#live.get(name as string)?.key ?? this.#ended.get(name as string)?.row.key;
      same([name, key], [name, known]);
    }
  }

  #checkRuled(): void {
    const at = (name: string) => {
      const { createdAt, spec } = this.#live.get(name) as TaskRow;
      return { at: createdAt + (spec.expires as number) * 1000, name };
    };
    const expiring = [...this.#expiring]
      .map(at)
      .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
    const { exist, expiries, successors } = this.#store.ruled;
    same(expiries.nextAt(), expiring[0]?.at);
    same(this.#placed, []);
    if (!exist) {
      same([expiring, this.#next.size], [[], 0]);
      return;
    }
    same(expiries.upTo(FAR, 1000), expiring);
    same(this.#sql.rows("SELECT name FROM successors").length, this.#next.size);
    for (const [name, next] of this.#next) same(successors.of(name), next);
  }

  // Page by page, so that what lies behind a cursor is compared as well.
  #checkTombstones(): void {
    const expected = [...this.#ended.values()]
      .filter((it) => it.row.expires > this.#now && !this.#isKept(it))
      // A list has no results.
      .map(({ row: { result: _, ...row } }) => row)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const listed: NameRow[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = this.#store.tombstones({ prefix: "", after, limit: 2 }, this.#now);
      listed.push(...page.rows);
      after = page.next;
    }
    same(listed, expected);
  }
}

/** What a task answers: now and then much. */
function resultOf(due: number): StoredResult {
  return { type: "text/plain", text: "x".repeat(due % 3 === 1 ? 901 : due % 3) };
}

function bytesOf(result: Result | undefined): Uint8Array | undefined {
  return result && new Uint8Array(result.body);
}

function isMove(how: How): how is Move {
  return how === "retry" || how === "reschedule" || how === "expedite" || how === "park";
}

function withoutLease({ lease: _, ...task }: TaskRow): TaskRow {
  return task;
}

function picked<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % from.length];
}

function attempted({ retryCount, executionCount, attempts }: Progress, at: number): Progress {
  const attempt = { startedAt: at, endedAt: at, status: 500 };
  return { retryCount: retryCount + 1, executionCount, attempts: [...attempts, attempt].slice(-2) };
}

// Fast where all is well, which is nearly always, and shown in full where it is not.
function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}
