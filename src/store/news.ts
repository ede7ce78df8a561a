// What a queue has to tell the owners of groups: how subtasks ended, and that a master waits. News are
// written in the transaction of what they tell of, all of one group into one row, and that row is written
// anew with what comes later: so they cost one row for each commit and none to take back.
import type { StoredResult } from "../core/result.ts";
import type { Sql } from "./sql.ts";

/** How a subtask stands: `open` again when it was redriven. */
export type MemberState = "open" | "done" | "failed" | "deleted";

/** A subtask's news, or with `waits` a master's. */
export interface Entry {
  index?: number;
  state?: MemberState;
  /** The subtask's name. */
  name?: string;
  result?: StoredResult;
  error?: string;
  /** The master waits for this group from now on. */
  waits?: string;
  /** The group is to be cancelled, for the one its master belongs to was. */
  cancel?: true;
}

/** News of one group, with the row they lie in. */
export interface Bulletin {
  row: number;
  group: string;
  entries: Entry[];
}

interface Open extends Bulletin {
  /** Characters of its entries, about. */
  size: number;
}

/** A row that has become longer is left, and another begun. */
const MAX_ENTRIES = 250;
const MAX_SIZE = 250_000;

export class News {
  readonly #sql: Sql;
  #rows: Map<number, Open>;
  #fresh: { group: string; entry: Entry }[] = [];
  #last: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    const rows = sql.rows("SELECT row, grp, entries FROM news ORDER BY row");
    this.#rows = new Map(
      rows.map(({ row, grp, entries }) => [row as number, opened(row, grp, entries)]),
    );
    this.#last = (rows.at(-1)?.row as number | undefined) ?? 0;
  }

  /** Takes news down; `write` puts what came in this transaction on disk. */
  add(group: string, entry: Entry): void {
    this.#fresh.push({ group, entry });
  }

  /** Writes what is new, inside the transaction it came in. */
  write(): void {
    if (this.#fresh.length === 0) return;
    const changed = new Map<string, Open>();
    for (const { group, entry } of this.#fresh.splice(0)) {
      const size = entrySize(entry);
      let into = changed.get(group) ?? this.#copyOfLast(group);
      if (!into || into.entries.length >= MAX_ENTRIES || into.size + size > MAX_SIZE) {
        if (into) this.#put(into);
        into = { row: ++this.#last, group, entries: [], size: 0 };
      }
      into.entries.push(entry);
      into.size += size;
      changed.set(group, into);
    }
    for (const bulletin of changed.values()) this.#put(bulletin);
  }

  /** The transaction is undone: what came in it never was. */
  undo(before: NewsState): void {
    this.#fresh = [];
    this.#rows = before.rows;
    this.#last = before.last;
  }

  saved(): NewsState {
    return { rows: this.#rows, last: this.#last };
  }

  /** The oldest news that were not told, of each group one row. */
  untold(): Bulletin[] {
    const first = new Map<string, Bulletin>();
    for (const bulletin of this.#rows.values()) {
      if (bulletin.entries.length > 0 && !first.has(bulletin.group)) {
        first.set(bulletin.group, { ...bulletin, entries: [...bulletin.entries] });
      }
    }
    return [...first.values()];
  }

  hasUntold(): boolean {
    for (const { entries } of this.#rows.values()) if (entries.length > 0) return true;
    return false;
  }

  /**
   * The owner has these on disk. A row that is full is removed; one that may yet be written anew stays as it
   * is, since the owner takes nothing twice and a row saved is a row less to pay.
   */
  told({ row, group, entries }: Bulletin): void {
    const known = this.#rows.get(row);
    if (!known) return;
    const rest = known.entries.slice(entries.length);
    if (rest.length === 0 && this.#isFollowed(row, group)) this.#remove(row);
    else this.#keep({ ...known, entries: rest, size: sizeOf(rest) });
  }

  /** The group is over, so nobody wants its news any more. */
  forget(group: string): void {
    for (const { row, group: of } of [...this.#rows.values()]) if (of === group) this.#remove(row);
  }

  clear(): void {
    this.#sql.run("DELETE FROM news");
    this.#rows = new Map();
    this.#fresh = [];
  }

  #copyOfLast(group: string): Open | undefined {
    let last: Open | undefined;
    for (const open of this.#rows.values()) if (open.group === group) last = open;
    return last && { ...last, entries: [...last.entries] };
  }

  #isFollowed(row: number, group: string): boolean {
    for (const open of this.#rows.values()) if (open.group === group && open.row > row) return true;
    return false;
  }

  // The map is made anew, so that what `saved` gave out stays as it was.
  #keep(open: Open): void {
    this.#rows = new Map(this.#rows).set(open.row, open);
  }

  #put(open: Open): void {
    const { row, group, entries } = open;
    const query = "INSERT OR REPLACE INTO news (row, grp, entries) VALUES (?, ?, ?)";
    this.#sql.run(query, row, group, JSON.stringify(entries));
    this.#keep(open);
  }

  #remove(row: number): void {
    this.#sql.run("DELETE FROM news WHERE row = ?", row);
    const rows = new Map(this.#rows);
    rows.delete(row);
    this.#rows = rows;
  }
}

/** What `undo` goes back to. */
export interface NewsState {
  rows: Map<number, Open>;
  last: number;
}

function opened(row: unknown, group: unknown, json: unknown): Open {
  const entries = JSON.parse(json as string) as Entry[];
  return { row: row as number, group: group as string, entries, size: sizeOf(entries) };
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entrySize(entry), 0);
}

function entrySize({ name, result, error }: Entry): number {
  const { text, base64 } = result ?? {};
  return 40 + (name ?? "").length + (text ?? base64 ?? "").length + (error ?? "").length;
}
