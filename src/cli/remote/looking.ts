// How far a command is that goes through a queue's tasks. Of a search it is said at the end too how many were looked at.
import type { RemoteQueue } from "../../remote/index.ts";
import type { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Filters, Looked } from "./filters.ts";
import type { Remote } from "./queues-of.ts";

/** `what`: of what is no search; without it nothing is shown of that. */
export async function lookingAt(
  { terminal, signal }: Remote,
  queue: RemoteQueue,
  filters: Filters,
  what?: string,
): Promise<Looking> {
  if (!filters.isSearch) return new Looking(terminal, what && terminal.progress(what));
  const { state } = filters.query;
  const { tasks, states } = (await queue.describe({ signal })).statistics;
  const total = state === "failed" || state === "expired" ? states[state] : tasks;
  return new Looking(terminal, terminal.progress("looked at", total), true);
}

export class Looking {
  readonly #terminal: Terminal;
  readonly #progress: Progress | undefined;
  readonly #isSearch: boolean;
  #looked = 0;

  constructor(terminal: Terminal, progress: Progress | "" | undefined, isSearch = false) {
    this.#terminal = terminal;
    this.#progress = progress || undefined;
    this.#isSearch = isSearch;
  }

  add({ looked, tasks }: Looked): void {
    this.#looked += looked;
    this.#progress?.add(this.#isSearch ? looked : tasks.length);
  }

  /** Before anything else is printed. */
  clear(): void {
    this.#progress?.end();
  }

  /** `isWhole`: whether it went through all of them. */
  end(isWhole = true): void {
    this.clear();
    if (!this.#isSearch) return;
    const count = this.#looked.toLocaleString("en-US");
    this.#terminal.note(`looked at ${count} tasks${isWhole ? "" : "; more may match"}`);
  }
}
