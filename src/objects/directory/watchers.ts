// All who watch queues, served by one poll: once a second the queues that may have changed are asked, and what
// is new is written to everyone who wants to hear of it. Without watchers nothing runs.
import type { Meter } from "../../core/metrics/meter.ts";
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { eventText, HEARTBEAT_MS } from "../../core/server-sent-event.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { Summary } from "../../store/directory/summaries.ts";
import { trouble } from "../log.ts";
import { type News, QueueWatch, type QueueWatchDeps } from "./queue-watch.ts";
import { Watcher } from "./watcher.ts";

export interface WatchersDeps extends QueueWatchDeps {
  names: () => string[];
  known: () => ReadonlyMap<string, Summary>;
  /** Where it is counted what the object uses, which those who watch keep awake. */
  meter: Meter | undefined;
}

const TURN_MS = 1000;
/** The list of queues is read anew every N turns. */
const NAMES_EVERY = 3;
/** Watchers written to in one turn of the event loop, so that other calls come in between. */
const STEP = 20;

export class Watchers {
  readonly #deps: WatchersDeps;
  readonly #watch: QueueWatch;
  readonly #watchers = new Set<Watcher>();
  /** Those whose first event is being made: what they want stays watched, whoever else leaves. */
  readonly #joining = new Set<Watcher>();
  #turn = 0;
  #isRunning = false;

  constructor(deps: WatchersDeps) {
    this.#deps = deps;
    this.#watch = new QueueWatch(deps);
  }

  /** A stream of events: first all that is known of these queues, or of all, then what changes. */
  async add(names: readonly string[] | undefined): Promise<ReadableStream<Uint8Array>> {
    const wanted = names ?? this.#deps.names();
    const watcher = new Watcher(names, (gone) => this.#remove(gone));
    this.#joining.add(watcher);
    await this.#watch.begin(wanted, this.#deps.known());
    this.#joining.delete(watcher);
    if (watcher.isOver) return watcher.stream;
    const data = { now: this.#now(), queues: this.#watch.queues(wanted) };
    watcher.send(eventText({ event: "queues", data }));
    this.#watchers.add(watcher);
    if (!this.#isRunning) void this.#run();
    return watcher.stream;
  }

  /** The queue has said that it has changed. */
  changed(name: string): void {
    this.#watch.changed(name);
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#joining.delete(watcher);
    const others = [...this.#watchers, ...this.#joining];
    if (others.some(({ names }) => !names)) return;
    for (const name of watcher.names ?? this.#watch.names) {
      if (!others.some((one) => one.wants(name))) this.#watch.forget(name);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#deps.meter?.stays();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
      if (this.#watchers.size === 0) break;
      await this.#oneTurn(++this.#turn);
      if (this.#turn % (HEARTBEAT_MS / TURN_MS) !== 0) continue;
      await this.#inSteps((watcher) => watcher.beat());
    }
    this.#deps.meter?.ended();
    this.#isRunning = false;
  }

  async #oneTurn(turn: number): Promise<void> {
    try {
      const added = turn % NAMES_EVERY === 0 ? await this.#refreshNames() : [];
      const { changes, removed } = await this.#watch.turn(turn);
      await this.#tell({ changes: [...changes, ...added], removed });
    } catch (error) {
      trouble("task queue: watching the queues failed, trying again", error);
    }
  }

  /** Queues that are new since the last look, for those who watch all. */
  async #refreshNames(): Promise<WatchedQueue[]> {
    const isForAll = [...this.#watchers].some(({ names }) => !names);
    if (!isForAll) return [];
    const known = new Set(this.#watch.names);
    const fresh = this.#deps.names().filter((name) => !known.has(name));
    if (fresh.length === 0) return [];
    await this.#watch.begin(fresh, this.#deps.known());
    return this.#watch.queues(fresh);
  }

  async #tell(news: News): Promise<void> {
    if (news.changes.length + news.removed.length === 0) return;
    const now = this.#now();
    const forAll = textOf(now, news);
    await this.#inSteps((watcher) => {
      const text = watcher.names ? textOf(now, partOf(news, watcher)) : forAll;
      if (text !== undefined) watcher.send(text);
    });
  }

  async #inSteps(act: (watcher: Watcher) => void): Promise<void> {
    for (const [index, watcher] of [...this.#watchers].entries()) {
      if (index > 0 && index % STEP === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      act(watcher);
    }
  }

  #now(): string {
    return rfc3339(this.#deps.now());
  }
}

function partOf({ changes, removed }: News, watcher: Watcher): News {
  return {
    changes: changes.filter(({ name }) => watcher.wants(name)),
    removed: removed.filter((name) => watcher.wants(name)),
  };
}

function textOf(now: string, { changes, removed }: News): string | undefined {
  if (changes.length + removed.length === 0) return undefined;
  const data = { now, queues: changes, ...(removed.length > 0 && { removed }) };
  return eventText({ event: "changes", data });
}
