// A shard's part in a change of their number: what is not its own any more goes to the shards that have it from now
// on, in batches, each of which its shard takes in once. States of a name that is not its own:
//
//   here -> (in a batch, on disk by name; nobody touches it) -> taken in there -> removed here
//
// A crash anywhere has the batch sent again. What is with a handler or a worker, is to be put on the dead-letter
// queue, or has news for its group on the way, stays until that is over.
import { shardOf } from "../../../core/sharding/shard-map.ts";
import { isLeased } from "../../../core/task/lease.ts";
import type { Moving, MovingRow } from "../../../store/queue/moving.ts";
import type { StoredMoves } from "../../../store/queue/queue-meta.ts";
import { isParked } from "../../../store/queue/row-key.ts";
import { AlarmJob, type JobRun } from "../../alarm-job.ts";
import type { MoveReport, MovingBatch } from "../../rpc.ts";
import { inSlices } from "../../slices.ts";
import type { QueueContext } from "../context/context.ts";
import type { QueueJobDeps } from "../context/job-deps.ts";
import type { Shard } from "./shard.ts";
import type { Transit } from "./transit.ts";

export interface MovingContext extends QueueContext {
  readonly resultWaiters: { taskEnded(name: string): void };
}

/** A batch that has been answered. */
interface Closed {
  to: number;
  version: number;
  names: readonly string[];
  /** What is there now. */
  gone: readonly MovingRow[];
}

export interface MoverDeps extends QueueJobDeps {
  shard: Shard;
  moving: Moving;
  transit: Transit;
  queue: () => MovingContext;
}

const RETRY_MS = 1_000;
/** Names, and bytes of what lies under them, that leave together: reading, taking in and removing them takes some 10 ms each. */
const BATCH = { names: 200, bytes: 2 * 1024 * 1024 };
/** A run takes no longer, so that others that an alarm drives have their turns. */
const RUN_MS = 5_000;
/** When it looks again for what had to stay, in ms: a second later, then twice as long each time. */
const LOOK_AGAIN_MS = { first: 1_000, most: 60_000 };
/** So many that had to stay are remembered; of more it goes through all again. */
const MOST_LEFT = 10_000;

export class Mover extends AlarmJob {
  readonly #deps: MoverDeps;
  #version = 0;
  #walk: Generator<string[], undefined, number> | undefined;
  /** Names it has come to that are to be looked at next, and those that had to stay. */
  #ahead: string[] = [];
  #left = new Set<string>();
  #lookAt = 0;
  #waitMs = LOOK_AGAIN_MS.first;

