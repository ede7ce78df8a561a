// Redrives of a queue: failed tasks go back on it, those of one fault or all, at a rate. Each is a row of this object, of
// several shards the first, and a batch with the place behind it is one commit, so that it goes on where it was whatever
// ends in between. Another shard remembers what its last batch came to: asked twice it does it once.
import { type Answer, invalid, refuse } from "../../core/errors.ts";
import { type FailurePart, Faults, failedAt } from "../../core/failures/groups.ts";
import {
  allowance,
  type EndedRedrive,
  FIRST_PLACE,
  firstBucket,
  nextBatchAt,
  type Redrive,
  type RedrivePlace,
  redriveView,
  reshaped,
  type StoredRedrive,
  spent,
  UNLIMITED,
} from "../../core/failures/redrive.ts";
import { shardsOf } from "../../core/sharding/shard-map.ts";
import type { RedrivenBatch } from "../../store/queue/queue-meta.ts";
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import type { Job } from "../host.ts";
import { writeLine, writes } from "../log.ts";
import type { RedriveBatch, StartedRedrive, StartRedrive } from "../rpc.ts";
import { Routes, unlessOutdated } from "../sharded/routes.ts";
import { inSlices } from "../slices.ts";
import type { QueueContext } from "./context/context.ts";
import { failuresOf, homeOf } from "./failures.ts";
import type { Failures, Queue, QueueDeps } from "./queue.ts";
import { redriveSome } from "./task-operations.ts";

/** Under way at a time, and ended ones that are remembered. */
const MOST = { running: 20, ended: 20 };
const RETRY_MS = 2_000;
/** A run goes on for so long at a time. */
const TURN_MS = 5_000;
/** So much later it is looked again for tasks that have gone from shard to shard meanwhile. */
const AGAIN_MS = 1_000;

export class Redrives implements Failures {
  readonly jobs: readonly Job[];
  readonly #queue: Queue;
  readonly #deps: QueueDeps;
  readonly #routes: Routes;

