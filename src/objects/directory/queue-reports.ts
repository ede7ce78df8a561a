// What queues say of themselves. A queue is asked when its last report holds no more, and says by itself, once,
// when it has changed. What it said is kept, so that it need not be asked again, nor woken.
import type { QueueFile } from "../../core/config/queue-config.ts";
import { entryMark, type QueueReport, type ReportReader } from "../../core/metrics/queue-report.ts";
import type { DirectoryStore } from "../../store/directory/directory-store.ts";
import type { Summary } from "../../store/directory/summaries.ts";
import type { Commit } from "../commit.ts";
import type { Stubs } from "../stubs.ts";

export interface ReportDeps {
  store: DirectoryStore;
  commit: Commit;
  stubs: Pick<Stubs, "queue">;
  file: QueueFile;
  /** ms since 1970 */
  now: () => number;
}

/** How long a queue has to answer, in ms: one that hangs holds up no list. */
const PATIENCE_MS = 10_000;
/** Characters of a view that is kept; a larger one (annotations) is asked for each time. */
const MAX_VIEW = 16_384;

export class QueueReports {
  readonly #deps: ReportDeps;
  /** Marks of the file's entries. */
  readonly #entries: ReadonlyMap<string, string>;
  // Queues of the file on which nothing ever happened: looking at them leaves no row, but for metrics.
  readonly #untouched = new Map<string, Summary>();
  readonly #asking = new Map<string, Set<{ isOutdated: boolean }>>();

  constructor(deps: ReportDeps) {
    this.#deps = deps;
    const entries = [...deps.file.queues].map(([name, entry]) => [name, entryMark(entry)] as const);
    this.#entries = new Map(entries);
  }

  /** The queue has changed since its last report. */
  changed(name: string): void {
    for (const ask of this.#asking.get(name) ?? []) ask.isOutdated = true;
    this.#untouched.delete(name);
    const known = this.#deps.store.summaries.find(name);
    if (!known || known.until !== undefined) this.#outdate(name);
  }

  /** What is known of the queues whose names come after `after`, up to `upTo`. */
  between(after: string, upTo: string): Map<string, Summary> {
    const found = this.#deps.store.summaries.between(after, upTo);
    for (const [name, summary] of this.#untouched) {
      if (name > after && name <= upTo && !found.has(name)) found.set(name, summary);
    }
    return found;
  }

  /** Whether the queue still is as its summary says. */
  holds(summary: Summary | undefined): summary is Summary & { view: string } {
    if (summary?.view === undefined || summary.until === undefined) return false;
    const isNow = summary.until > this.#deps.now();
    return isNow && this.isOfEntry(summary);
  }

  /** Whether it was made with the entry that queue.yaml has. */
  isOfEntry({ name, entry }: Summary): boolean {
    return entry === (this.#entries.get(name) ?? "");
  }

  /**
   * The queue's own report, its history as far as it is newer than `since` (ms since 1970), by default none of it.
   * Throws when it does not answer.
   */
  async ask(
    name: string,
    since = Number.MAX_SAFE_INTEGER,
    reader: ReportReader = "directory",
  ): Promise<QueueReport> {
    const ask = { isOutdated: false };
    this.#begin(name, ask);
    try {
      const asked = this.#deps.stubs.queue(name).pulse(since, reader);
      const report = await within(PATIENCE_MS, asked);
      this.#keep(name, report, ask.isOutdated);
      return report;
    } catch (error) {
      // It may have answered, and count on being believed.
      if (this.#deps.store.summaries.find(name)) this.#outdate(name);
      throw error;
    } finally {
      this.#end(name, ask);
    }
  }

  #keep(name: string, report: QueueReport, isOutdated: boolean): void {
    const { store, commit } = this.#deps;
    const until = isOutdated ? undefined : report.holdsUntil;
    const summary = summaryOf(name, report, until);
    const known = store.summaries.find(name);
    // Whoever scrapes comes again every few seconds, and memory does not last that long.
    const isBrief = !known && !store.has(name) && summary.totals === undefined;
    if (isBrief) this.#untouched.set(name, summary);
    else if (known?.until !== undefined || until !== undefined || known?.view === undefined) {
      commit.run(() => store.summaries.put(summary));
    }
  }

  #outdate(name: string): void {
    this.#deps.commit.run(() => this.#deps.store.summaries.outdate(name));
  }

  #begin(name: string, ask: { isOutdated: boolean }): void {
    const asking = this.#asking.get(name) ?? new Set();
    this.#asking.set(name, asking.add(ask));
  }

  #end(name: string, ask: { isOutdated: boolean }): void {
    const asking = this.#asking.get(name);
    asking?.delete(ask);
    if (asking?.size === 0) this.#asking.delete(name);
  }
}

function summaryOf(name: string, report: QueueReport, until: number | undefined): Summary {
  const { entry = "", isActive = true, totals, numbersHoldUntil: numbersUntil, now } = report;
  const view = JSON.stringify(report.view);
  const isKept = view.length <= MAX_VIEW;
  return {
    ...{ name, entry, isActive },
    ...(isKept && { view }),
    ...(isKept && until !== undefined && { until }),
    ...(isKept && totals && { totals: JSON.stringify({ ...totals, numbersUntil, askedAt: now }) }),
  };
}

/** Throws when the work takes longer than `ms`. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