  constructor(deps: MoverDeps) {
    super({
      name: "handing tasks over to other shards",
      now: deps.now,
      pendingAt: () => (this.#isOver ? undefined : this.#lookAt),
      run: (run) => this.#move(run),
      ended: deps.ended,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
    if (!this.#isOver) deps.transit.begin(Object.values(this.#moves.open).flat());
  }

  get report(): MoveReport {
    const { isDone, moved } = this.#moves;
    const { version, totals } = this.#deps.store.meta.get("left") ?? {};
    const left = totals && version === this.#deps.shard.map.version ? { totals } : {};
    return { isDone: isDone || this.#isOver, moved, ...left };
  }

  /** There may be something that can leave by now. */
  look(): void {
    this.#lookAt = 0;
    this.#waitMs = LOOK_AGAIN_MS.first;
  }

  get #isOver(): boolean {
    const { index, map } = this.#deps.shard;
    return map.former === undefined || index >= map.former || this.#moves.isDone;
  }

  get #moves(): StoredMoves {
    const { version } = this.#deps.shard.map;
    const stored = this.#deps.store.meta.get("moves");
    if (stored?.version === version) return stored;
    return { version, sent: {}, open: {}, moved: 0, isDone: false };
  }

  async #move(run: JobRun): Promise<void> {
    const { now, shard } = this.#deps;
    if (shard.map.version !== this.#version) this.#beginAnew();
    const until = now() + RUN_MS;
    await this.#send(run);
    while (run.isCurrent && !this.#isOver) {
      const isAll = await this.#next().catch((error) => this.#giveUp(error));
      if (!run.isCurrent) return;
      if (isAll) return this.#endRound();
      await this.#send(run);
      if (now() > until) return;
    }
  }

  // What was looked at is not known any more: it begins with the first again.
  #giveUp(error: unknown): never {
    this.#beginAnew();
    throw error;
  }

  #beginAnew(): void {
    this.#version = this.#deps.shard.map.version;
    this.#walk = undefined;
    this.#ahead = [];
    this.#left.clear();
    this.look();
  }

  /** Puts what can leave next into batches, on disk; true when there is nothing more. */
  async #next(): Promise<boolean> {
    const isAll = await this.#goOn();
    await this.#deps.transit.idle();
    if (this.#ahead.length > 0 || this.#groupsFor().length > 0) this.#freeze();
    return isAll && this.#ahead.length === 0 && Object.keys(this.#moves.open).length === 0;
  }

  /** Comes to more names that are not its own; whether there are none behind them. */
  async #goOn(): Promise<boolean> {
    const { now, shard, moving } = this.#deps;
    if (!this.#walk) {
      this.#walk = moving.walk();
      this.#walk.next(0);
    }
    let isAll = false;
    const walk = this.#walk;
    await inSlices(now, (rows) => {
      if (this.#ahead.length >= BATCH.names) return true;
      const { value: names, done } = walk.next(rows);
      isAll = done === true;
      this.#ahead.push(...(names ?? []).filter((name) => !shard.isOwn(name)));
      return isAll;
    });
    return isAll;
  }

  #freeze(): void {
    const { commit, queue, shard, store, transit } = this.#deps;
    const { map } = shard;
    const { chosen, rest } = this.#chosen();
    const names = [...chosen.keys()];
    const moves = this.#moves;
    const open: Record<number, string[]> = { ...moves.open };
    for (const to of this.#groupsFor()) open[to] = [];
    for (const name of names) {
      const to = shardOf(name, map.shards);
      open[to] = [...(open[to] ?? []), name];
    }
    const sent = { ...moves.sent };
    for (const to of Object.keys(open).map(Number)) sent[to] = (sent[to] ?? 0) + 1;
    if (Object.keys(open).length === 0) {
      this.#ahead = rest;
      return;
    }
    commit.run(() => {
      store.meta.set("moves", { ...moves, sent, open });
      queue().forget(
        ...[...chosen.values()].flatMap(({ task, row }) => (task && !row ? task : [])),
      );
    });
    transit.begin(names);
    this.#ahead = rest;
  }

  /** Of the names that come next those that leave together, and those behind them. */
  #chosen(): { chosen: Map<string, MovingRow>; rest: string[] } {
    const chosen = new Map<string, MovingRow>();
    let bytes = 0;
    for (const [i, name] of this.#ahead.entries()) {
      if (chosen.size === BATCH.names || bytes >= BATCH.bytes)
        return { chosen, rest: this.#ahead.slice(i) };
      const row = this.#rowOf(name);
      if (!row || chosen.has(name)) continue;
      if (this.#hasToStay(row)) this.#left.add(name);
      else {
        chosen.set(name, row);
        bytes += sizeOf(row);
      }
    }
    return { chosen, rest: [] };
  }

  #rowOf(name: string): MovingRow | undefined {
    return this.#deps.moving.rowOf(name, this.#deps.now());
  }

  #hasToStay({ task, row, isLetter }: MovingRow): boolean {
    const { definition, now, queue, store } = this.#deps;
    if (!task) return false;
    if (isLetter && definition.config.failedQueue !== undefined) return true;
    const groups = [task.spec.group?.name, task.progress.waitsFor];
    if (groups.some((group) => group !== undefined && store.groupOutbox.hasPending(group)))
      return true;
    return !row && (queue().push.isRunning(task) || isLeased(task, now()));
  }

