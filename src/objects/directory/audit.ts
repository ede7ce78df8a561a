// The audit, as the directory keeps it: each act is noted before it is done, and how it ended afterwards.
import type { Act } from "../../core/audit.ts";
import type { ActEnd, AuditLog } from "../../store/directory/audit-log.ts";
import type { Commit } from "../commit.ts";

export interface AuditDeps {
  log: AuditLog;
  commit: Commit;
  /** ms since 1970 */
  now: () => number;
}

/** So long the same acts of the same person on the same queue share an entry. */
const SHARED_MS = 60_000;
/** More than so many at a time are forgotten, and begin entries of their own. */
const MOST_SHARED = 200;

interface Shared {
  id: number;
  at: number;
  name: string | undefined;
}

export class Audit {
  readonly #deps: AuditDeps;
  readonly #shared = new Map<string, Shared>();

  constructor(deps: AuditDeps) {
    this.#deps = deps;
  }

  /** An act begins; the number of its entry. */
  begin(act: Act): number {
    const { log, commit, now: clock } = this.#deps;
    const now = clock();
    if (act.isLong) return commit.run(() => log.add(act, now));
    const key = JSON.stringify([act.who, act.what, act.queue]);
    const shared = this.#shared.get(key);
    const isOpen = shared !== undefined && now < shared.at + SHARED_MS;
    if (isOpen && commit.run(() => log.addTo(shared.id, shared.name === act.name))) {
      if (shared.name !== act.name) shared.name = undefined;
      return shared.id;
    }
    const id = commit.run(() => log.add(act, now));
    if (this.#shared.size >= MOST_SHARED) this.#shared.clear();
    this.#shared.set(key, { id, at: now, name: act.name });
    return id;
  }

  end(id: number, end: ActEnd): void {
    this.#deps.commit.run(() => this.#deps.log.end(id, end));
  }
}