  constructor(queue: Queue, deps: QueueDeps) {
    this.#queue = queue;
    this.#deps = deps;
    const { now, arm: ended } = deps;
    this.#routes = new Routes({
      shard: (index) => queue.stubs.shard(queue.name, index),
      map: () => queue.shard.map,
      learn: () => {},
    });
    const shared = { now, ended, retryMs: RETRY_MS };
    this.jobs = [
      new AlarmJob({
        ...{ ...shared, name: "redriving failed tasks" },
        pendingAt: () => this.#nextBatchAt(),
        run: (run) => this.#run(run),
      }),
      new AlarmJob({
        ...{ ...shared, name: "reporting a redrive to the audit" },
        pendingAt: () => (this.#untold.length > 0 ? 0 : undefined),
        run: () => this.#tell(),
      }),
    ];
  }

  failures(): Promise<FailurePart> {
    return failuresOf(this.#queue);
  }

  /** Begins one. Where one of the same fault is under way, that goes on at this rate. */
  start({ rate, fingerprint, who, audit }: StartRedrive): Answer<StartedRedrive> {
    const { failure } = this.#queue.rules();
    if (failure) return { failure };
    const running = this.#running;
    const same = running.find((redrive) => redrive.fingerprint === fingerprint);
    if (same) return { ok: { redrive: this.#view(this.#atRate(same, rate)), isNew: false } };
    if (running.length >= MOST.running)
      return invalid("redrives", running.length, `fewer than ${MOST.running} under way`);
    const redrive = this.#begin({ rate, who, ...(fingerprint && { fingerprint }), audit });
    return { ok: { redrive: this.#view(redrive), isNew: true } };
  }

  #begin({ audit, ...given }: StartRedrive): StoredRedrive {
    const { commit, store } = this.#queue;
    const now = this.#deps.now();
    const redrive: StoredRedrive = {
      ...{ id: newId(this.#deps.random()), ...given, beganAt: now, bucket: firstBucket(now) },
      ...{ shard: 0, place: FIRST_PLACE, version: this.#version, batch: 1 },
      ...{ redriven: 0, scanned: 0, ...(audit !== undefined && { audit }) },
    };
    commit.run(() => store.meta.set("redrives", [...this.#running, redrive]));
    return redrive;
  }

  #atRate(redrive: StoredRedrive, rate: string): StoredRedrive {
    const changed = reshaped(redrive, rate, this.#deps.now());
    if (redrive.rate !== rate) this.#queue.commit.run(() => this.#put(changed));
    // Whoever asks again may do so because it does not go on.
    else this.#deps.arm();
    return changed;
  }

  /** Those under way and those that have ended, the newest first. */
  list(): Redrive[] {
    const running = this.#running.map((redrive) => this.#view(redrive)).reverse();
    return [...running, ...this.#ended.map((redrive) => redriveView(redrive))];
  }

  /** Stops one; what is back on the queue stays there. One that has ended is as it is. */
  cancel(id: string, who: string): Answer<Redrive> {
    const { commit, name } = this.#queue;
    const redrive = this.#find(id);
    if (redrive) commit.run(() => this.#end(redrive, "cancelled", `by ${who}`));
    const ended = this.#ended.find((one) => one.id === id);
    if (ended) return { ok: redriveView(ended) };
    return refuse("UNKNOWN_TASK", `id: the queue "${name}" has no redrive "${id}"`);
  }

  /** Of another shard than the first: does a batch, once. */
  batch(ask: RedriveBatch): RedrivenBatch {
    const { commit, store } = this.#queue;
    const before = store.meta.get("redriveBatches") ?? {};
    const known = before[ask.id];
    if (known?.batch === ask.batch) return known.done;
    return commit.run(() => {
      const done = redriveBatch(this.#queue, ask);
      if (done.redriven === 0) return done;
      const kept = Object.entries(before).filter(([id]) => ask.running.includes(id));
      const batches = { ...Object.fromEntries(kept), [ask.id]: { batch: ask.batch, done } };
      store.meta.set("redriveBatches", batches);
      return done;
    });
  }

  get #running(): readonly StoredRedrive[] {
    return this.#queue.store.meta.get("redrives") ?? [];
  }

  get #ended(): readonly EndedRedrive[] {
    return this.#queue.store.meta.get("redrivesEnded") ?? [];
  }

  get #untold(): readonly EndedRedrive[] {
    return this.#ended.filter(({ audit }) => audit !== undefined);
  }

  /** By which a walk that begins now can be whole; -1 while tasks go from shard to shard. */
  get #version(): number {
    const { former, version } = this.#queue.shard.map;
    return former === undefined ? version : -1;
  }

  #find(id: string): StoredRedrive | undefined {
    return this.#running.find((redrive) => redrive.id === id);
  }

  #view(redrive: StoredRedrive): Redrive {
    return redriveView(redrive, this.#whyHeld(redrive));
  }

  // As fast as it goes, it is not about when tasks start.
  #whyHeld({ rate }: StoredRedrive): string | undefined {
    const { definition, isPaused } = this.#queue;
    if (rate === UNLIMITED) return undefined;
    if (isPaused) return "the queue is paused";
    return definition.isDefined ? undefined : "the queue is no longer in queue.yaml";
  }

  #isPurged({ beganAt }: StoredRedrive): boolean {
    return (this.#queue.store.meta.get("purgedAt") ?? 0) >= beganAt;
  }

  #nextBatchAt(): number | undefined {
    let next: number | undefined;
    for (const redrive of this.#running) {
      const isHeld = this.#whyHeld(redrive) !== undefined && !this.#isPurged(redrive);
      if (!isHeld) next = Math.min(next ?? Number.POSITIVE_INFINITY, nextBatchAt(redrive));
    }
    return next;
  }

  async #run(run: JobRun): Promise<void> {
    const now = () => this.#deps.now();
    const until = now() + TURN_MS;
    for (const { id } of this.#running)
      await inSlices(now, async (rows) => (await this.#step(id, rows, run)) || now() >= until);
  }

  /** Does a batch; true when there is nothing more to do for now. */
  async #step(id: string, rows: number, run: JobRun): Promise<boolean> {
    const redrive = this.#find(id);
    if (!redrive || !run.isCurrent) return true;
    if (this.#isPurged(redrive)) {
      this.#queue.commit.run(() => this.#end(redrive, "cancelled", "the queue was purged"));
      return true;
    }
    const now = this.#deps.now();
    if (this.#whyHeld(redrive) !== undefined || nextBatchAt(redrive) > now) return true;
    const ask = this.#askOf(redrive, rows, now);
    if (redrive.shard > 0) await this.#elsewhere(redrive, ask, run);
    else await this.#here(ask);
    return !this.#find(id);
  }

  #askOf(redrive: StoredRedrive, rows: number, now: number): RedriveBatch {
    const { id, batch, place, fingerprint, beganAt } = redrive;
    const take = Math.min(rows, allowance(redrive, now));
    return {
      ...{ id, batch, place, upTo: beganAt, ...(fingerprint && { fingerprint }) },
      // Of all, those that are taken are those that are looked at, but for a few.
      ...{ take, rows: fingerprint ? rows : take },
      running: this.#running.map((one) => one.id),
    };
  }

  // What is on its way to another shard is waited for; meanwhile this may have been cancelled.
  async #here(ask: RedriveBatch): Promise<void> {
    const queue = this.#queue;
    await queue.sharding.act("all", async () => {
      if (this.#find(ask.id)?.batch !== ask.batch) return;
      queue.commit.run(() => this.#took(ask, redriveBatch(queue, ask)));
    });
  }

  async #elsewhere({ shard }: StoredRedrive, ask: RedriveBatch, run: JobRun): Promise<void> {
    const { commit, shard: own } = this.#queue;
    const isThere = shard < shardsOf(own.map).length;
    const done = isThere
      ? await unlessOutdated(this.#routes.on(own.map, shard)("redriveBatch", ask))
      : undefined;
    if (!run.isCurrent) return;
    commit.run(() => this.#took(ask, done));
  }

  /** Inside a commit. Without `done` there is no such shard any more. */
  #took(ask: RedriveBatch, done: RedrivenBatch | undefined): void {
    const redrive = this.#find(ask.id);
    if (redrive?.batch !== ask.batch) return;
    if (done) this.#goOn(redrive, done);
    else this.#put(this.#fromTheStart(redrive));
  }

  #goOn(redrive: StoredRedrive, done: RedrivenBatch): void {
    const { place, redriven, scanned } = done;
    const { notBefore: _, ...rest } = redrive;
    const next = {
      ...rest,
      bucket: spent(redrive, redriven, this.#deps.now()),
      batch: redrive.batch + 1,
      redriven: redrive.redriven + redriven,
      scanned: redrive.scanned + scanned,
    };
    if (place) this.#put({ ...next, place });
    else this.#nextShard(next);
  }

  #nextShard(redrive: StoredRedrive): void {
    const { map } = this.#queue.shard;
    if (redrive.shard < shardsOf(map).length - 1)
      this.#put({ ...redrive, shard: redrive.shard + 1, place: FIRST_PLACE });
    // What has gone to another shard meanwhile may have missed the walk.
    else if (map.former === undefined && map.version === redrive.version)
      this.#end(redrive, "done");
    else this.#put(this.#fromTheStart(redrive));
  }

  #fromTheStart(redrive: StoredRedrive): StoredRedrive {
    const notBefore = this.#deps.now() + AGAIN_MS;
    return { ...redrive, shard: 0, place: FIRST_PLACE, version: this.#version, notBefore };
  }

  #put(redrive: StoredRedrive): void {
    const running = this.#running.map((one) => (one.id === redrive.id ? redrive : one));
    this.#queue.store.meta.set("redrives", running);
  }

  #end(redrive: StoredRedrive, state: EndedRedrive["state"], why?: string): void {
    const { commit, store } = this.#queue;
    const { id, fingerprint, rate, who, beganAt, audit, redriven, scanned } = redrive;
    const ended: EndedRedrive = {
      ...{ id, rate, who, beganAt, redriven, scanned, state, endedAt: this.#deps.now() },
      ...(fingerprint !== undefined && { fingerprint }),
      ...(audit !== undefined && { audit }),
      ...(why !== undefined && { why }),
    };
    const rest = this.#running.filter((one) => one.id !== id);
    if (rest.length > 0) store.meta.set("redrives", rest);
    else store.meta.clear("redrives");
    store.meta.set("redrivesEnded", [ended, ...this.#ended].slice(0, MOST.ended));
    commit.after(() => logEnd(this.#queue.name, ended));
  }

  async #tell(): Promise<void> {
    const { commit, store, stubs } = this.#queue;
    for (const { id, audit, redriven: count } of this.#untold) {
      await stubs.directory().endAct(audit as number, { count, isLong: true });
      const told = (one: EndedRedrive) => {
        if (one.id !== id) return one;
        const { audit: _, ...rest } = one;
        return rest;
      };
      commit.run(() => store.meta.set("redrivesEnded", this.#ended.map(told)));
    }
  }
}

/**
 * Inside a commit: looks at up to `rows` records behind a place, and puts back up to `take` of those that the redrive is
 * about.
 */
function redriveBatch(queue: QueueContext, ask: RedriveBatch): RedrivenBatch {
  const { place, take, rows } = ask;
  const { failed, ruled } = queue.store;
  const records = (place.table === "failed" ? failed : ruled.expired).failures(place.after, rows);
  const isMeant = meantBy(queue, ask);
  const names: string[] = [];
  let scanned = 0;
  for (const record of records) {
    if (names.length === take) break;
    scanned++;
    if (isMeant(record)) names.push(record.name);
  }
  const isThrough = scanned === records.length && records.length < rows;
  const after = records[scanned - 1]?.key ?? place.after;
  return {
    redriven: names.length > 0 ? redriveSome(queue, names).length : 0,
    scanned,
    place: isThrough ? behind(place, ruled.exist) : { ...place, after },
  };
}

function meantBy(queue: QueueContext, { fingerprint, upTo }: RedriveBatch) {
  const faults = new Faults(homeOf(queue));
  return (record: Parameters<typeof failedAt>[0]): boolean =>
    failedAt(record) <= upTo &&
    (fingerprint === undefined || faults.of(record).fingerprint === fingerprint);
}

function behind({ table }: RedrivePlace, haveExpired: boolean): RedrivePlace | null {
  return table === "failed" && haveExpired ? { table: "expired", after: -1 } : null;
}

/** `random` from 0 to 1. */
function newId(random: number): string {
  return Math.floor(random * 36 ** 10)
    .toString(36)
    .padStart(10, "0");
}

function logEnd(queue: string, { id, state, rate, fingerprint, redriven, who, why }: EndedRedrive) {
  if (!writes("info")) return;
  const of = fingerprint === undefined ? "all" : `those of ${fingerprint}`;
  const line = `a redrive of "${queue}", ${of}, is ${state}: ${redriven} tasks are back on it`;
  const fields = { queue, redrive: id, state, rate, fingerprint, count: redriven, by: who, why };
  writeLine("info", "redrive_ended", line, fields);
}
