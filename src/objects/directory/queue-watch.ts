// What those who watch queues have heard so far, and turn by turn what is new. A queue that said nothing and
// whose state holds is not asked; one that changes by itself is asked each turn, and less often while nothing is
// seen of it.
import {
  changeOf,
  type QueueChange,
  type WatchedQueue,
  withChange,
} from "../../core/metrics/queue-changes.ts";
import type { QueueReport } from "../../core/metrics/queue-report.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { Summary } from "../../store/directory/summaries.ts";
import { trouble } from "../log.ts";
import type { QueueReports } from "./queue-reports.ts";

/** After `turns` without a change a queue is asked only every `every` turns. */
const IDLE = { turns: 5, every: 5 };
/** Queues asked in one turn; the others have theirs in the next. */
const MAX_ASKED = 400;
const SLOT_SECONDS = 10;

/** What is new: of a queue that is new to the watch, all. */
export interface News {
  changes: (WatchedQueue | QueueChange)[];
  removed: string[];
}

interface Watched {
  queue: WatchedQueue;
  /** By the queue's clock, ms since 1970; 0 before the queue was asked. */
  askedAt: number;
  /** Until when its state holds (ms); 0 while it changes by itself. */
  until: number;
  idleTurns: number;
}

export interface QueueWatchDeps {
  reports: Pick<QueueReports, "ask" | "holds">;
  /** Whether there is such a queue. */
  exists: (name: string) => boolean;
  /** ms since 1970 */
  now: () => number;
}

export class QueueWatch {
  readonly #deps: QueueWatchDeps;
  readonly #watched = new Map<string, Watched>();
  readonly #changed = new Set<string>();
  /** Asked for the first time: what changes meanwhile may not be in the answer. */
  readonly #starting = new Set<string>();

  constructor(deps: QueueWatchDeps) {
    this.#deps = deps;
  }

  get names(): string[] {
    return [...this.#watched.keys()];
  }

  /** Those that are watched, of `names` or all. */
  queues(names: readonly string[]): WatchedQueue[] {
    return names.flatMap((name) => this.#watched.get(name)?.queue ?? []);
  }

  /** The queue has said that it has changed. */
  changed(name: string): void {
    if (this.#watched.has(name) || this.#starting.has(name)) this.#changed.add(name);
  }

  /** Begins to watch these queues, of which `known` is known. */
  async begin(names: readonly string[], known: ReadonlyMap<string, Summary>): Promise<void> {
    const fresh = names.filter((name) => !this.#watched.has(name));
    for (let from = 0; from < fresh.length; from += MAX_ASKED) {
      const some = fresh.slice(from, from + MAX_ASKED);
      await Promise.all(some.map((name) => this.#start(name, known.get(name))));
    }
  }

  forget(name: string): void {
    this.#watched.delete(name);
    this.#changed.delete(name);
  }

  /** What is new in turn number `turn`. */
  async turn(turn: number): Promise<News> {
    const due = [...this.#watched.values()].filter((watched) => this.#isDue(watched, turn));
    const asked = due.sort((a, b) => a.askedAt - b.askedAt).slice(0, MAX_ASKED);
    const found = await Promise.all(asked.map((watched) => this.#poll(watched)));
    const changes = found.filter((change) => typeof change === "object");
    return { changes, removed: found.filter((change) => typeof change === "string") };
  }

  #isDue({ queue, until, idleTurns }: Watched, turn: number): boolean {
    if (this.#changed.has(queue.name)) return true;
    if (until > this.#deps.now()) return false;
    return idleTurns < IDLE.turns || turn % IDLE.every === 0;
  }

  // One that does not answer now is asked again; it is not there until then.
  async #start(name: string, known: Summary | undefined): Promise<void> {
    const { reports, now } = this.#deps;
    if (reports.holds(known) && !known.isActive) {
      const history = { slotSeconds: SLOT_SECONDS, points: [], marks: [] };
      const queue = { ...(JSON.parse(known.view) as QueueView), history };
      const until = known.until ?? 0;
      this.#watched.set(name, { queue, askedAt: now(), until, idleTurns: 0 });
      return;
    }
    this.#starting.add(name);
    const report = await this.#ask(name, 0);
    this.#starting.delete(name);
    if (!report) return;
    const { view, history, now: askedAt, holdsUntil: until = 0 } = report;
    this.#watched.set(name, { queue: { ...view, history }, askedAt, until, idleTurns: 0 });
  }

  /** What changed about the queue, or its name alone when it is gone. */
  async #poll(watched: Watched): Promise<QueueChange | string | undefined> {
    const { name } = watched.queue;
    this.#changed.delete(name);
    if (!this.#deps.exists(name)) {
      this.forget(name);
      return name;
    }
    const report = await this.#ask(name, watched.askedAt);
    if (!report) return undefined;
    const { now, view, history, holdsUntil = 0 } = report;
    const change = changeOf(watched.queue, view, history);
    watched.askedAt = now;
    watched.until = holdsUntil;
    watched.idleTurns = change ? 0 : watched.idleTurns + 1;
    if (change) watched.queue = withChange(watched.queue, change, now);
    return change;
  }

  async #ask(name: string, since: number): Promise<QueueReport | undefined> {
    try {
      return await this.#deps.reports.ask(name, since);
    } catch (error) {
      trouble(`task queue: "${name}" did not say how it is`, error, { queue: name });
      this.#changed.add(name);
      return undefined;
    }
  }
}
