// Pages of all queues: those of queue.yaml and those made over the API, in the order of their names.
import type { QueueFile } from "../../core/config/queue-config.ts";
import type { DirectoryStore } from "../../store/directory/directory-store.ts";
import type { Summary } from "../../store/directory/summaries.ts";
import { trouble } from "../log.ts";
import type { QueuePage } from "../rpc.ts";
import type { QueueReports } from "./queue-reports.ts";

/** Queues that are asked for one page, under the platform's thousand calls; a page that needs more ends earlier. */
const MAX_ASKED = 500;
/** Characters of one page, under the platform's 32 MiB a message. */
const MAX_PAGE = 8 * 1024 * 1024;

export class QueuePages {
  readonly #store: DirectoryStore;
  readonly #reports: QueueReports;
  readonly #fileNames: readonly string[];

  constructor(store: DirectoryStore, reports: QueueReports, file: QueueFile) {
    this.#store = store;
    this.#reports = reports;
    this.#fileNames = [...file.queues.keys()].sort();
  }

  /** The first `limit` names after `after`. */
  namesAfter(after: string, limit: number): string[] {
    const inFile = this.#fileNames.filter((name) => name > after).slice(0, limit);
    const names = new Set([...inFile, ...this.#store.after(after, limit)]);
    return [...names].sort().slice(0, limit);
  }

  /** The queues whose names come after `after`, `limit` at most. */
  async page(after: string, limit: number): Promise<QueuePage> {
    const found = this.namesAfter(after, limit + 1);
    const names = found.slice(0, limit);
    const known = this.#reports.between(after, names.at(-1) ?? after);
    const outdated = names.filter((name) => !this.#reports.holds(known.get(name)));
    const cut = outdated[MAX_ASKED];
    const looked = cut === undefined ? names : names.slice(0, names.indexOf(cut));
    const views = await Promise.all(looked.map((name) => this.#viewOf(name, known.get(name))));
    const fitting = looked.slice(0, fittingOf(views));
    const page = views.slice(0, fitting.length).filter((view) => view !== undefined);
    const last = fitting.at(-1);
    return last === undefined || last === found.at(-1) ? { views: page } : { views: page, last };
  }

  async #viewOf(name: string, summary: Summary | undefined): Promise<string | undefined> {
    if (this.#reports.holds(summary)) return summary.view;
    try {
      return JSON.stringify((await this.#reports.ask(name)).view);
    } catch (error) {
      trouble(`task queue: "${name}" did not say how it is`, error, { queue: name });
      return summary?.view;
    }
  }
}

/** How many of the views fit in a page, one at least. */
function fittingOf(views: readonly (string | undefined)[]): number {
  let size = 0;
  const over = views.findIndex((view = "") => {
    size += view.length;
    return size > MAX_PAGE;
  });
  return over < 0 ? views.length : Math.max(1, over);
}
