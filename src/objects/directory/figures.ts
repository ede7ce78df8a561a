// Figures of all queues for who scrapes, page by page. A queue at rest whose last report holds is not asked; the others
// are, some at a time, and one that does not answer costs its own figures only. Those who scrape at the same time
// share a round.
import { trouble } from "../log.ts";
import type { FiguresPage, QueueFigures } from "../rpc.ts";
import type { QueuePages } from "./queue-pages.ts";
import { type QueueReports, within } from "./queue-reports.ts";

export interface FiguresDeps {
  reports: QueueReports;
  pages: QueuePages;
}

/** Queues that are asked at a time, and for one page, under the platform's thousand calls. */
const ASKED = { atATime: 50, most: 500 };
/** How long a queue has to answer, in ms: a scrape is to be over within ten seconds. */
const PATIENCE_MS = 3_000;

export class Figures {
  readonly #deps: FiguresDeps;
  readonly #underWay = new Map<string, Promise<FiguresPage>>();

  constructor(deps: FiguresDeps) {
    this.#deps = deps;
  }

  /** The queues whose names come after `after`, in their order, `limit` at most. */
  page(after: string, limit: number): Promise<FiguresPage> {
    const key = `${limit} ${after}`;
    const page = this.#underWay.get(key) ?? this.#page(after, limit);
    this.#underWay.set(key, page);
    const over = () => this.#underWay.delete(key);
    page.then(over, over);
    return page;
  }

  async #page(after: string, limit: number): Promise<FiguresPage> {
    const { pages, reports } = this.#deps;
    const found = pages.namesAfter(after, Math.min(limit, ASKED.most) + 1);
    const names = found.slice(0, Math.min(limit, ASKED.most));
    const known = reports.between(after, names.at(-1) ?? after);
    const queues: QueueFigures[] = [];
    const ahead = names.entries();
    const work = async () => {
      for (const [i, name] of ahead) {
        const held = reports.heldFigures(known.get(name));
        queues[i] = held ? { name, ...held } : await this.#ask(name);
      }
    };
    await Promise.all(Array.from({ length: ASKED.atATime }, work));
    const last = names.at(-1);
    return last === undefined || last === found.at(-1) ? { queues } : { queues, last };
  }

  async #ask(name: string): Promise<QueueFigures> {
    try {
      const asked = this.#deps.reports.ask(name, Number.MAX_SAFE_INTEGER, "scrape");
      const { view, totals } = await within(PATIENCE_MS, asked);
      const own = totals && { totals: JSON.stringify(totals) };
      return { name, view: JSON.stringify(view), ...own };
    } catch (error) {
      trouble(`task queue: "${name}" did not say what it has counted`, error);
      return { name };
    }
  }
}
