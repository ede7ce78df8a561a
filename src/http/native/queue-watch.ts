// Polls queues for watchers: once a second while a queue changes, every few seconds while it does not. All
// state is in the watch itself, so a watcher that leaves needs no clean-up.
import { UnknownQueueError } from "../../core/errors.ts";
import {
  changeOf,
  type QueueChange,
  type QueueChanges,
  type WatchedQueue,
  type WatchedQueues,
  withChange,
} from "../../core/metrics/queue-changes.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { Pulse } from "../../objects/queue/inspect/pages.ts";
import type { QueueService } from "./request.ts";

/** The result of one poll. */
export type WatchEvent =
  | { event: "queues"; data: WatchedQueues }
  | { event: "changes"; data: QueueChanges }
  | { event: "nothing" };

/** After `turns` polls without a change a queue is polled only every `every` turns. */
const IDLE = { turns: 5, every: 5 };
/** Refresh the list of queues every N polls. */
const NAMES_EVERY = 3;
/**
 * Calls of one watch. The platform limits an invocation to a thousand of its own services, and some take a
 * second one; where less is allowed the watch ends by the error.
 */
const MAX_CALLS = 400;

interface Watched {
  queue: WatchedQueue;
  /** By its own clock, ms since 1970. */
  polledAt: number;
  idleTurns: number;
}

/**
 * Tells what is known of all queues, or of those named, and after each `pause` what changed. Ends by itself
 * after some hundred calls. Throws UnknownQueueError for a name that is no queue's.
 */
export async function* watchQueues(
  queues: Pick<QueueService, "get" | "names">,
  requested: readonly string[],
  pause: () => Promise<void>,
): AsyncGenerator<WatchEvent> {
  const watch = new QueueWatch(queues, requested);
  yield { event: "queues", data: await watch.begin() };
  for (let turn = 1; watch.calls < MAX_CALLS; turn++) {
    await pause();
    const data = await watch.turn(turn);
    yield data ? { event: "changes", data } : { event: "nothing" };
  }
}

class QueueWatch {
  calls = 0;
  readonly #queues: Pick<QueueService, "get" | "names">;
  readonly #requested: readonly string[];
  readonly #watched = new Map<string, Watched>();
  #now = 0;

  constructor(queues: Pick<QueueService, "get" | "names">, requested: readonly string[]) {
    this.#queues = queues;
    this.#requested = requested;
  }

  async begin(): Promise<WatchedQueues> {
    const names = this.#requested.length > 0 ? [...new Set(this.#requested)] : await this.#names();
    const queues = await Promise.all(names.map((name) => this.#start(name)));
    return { now: rfc3339(this.#now), queues };
  }

  async turn(turn: number): Promise<QueueChanges | undefined> {
    const { added, removed } = await this.#refreshNames(turn);
    const due = [...this.#watched.values()].filter((watched) => isDue(watched, turn));
    const found = await Promise.all(due.map((watched) => this.#poll(watched)));
    const changes = found.filter((change) => typeof change === "object");
    removed.push(...found.filter((change) => typeof change === "string"));
    if (changes.length + added.length + removed.length === 0) return undefined;
    const data = { now: rfc3339(this.#now), queues: [...changes, ...added] };
    return removed.length > 0 ? { ...data, removed } : data;
  }

  async #refreshNames(turn: number): Promise<{ added: WatchedQueue[]; removed: string[] }> {
    if (turn % NAMES_EVERY !== 0) return { added: [], removed: [] };
    const all = await this.#names();
    const names =
      this.#requested.length > 0 ? all.filter((name) => this.#requested.includes(name)) : all;
    const removed = [...this.#watched.keys()].filter((name) => !names.includes(name));
    for (const name of removed) this.#watched.delete(name);
    const fresh = names.filter((name) => !this.#watched.has(name));
    const added = await Promise.all(fresh.map((name) => unlessRemoved(this.#start(name))));
    return { added: added.flatMap((queue) => queue ?? []), removed };
  }

  async #start(name: string): Promise<WatchedQueue> {
    const { now, view, history } = await this.#pulse(name, 0);
    const queue = { ...view, history };
    this.#watched.set(name, { queue, polledAt: now, idleTurns: 0 });
    return queue;
  }

  /** What changed about the queue, or its name alone when it is gone. */
  async #poll(watched: Watched): Promise<QueueChange | string | undefined> {
    const { name } = watched.queue;
    const pulse = await unlessRemoved(this.#pulse(name, watched.polledAt));
    if (!pulse) {
      this.#watched.delete(name);
      return name;
    }
    const { now, view, history } = pulse;
    const change = changeOf(watched.queue, view, history);
    watched.polledAt = now;
    watched.idleTurns = change ? 0 : watched.idleTurns + 1;
    if (change) watched.queue = withChange(watched.queue, change, now);
    return change;
  }

  async #pulse(name: string, since: number): Promise<Pulse> {
    this.calls++;
    const pulse = await this.#queues.get(name).pulse(since);
    this.#now = Math.max(this.#now, pulse.now);
    return pulse;
  }

  async #names(): Promise<string[]> {
    this.calls++;
    return this.#queues.names();
  }
}

/** Nothing where there is no such queue: it was removed a moment ago. */
async function unlessRemoved<T>(requested: Promise<T>): Promise<T | undefined> {
  try {
    return await requested;
  } catch (error) {
    if (error instanceof UnknownQueueError) return undefined;
    throw error;
  }
}

function isDue({ idleTurns }: Watched, turn: number): boolean {
  return idleTurns < IDLE.turns || turn % IDLE.every === 0;
}
