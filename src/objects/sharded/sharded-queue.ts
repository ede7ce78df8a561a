// A queue of several shards, as one: calls are routed to the shards that have what they are about. Callers' handles
// use it, and the queue's first shard for whoever calls the queue's own object.

import type { AlertTest } from "../../core/alerts/alert-view.ts";
import {
  isOfGroup,
  nameOfRecord,
  type SavedPage,
  type SavedRecord,
  type Taken,
  type WalkPlace,
} from "../../core/backup/record.ts";
import type { QueueConfig } from "../../core/config/queue-config.ts";
import type { Answer } from "../../core/errors.ts";
import type { FailurePart } from "../../core/failures/groups.ts";
import type { Redrive } from "../../core/failures/redrive.ts";
import type { HistorySpan, QueueHistory } from "../../core/metrics/history.ts";
import type { KeyPage, KeyQuery, KeyView } from "../../core/metrics/key-view.ts";
import type { QueueReport, ReportReader } from "../../core/metrics/queue-report.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type {
  AckResult,
  AddCall,
  Added,
  DeleteResult,
  ListQuery,
  RedriveResult,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "../../core/task/calls.ts";
import type { LeaseRequest, LeaseToken } from "../../core/task/lease.ts";
import type { Admission, NewTime } from "../../core/task/new-task.ts";
import type { Task } from "../../core/task/task.ts";
import { clock } from "../host.ts";
import { type Waited, type Waiting, waitingFor } from "../place.ts";
import type { QueueCalls, StartedRedrive, StartRedrive } from "../rpc.ts";
import type { Leased } from "../turn.ts";
import { addToShards } from "./adding.ts";
import { leaseFromShards } from "./leasing.ts";
import { listShards, listTombstonesOfShards } from "./listing.ts";
import { describeShards, historyOfShards, reportOfShards } from "./looking.ts";
import { type RouteDeps, Routes } from "./routes.ts";

/** What the queue's own object does for all shards. */
type WholeCalls = Pick<
  QueueCalls,
  | "add"
  | "purge"
  | "pause"
  | "resume"
  | "config"
  | "define"
  | "remove"
  | "keys"
  | "key"
  | "limitKey"
  | "testAlert"
  | "startRedrive"
  | "redrives"
  | "cancelRedrive"
>;

export interface ShardedDeps extends RouteDeps {
  /** The queue's. */
  name: string;
  whole: () => WholeCalls;
  /** What new tasks are checked against; undefined where only the queue's object knows. */
  admission: () => Answer<Admission> | undefined;
}

export class ShardedQueue implements QueueCalls {
  readonly #deps: ShardedDeps;
  readonly #routes: Routes;

  constructor(deps: ShardedDeps) {
    this.#deps = deps;
    this.#routes = new Routes(deps);
  }

