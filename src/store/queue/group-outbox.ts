// What a queue has to tell the owners of groups: how subtasks ended, and that a master waits. News are
// written in the transaction of what they tell of. Several in one commit get a row of their own, which is
// removed when they are told; one alone goes into the group's last row, which is written anew and need not be
// removed. So either way a subtask's news cost one row here at most.
import type { StoredResult } from "../../core/task/result.ts";
import type { Sql } from "../sql.ts";

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
  /** Of a master's news: when it was added (ms), for another may have its name later. */
  madeAt?: number;
}

/** News of one group, and of which rows they are how many. */
export interface EventBatch {
  group: string;
  entries: Entry[];
  rows: { row: number; count: number }[];
}

interface Open {
  row: number;
  group: string;
  /** Those that were not told. */
  entries: Entry[];
}

/** A row with so many is not written anew. */
const MAX_REWRITTEN = 30;
/** Entries and characters of one row, about; and of one batch. */
const MAX_ROW = { entries: 250, characters: 250_000 };
const MAX_BULLETIN = { entries: 1000, characters: 1_000_000 };

export class News {
  readonly #sql: Sql;
  #rows: Map<number, Open>;
  #fresh: { group: string; entry: Entry }[] = [];
  #last: number;
  #isShared = false;

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
    const groups = Map.groupBy(this.#fresh.splice(0), ({ group }) => group);
    for (const [group, fresh] of groups) {
      const entries = fresh.map(({ entry }) => entry);
      const last = entries.length === 1 ? this.#lastOf(group) : undefined;
      if (last) this.#put({ ...last, entries: [...last.entries, ...entries] });
      else
        for (const page of pagesOf(entries)) this.#put({ row: ++this.#last, group, entries: page });
    }
  }

  /** The transaction is undone: what came in it never was. */
  undo(before: NewsState): void {
    this.#fresh = [];
    this.#rows = before.rows;
    this.#last = before.last;
  }

  saved(): NewsState {
    this.#isShared = true;
    return { rows: this.#rows, last: this.#last };
  }

  /** The oldest news that were not told, for each group as many as one message takes. */
  untold(): EventBatch[] {
    const untold = [...this.#rows.values()].filter(({ entries }) => entries.length > 0);
    return [...Map.groupBy(untold, ({ group }) => group)].map(([group, rows]) => {
      const batch: EventBatch = { group, entries: [], rows: [] };
      let characters = 0;
      for (const { row, entries } of rows) {
        if (batch.entries.length > 0 && characters > MAX_BULLETIN.characters) break;
        if (batch.entries.length + entries.length > MAX_BULLETIN.entries) break;
        batch.entries.push(...entries);
        batch.rows.push({ row, count: entries.length });
        characters += sizeOf(entries);
      }
      return batch;
    });
  }

  hasPending(): boolean {
    for (const { entries } of this.#rows.values()) if (entries.length > 0) return true;
    return false;
  }

  /**
   * The owner has these on disk, and their rows are removed; but the group's last one stays as it is, to be
   * written anew: the owner takes nothing twice, and a row saved is a row less to pay.
   */
  told({ group, rows }: EventBatch): void {
    for (const { row, count } of rows) {
      const known = this.#rows.get(row);
      if (known) this.#keep({ ...known, entries: known.entries.slice(count) });
    }
    this.#removeTold(group);
  }

  /** The group is over, so what was told need not be kept; what was not may yet be its master's. */
  forget(group: string): void {
    for (const { row, group: of, entries } of [...this.#rows.values()]) {
      if (of === group && entries.length === 0) this.#remove(row);
    }
  }

  clear(): void {
    this.#sql.run("DELETE FROM news");
    this.#rows = new Map();
    this.#fresh = [];
  }

  /** The row that one more entry may be written into. */
  #lastOf(group: string): Open | undefined {
    let last: Open | undefined;
    for (const open of this.#rows.values()) if (open.group === group) last = open;
    if (!last || last.entries.length >= MAX_REWRITTEN) return undefined;
    return sizeOf(last.entries) > MAX_ROW.characters / 2 ? undefined : last;
  }

  // From the oldest on: what stays on disk is told again after a start, and must be the end of the story.
  #removeTold(group: string): void {
    const rows = [...this.#rows.values()].filter((open) => open.group === group);
    for (const { row, entries } of rows.slice(0, -1)) {
      if (entries.length > 0) return;
      this.#remove(row);
    }
  }

  #keep(open: Open): void {
    this.#own().set(open.row, open);
  }

  // What `saved` gave out stays as it was.
  #own(): Map<number, Open> {
    if (this.#isShared) this.#rows = new Map(this.#rows);
    this.#isShared = false;
    return this.#rows;
  }

  #put(open: Open): void {
    const { row, group, entries } = open;
    const query = "INSERT OR REPLACE INTO news (row, grp, entries) VALUES (?, ?, ?)";
    this.#sql.run(query, row, group, JSON.stringify(entries));
    this.#keep(open);
  }

  #remove(row: number): void {
    this.#sql.run("DELETE FROM news WHERE row = ?", row);
    this.#own().delete(row);
  }
}

/** What `undo` goes back to. */
export interface NewsState {
  rows: Map<number, Open>;
  last: number;
}

function opened(row: unknown, group: unknown, json: unknown): Open {
  const entries = JSON.parse(json as string) as Entry[];
  return { row: row as number, group: group as string, entries };
}

/** As many as a row or a statement takes to each page. */
export function pagesOf(entries: readonly Entry[]): Entry[][] {
  const pages: Entry[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    characters += entrySize(entry);
    const page = pages.at(-1);
    if (page && page.length < MAX_ROW.entries && characters <= MAX_ROW.characters) page.push(entry);
    else {
      pages.push([entry]);
      characters = entrySize(entry);
    }
  }
  return pages;
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entrySize(entry), 0);
}

function entrySize({ name, result, error }: Entry): number {
  const { text, base64 } = result ?? {};
  return 40 + (name ?? "").length + (text ?? base64 ?? "").length + (error ?? "").length;
}
