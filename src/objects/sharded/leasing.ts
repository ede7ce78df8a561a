// Leasing from a queue of several shards. First each says when the oldest task is due that it would give; then the
// shards that have any give an equal part each, the oldest first among shards as within one. A worker that waits has
// a turn at every shard; the first that gives it tasks ends the others.
import { rankOf } from "../../core/dispatch/rank.ts";
import type { Answer } from "../../core/errors.ts";
import {
  checkLeaseRequest,
  type FirstLeasable,
  type LeasedTask,
  type LeaseRequest,
} from "../../core/task/lease.ts";
import { DEFAULT_PRIORITY, type Task } from "../../core/task/task.ts";
import { type Leased, type Turn, turnOf } from "../turn.ts";
import { type OnShard, Outdated, type Routes, unlessOutdated } from "./routes.ts";

interface Source {
  on: OnShard;
  first: FirstLeasable;
}

type Withdraw = (undelivered: readonly Task[]) => Promise<void>;

export async function leaseFromShards(
  routes: Routes,
  request: LeaseRequest,
  withdraw: Withdraw,
): Promise<Leased> {
  const refusal = checkLeaseRequest(request);
  if (refusal) return { got: refusal };
  const { waitSeconds = 0, ...now } = request;
  const got = await leaseNow(routes, now);
  if (got.failure || got.ok.length > 0 || waitSeconds === 0) return { got };
  return turnOf((left) => firstOf(routes, request, left, withdraw), withdraw);
}

function leaseNow(routes: Routes, request: LeaseRequest): Promise<Answer<Task[]>> {
  return routes.byMap(() => leaseOnce(routes, request));
}

async function leaseOnce(routes: Routes, request: LeaseRequest): Promise<Answer<Task[]>> {
  const found = await routes.every(async (on) => ({
    on,
    first: await on("firstLeasable", request),
  }));
  const refused = found.find(({ first }) => first.failure);
  if (refused?.first.failure) return refused.first;
  const sources = found.flatMap(({ on, first: { ok } }) => (ok ? [{ on, first: ok }] : []));
  sources.sort((a, b) => byRank(a.first, b.first) || byName(a.first, b.first));
  return { ok: await fromSources(sourcesOf(sources, request), requestOf(sources, request)) };
}

// A tag that the oldest has is asked of all by its name; for tasks without a tag there is no such word.
function requestOf([oldest]: readonly Source[], request: LeaseRequest): LeaseRequest {
  const tag = oldest?.first.tag;
  if (!request.oldestTag || tag === undefined) return request;
  const { oldestTag: _, ...rest } = request;
  return { ...rest, tag };
}

function sourcesOf(sources: readonly Source[], { oldestTag }: LeaseRequest): readonly Source[] {
  return oldestTag && sources[0]?.first.tag === undefined ? sources.slice(0, 1) : sources;
}

async function fromSources(sources: readonly Source[], request: LeaseRequest): Promise<Task[]> {
  const { maxTasks } = request;
  const parts = partsOf(sources.length, maxTasks);
  const given = await Promise.all(
    sources.map(({ on }, i) => fromOne(on, request, parts[i] as number)),
  );
  const all = given.flatMap((some) => some ?? []);
  // What others gave is the worker's; where nobody gave any, all are asked again by the map that is known now.
  if (all.length === 0 && given.includes(undefined)) throw new Outdated();
  // Shards that had less than their part leave the rest to those that had all of it.
  for (const [i, { on }] of sources.entries()) {
    const isFull = given[i]?.length === parts[i];
    if (isFull) all.push(...((await fromOne(on, request, maxTasks - all.length)) ?? []));
  }
  all.sort((a, b) => byRank(a, b) || byName(a.task, b.task));
  return all.map(({ task }) => task);
}

/** `n` in as many parts, the first ones larger. */
function partsOf(parts: number, n: number): number[] {
  return Array.from({ length: parts }, (_, i) => Math.floor((n + parts - 1 - i) / parts));
}

/** Undefined where the number of shards has changed since they were asked for their first. */
async function fromOne(
  on: OnShard,
  request: LeaseRequest,
  maxTasks: number,
): Promise<LeasedTask[] | undefined> {
  if (maxTasks <= 0) return [];
  const leased = await unlessOutdated(on("leaseNow", { ...request, maxTasks }));
  return leased && (leased.ok ?? []);
}

// A lease moves its task's ETA.
function rankAtFirst({ createdAt, priority = DEFAULT_PRIORITY }: Task): number {
  return rankOf(Date.parse(createdAt), priority);
}

// A rank may be infinite.
function byRank(a: { rank: number }, b: { rank: number }): number {
  return a.rank < b.rank ? -1 : Number(a.rank > b.rank);
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/** The tasks of the shard that has some first; none when the time is up everywhere. */
async function firstOf(
  routes: Routes,
  request: LeaseRequest,
  left: AbortSignal,
  withdraw: Withdraw,
): Promise<Task[]> {
  const turns: Turn[] = [];
  const atOnce: Task[] = [];
  const leave = () => {
    for (const turn of turns.splice(0)) letGo(turn);
  };
  left.addEventListener("abort", leave);
  try {
    // Asked again where the map changes meanwhile: what was given before that counts too.
    await routes.every(async (on) => {
      const leased = await on("lease", request);
      if ("got" in leased) atOnce.push(...(leased.got.ok ?? []));
      else turns.push(leased);
      if (left.aborted) leave();
    });
    const tasks = atOnce.sort((a, b) => rankAtFirst(a) - rankAtFirst(b) || byName(a, b));
    const surplus = tasks.splice(request.maxTasks);
    if (surplus.length > 0) await withdraw(surplus);
    return tasks.length > 0 ? tasks : await firstGiven(turns);
  } finally {
    // What a turn was given and nobody took goes back.
    leave();
  }
}

function firstGiven(turns: readonly Turn[]): Promise<Task[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Task[]>();
  let waiting = turns.length;
  let isGiven = false;
  const none = (error?: unknown) => {
    if (--waiting > 0) return;
    if (error) reject(error);
    else resolve([]);
  };
  const take = async (turn: Turn) => {
    const { ok = [] } = await turn.answer.get();
    if (ok.length === 0 || isGiven) return none();
    isGiven = true;
    await turn.place.take();
    resolve(ok);
  };
  for (const turn of turns) {
    take(turn).catch((error) => {
      if (isGiven) reject(error);
      else none(error);
    });
  }
  return promise;
}

function letGo({ place, answer }: Turn): void {
  place[Symbol.dispose]();
  answer[Symbol.dispose]();
}
