// Figures of all queues for metrics and costs, page by page. A queue at rest whose last report holds is not asked; the others
// are, some at a time, and one that does not answer costs its own figures only. Those who scrape at the same time
// share a round.
import type { FiguresReader } from "../../core/metrics/queue-report.ts";
import type { QueueTotals } from "../../core/metrics/totals.ts";
import type { Summary } from "../../store/directory/summaries.ts";
import { trouble } from "../log.ts";
import type { FiguresPage, QueueFigures } from "../rpc.ts";
import type { OwnUse } from "./own-use.ts";
import type { QueuePages } from "./queue-pages.ts";
import { type QueueReports, within } from "./queue-reports.ts";

export interface FiguresDeps {
  reports: QueueReports;
  pages: QueuePages;
  /** What the directory itself uses. */
  own?: OwnUse | undefined;
  /** ms since 1970 */
  now: () => number;
}

/** Queues that are asked at a time, and for one page, under the platform's thousand calls. */
const ASKED = { atATime: 50, most: 500 };
/** How long a queue has to answer, in ms: a scrape is to be over within ten seconds. */
const PATIENCE_MS = 3_000;

/** A queue whose numbers are kept is asked this often all the same, so that it knows that somebody wants them. */
const ASKED_AGAIN_MS = 6 * 3600_000;

/** Totals as they are kept; times in ms since 1970. */
interface HeldTotals extends QueueTotals {
  askedAt: number;
  numbersUntil?: number;
}

export class Figures {
  readonly #deps: FiguresDeps;
  readonly #underWay = new Map<string, Promise<FiguresPage>>();

  constructor(deps: FiguresDeps) {
    this.#deps = deps;
  }

  /** The queues whose names come after `after`, in their order, `limit` at most. */
  page(after: string, limit: number, reader: FiguresReader): Promise<FiguresPage> {
    const key = `${reader} ${limit} ${after}`;
    const page = this.#underWay.get(key) ?? this.#page(after, limit, reader);
    this.#underWay.set(key, page);
    const over = () => this.#underWay.delete(key);
    page.then(over, over);
    return page;
  }

  async #page(after: string, limit: number, reader: FiguresReader): Promise<FiguresPage> {
    const { pages, reports } = this.#deps;
    const found = pages.namesAfter(after, Math.min(limit, ASKED.most) + 1);
    const names = found.slice(0, Math.min(limit, ASKED.most));
    const known = reports.between(after, names.at(-1) ?? after);
    const queues: QueueFigures[] = [];
    const ahead = names.entries();
    const work = async () => {
      for (const [i, name] of ahead) {
        const held = this.#held(known.get(name));
        queues[i] = held ? { name, ...held } : await this.#ask(name, reader);
      }
    };
    await Promise.all(Array.from({ length: ASKED.atATime }, work));
    const last = names.at(-1);
    const own = reader === "costs" && this.#deps.own?.all;
    return {
      queues,
      ...(last !== undefined && last !== found.at(-1) && { last }),
      ...(own && { own }),
    };
  }

  /** What it said of its numbers, if that still holds. */
  #held(summary: Summary | undefined): { view: string; totals: string } | undefined {
    const { view, until, totals } = summary ?? {};
    if (!summary || view === undefined || until === undefined || totals === undefined) return;
    const { numbersUntil = 0, askedAt } = JSON.parse(totals) as HeldTotals;
    const now = this.#deps.now();
    const isNow = numbersUntil > now && askedAt + ASKED_AGAIN_MS > now;
    return isNow && this.#deps.reports.isOfEntry(summary) ? { view, totals } : undefined;
  }

  async #ask(name: string, reader: FiguresReader): Promise<QueueFigures> {
    try {
      const asked = this.#deps.reports.ask(name, Number.MAX_SAFE_INTEGER, reader);
      const { view, totals } = await within(PATIENCE_MS, asked);
      const own = totals && { totals: JSON.stringify(totals) };
      return { name, view: JSON.stringify(view), ...own };
    } catch (error) {
      trouble(`task queue: "${name}" did not say what it has counted`, error);
      return { name };
    }
  }
}