  add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]> {
    const { map, admission, whole } = this.#deps;
    const addWhole = (those: readonly AddCall[]) => whole().add(those);
    return addToShards({ routes: this.#routes, map, admission, addWhole }, calls);
  }

  get(name: string): Promise<Answer<Task>> {
    return this.#routes.one(name, isUnknown, "get", name);
  }

  async result(name: string, waitSeconds: number): Promise<Waited<Answer<Task>>> {
    const until = clock() + waitSeconds * 1000;
    const waited = await this.#resultOf(name, waitSeconds);
    return "got" in waited ? waited : waitingFor((left) => this.#follow(name, waited, until, left));
  }

  #resultOf(name: string, waitSeconds: number): Promise<Waited<Answer<Task>>> {
    const isMissing = (waited: Waited<Answer<Task>>) => "got" in waited && isUnknown(waited.got);
    return this.#routes.one(name, isMissing, "result", name, waitSeconds);
  }

  /** Waits on where the task has gone to, should it go to another shard meanwhile; `until` is in ms. */
  async #follow(
    name: string,
    first: Waiting<Answer<Task>>,
    until: number,
    left: AbortSignal,
  ): Promise<Answer<Task>> {
    for (let waited: Waited<Answer<Task>> = first; ; ) {
      if ("got" in waited) return waited.got;
      const { place, answer } = waited;
      const leave = () => place[Symbol.dispose]();
      left.addEventListener("abort", leave);
      const got = await answer.get();
      left.removeEventListener("abort", leave);
      leave();
      answer[Symbol.dispose]();
      if (!isUnknown(got)) return got;
      waited = await this.#resultOf(name, Math.max(0, until - clock()) / 1000);
    }
  }

  list(query: ListQuery): Promise<Answer<TaskPage>> {
    return listShards(this.#routes, this.#deps.name, query);
  }

  delete(names: readonly string[]): Promise<DeleteResult[]> {
    return this.#routes.each<string, DeleteResult>(names, {
      routeOf: (name) => name,
      call: (on, part) => on("delete", part),
      isMissing: ({ deleted }) => !deleted,
    });
  }

  lease(request: LeaseRequest): Promise<Leased> {
    return leaseFromShards(this.#routes, request, (undelivered) =>
      this.withdrawLeases(undelivered),
    );
  }

  async withdrawLeases(leased: readonly Pick<Task, "name" | "lease">[]): Promise<void> {
    await this.#routes.each(leased, {
      routeOf: ({ name }) => name,
      call: async (on, part) => {
        await on("withdrawLeases", part);
        return part;
      },
      // One that was leased from where it was before is still there: only what is not leased moves.
      isMissing: () => true,
    });
  }

  async acknowledge(tokens: readonly LeaseToken[]): Promise<Answer<AckResult[]>> {
    // Of none too is asked whether the queue is one to lease from.
    if (tokens.length === 0) return this.#routes.one("", () => false, "acknowledge", tokens);
    const results = await this.#routes.each<LeaseToken, Answer<AckResult>>(tokens, {
      routeOf: ({ name }) => name,
      call: async (on, part) => {
        const { ok, failure } = await on("acknowledge", part);
        return part.map((_, i) => (failure ? { failure } : { ok: ok[i] as AckResult }));
      },
      isMissing: ({ ok }) => ok?.acknowledged === false,
    });
    const refused = results.find(({ failure }) => failure);
    return refused?.failure ? refused : { ok: results.map(({ ok }) => ok as AckResult) };
  }

  modifyLease(token: LeaseToken, seconds: number): Promise<Answer<Task>> {
    return this.#routes.one(token.name, isRefused, "modifyLease", token, seconds);
  }

  failLeased(token: LeaseToken, error: unknown): Promise<Answer<Task>> {
    return this.#routes.one(token.name, isRefused, "failLeased", token, error);
  }

  run(name: string): Promise<Answer<Task>> {
    return this.#routes.one(name, isUnknown, "run", name);
  }

  reschedule(name: string, time: NewTime): Promise<Answer<Task>> {
    return this.#routes.one(name, isUnknown, "reschedule", name, time);
  }

  redrive(names: readonly string[]): Promise<RedriveResult[]> {
    return this.#routes.each<string, RedriveResult>(names, {
      routeOf: (name) => name,
      call: (on, part) => on("redrive", part),
      isMissing: ({ redriven }) => !redriven,
    });
  }

  async redriveAll(): Promise<number> {
    const redriven = await this.#routes.all("redriveAll");
    return redriven.reduce((sum, n) => sum + n, 0);
  }

  async failures(): Promise<Answer<FailurePart[]>> {
    return allOf(await this.#routes.all("failures"));
  }

  startRedrive(given: StartRedrive): Promise<Answer<StartedRedrive>> {
    return this.#deps.whole().startRedrive(given);
  }

  redrives(): Promise<Answer<Redrive[]>> {
    return this.#deps.whole().redrives();
  }

  cancelRedrive(id: string, who: string): Promise<Answer<Redrive>> {
    return this.#deps.whole().cancelRedrive(id, who);
  }

  tombstones(query: TombstoneQuery): Promise<Answer<TombstonePage>> {
    return listTombstonesOfShards(this.#routes, this.#deps.name, query);
  }

  release(name: string): Promise<boolean> {
    return this.#routes.one(name, (released) => !released, "release", name);
  }

  purge(): Promise<QueueView> {
    return this.#deps.whole().purge();
  }

  pause(): Promise<QueueView> {
    return this.#deps.whole().pause();
  }

  resume(): Promise<QueueView> {
    return this.#deps.whole().resume();
  }

  describe(): Promise<QueueView> {
    return describeShards(this.#routes);
  }

  history(span: HistorySpan): Promise<QueueHistory> {
    return historyOfShards(this.#routes, span);
  }

  pulse(since: number, reader?: ReportReader): Promise<QueueReport> {
    return reportOfShards(this.#routes, since, reader);
  }

  async exportPage(from: WalkPlace): Promise<Answer<SavedPage>> {
    return this.#routes.byMap((map) => this.#routes.on(map, from.shard)("exportPage", from));
  }

  // Groups are there before any of their subtasks can end; the first shard knows what the queue has of them.
  async importRecords(records: readonly SavedRecord[]): Promise<Answer<Taken[]>> {
    const groups = records.filter(isOfGroup);
    const ofGroups = groups.length > 0 ? await this.#importGroups(groups) : { ok: [] };
    const ofNames = await this.#importNames(records.filter((record) => !isOfGroup(record)));
    if (ofGroups.failure) return ofGroups;
    if (ofNames.failure) return ofNames;
    const [first, others] = [ofGroups.ok.values(), ofNames.ok.values()];
    const next = (it: Iterator<Taken>) => it.next().value as Taken;
    return { ok: records.map((record) => next(isOfGroup(record) ? first : others)) };
  }

  #importGroups(groups: readonly SavedRecord[]): Promise<Answer<Taken[]>> {
    return this.#routes.byMap((map) => this.#routes.on(map, 0)("importRecords", groups));
  }

  async #importNames(records: readonly SavedRecord[]): Promise<Answer<Taken[]>> {
    const taken = await this.#routes.each<SavedRecord, Answer<Taken>>(records, {
      routeOf: nameOfRecord,
      call: async (on, part) => {
        const { ok, failure } = await on("importRecords", part);
        return part.map((_, i) => (failure ? { failure } : { ok: ok[i] as Taken }));
      },
      isMissing: () => false,
    });
    const refused = taken.find(({ failure }) => failure);
    return refused?.failure ? refused : { ok: taken.map(({ ok }) => ok as Taken) };
  }

  async follow(): Promise<Answer<ReadableStream<Uint8Array>[]>> {
    return allOf(await this.#routes.all("follow"));
  }

  config(): Promise<QueueConfig> {
    return this.#deps.whole().config();
  }

  define(entry: unknown): Promise<Answer<QueueView>> {
    return this.#deps.whole().define(entry);
  }

  remove(): Promise<Answer<true>> {
    return this.#deps.whole().remove();
  }

  // It says that there are none.
  keys(query: KeyQuery): Promise<Answer<KeyPage>> {
    return this.#deps.whole().keys(query);
  }

  key(key: string): Promise<Answer<KeyView>> {
    return this.#deps.whole().key(key);
  }

  limitKey(key: string, limits: unknown): Promise<Answer<KeyView>> {
    return this.#deps.whole().limitKey(key, limits);
  }

  testAlert(name: string): Promise<Answer<AlertTest>> {
    return this.#deps.whole().testAlert(name);
  }
}

/** What all of them have, unless one refuses. */
function allOf<T>(answers: readonly Answer<T[]>[]): Answer<T[]> {
  const refused = answers.find(({ failure }) => failure);
  return refused?.failure
    ? { failure: refused.failure }
    : { ok: answers.flatMap(({ ok }) => ok ?? []) };
}

function isUnknown({ failure }: Answer<unknown>): boolean {
  return failure?.code === "UNKNOWN_TASK";
}

// Of a lease, for what is missing and for what is not held the same is said.
function isRefused({ failure }: Answer<unknown>): boolean {
  return failure !== undefined;
}