  #cancelledOf(rows: readonly MovingRow[]): string[] {
    const { acceptedGroups } = this.#deps.store;
    const groups = new Set(rows.flatMap(({ task }) => task?.spec.group?.name ?? []));
    return [...groups].filter((group) => acceptedGroups.isCancelled(group));
  }

  /** The shards that are yet to hear of the groups. */
  #groupsFor(): number[] {
    const { shard, store } = this.#deps;
    const { sent } = this.#moves;
    const others = [...Array(shard.map.shards).keys()].filter((to) => to !== shard.index);
    const unknown = others.filter((to) => sent[to] === undefined);
    return unknown.length > 0 && store.acceptedGroups.any() ? unknown : [];
  }

  async #send(run: JobRun): Promise<void> {
    const { open } = this.#moves;
    const shards = Object.keys(open).map(Number);
    const sent = await Promise.allSettled(
      shards.map((to) => this.#sendTo(to, open[to] ?? [], run)),
    );
    for (const one of sent) if (one.status === "rejected") throw one.reason;
  }

  // What the first shard has told to all holds on itself, though it was decided before there was a map, and so not noted.
  get #obeyed(): number {
    const { meta } = this.#deps.store;
    const { number = 0, untold } = (this.#deps.shard.index === 0 && meta.get("orders")) || {};
    return Math.max(meta.get("obeyed") ?? 0, untold === undefined ? number : 0);
  }

  async #sendTo(to: number, names: readonly string[], run: JobRun): Promise<void> {
    const { definition, shard, store, stubs } = this.#deps;
    const { version, sent } = this.#moves;
    const number = sent[to] as number;
    const rows = names.flatMap((name) => this.#rowOf(name) ?? []);
    const groups = number === 1 ? store.acceptedGroups.all() : [];
    const batch: MovingBatch = {
      ...{ from: shard.index, obeyed: this.#obeyed, number, rows },
      cancelled: this.#cancelledOf(rows),
      ...(groups.length > 0 && { groups }),
    };
    const other = stubs.shard(definition.config.name, to);
    const answered = await other.onShard(shard.map, "takeIn", [batch]);
    if (!run.isCurrent) return;
    const isTaken = "answer" in answered && answered.answer === true;
    this.#closed({ to, version, names, gone: isTaken ? rows : [] });
    if ("stale" in answered) await shard.meet(answered.stale);
    if (!isTaken) throw new Error(`shard ${to} knows what holds better than shard ${shard.index}`);
  }

  // What was not taken in is as it was before.
  #closed({ to, version, names, gone }: Closed): void {
    const { commit, moving, queue, store, transit } = this.#deps;
    commit.run(() => {
      if (this.#moves.version !== version) return;
      const { open, moved, ...moves } = this.#moves;
      const { [to]: _, ...others } = open;
      for (const row of gone) {
        moving.remove(row);
        if (row.task && !row.row) queue().forget(row.task);
        queue().resultWaiters.taskEnded(row.name);
      }
      store.meta.set("moves", { ...moves, open: others, moved: moved + gone.length });
    });
    transit.end(names);
    if (gone.length > 0) this.#waitMs = LOOK_AGAIN_MS.first;
    else this.#putBack(names);
  }

  /** They are looked at again, and what starts or leases tasks may have them. */
  #putBack(names: readonly string[]): void {
    this.#ahead.push(...names);
    for (const name of names) {
      const { task, row } = this.#rowOf(name) ?? {};
      if (task && !row && !isParked(task.key)) this.#deps.queue().rowWritten(task.key);
    }
  }

  /** Everything was looked at. */
  #endRound(): Promise<void> | void {
    if (this.#left.size > 0 || this.#hasNews) return this.#lookLater();
    this.#finish();
    return this.#tell();
  }

  /** Whether a shard that goes is yet to say something to a group. */
  get #hasNews(): boolean {
    return this.#goes && this.#deps.store.groupOutbox.pendingGroups().size > 0;
  }

  get #goes(): boolean {
    const { index, map } = this.#deps.shard;
    return index >= map.shards;
  }

  #lookLater(): void {
    this.#lookAt = this.#deps.now() + this.#waitMs;
    this.#waitMs = Math.min(2 * this.#waitMs, LOOK_AGAIN_MS.most);
    if (this.#left.size > MOST_LEFT) this.#walk = undefined;
    else this.#ahead = [...this.#left];
    this.#left.clear();
  }

  #finish(): void {
    const { commit, now, queue, store } = this.#deps;
    this.#walk = undefined;
    commit.run(() => {
      const moves = this.#moves;
      if (this.#goes) {
        const totals = queue().statistics.totals?.toStored(now());
        store.leave("name", "shards", "obeyed");
        if (totals) store.meta.set("left", { version: moves.version, totals });
        queue().forgetAll();
        queue().statistics.forget();
      }
      store.meta.set("moves", { ...moves, isDone: true });
    });
  }

  // It asks by itself where it does not hear this.
  async #tell(): Promise<void> {
    const { definition, shard, stubs } = this.#deps;
    const { name } = definition.config;
    await stubs
      .shard(name, 0)
      .onShard(shard.map, "movesEnded", [])
      .catch(() => {});
  }
}

function sizeOf({ task, row, next }: MovingRow): number {
  const { body, ...rest } = task ?? {};
  const { result, ...bare } = row ?? {};
  const bodies = (body?.length ?? 0) + (result?.body.length ?? 0) + (next?.body?.length ?? 0);
  return JSON.stringify([rest, bare]).length + bodies;
}
