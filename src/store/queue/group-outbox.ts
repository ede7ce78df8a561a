// Events on their way to groups: how subtasks ended, and that a master is parked. An event is written in
// the transaction of the change it reports. Several in one commit get a row of their own, which is removed
// once they are delivered; a single one goes into the group's last row, which is written again and need
// not be removed. Either way each subtask result costs at most one row here.
import type { StoredResult } from "../../core/task/result.ts";
import { integer, json, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/** The state of a subtask in its group: `open` again when it was redriven. */
export type SubtaskState = "open" | "done" | "failed" | "deleted";

/** An event of a subtask, or with `parked` or `cancel` of a master. */
export interface GroupEvent {
  index?: number;
  state?: SubtaskState;
  /** The subtask's name. */
  name?: string;
  result?: StoredResult;
  error?: string;
  /** The name of a master that waits for the group from now on. */
  parked?: string;
  /** The group is to be cancelled, because the one its master belongs to was. */
  cancel?: true;
  /** Of a master's event: when the master was added (ms), since another may have its name later. */
  madeAt?: number;
  /** Of a subtask that was imported: when its group was made (ms), likewise. */
  made?: number;
}

/** Events of one group, and how many of them each row holds. */
export interface EventBatch {
  group: string;
  events: GroupEvent[];
  rows: { row: number; count: number }[];
}

interface EventRow {
  row: number;
  group: string;
  /** Those that are not delivered. */
  events: GroupEvent[];
}

/** A row with so many events is not written again. */
const MAX_REWRITTEN = 30;
/** Events and characters of one row, and of one batch, approximately. */
const MAX_ROW = { events: 250, characters: 250_000 };
const MAX_BATCH = { events: 1000, characters: 1_000_000 };

export class GroupOutbox {
  readonly #sql: Sql;
  #rows: Map<number, EventRow>;
  #fresh: { group: string; event: GroupEvent }[] = [];
  #last: number;
  #isShared = false;

  constructor(sql: Sql) {
    this.#sql = sql;
    const rows = sql.rows("SELECT row, grp, entries FROM group_events ORDER BY row");
    this.#rows = new Map(rows.map((row) => [integer(row, "row"), outboxRowOf(row)]));
    this.#last = [...this.#rows.keys()].at(-1) ?? 0;
  }

  /** Adds an event; `write` puts the events of this transaction on disk. */
  add(group: string, event: GroupEvent): void {
    this.#fresh.push({ group, event });
  }

  /** Writes the new events, at the end of the transaction they were added in. */
  write(): void {
    if (this.#fresh.length === 0) return;
    const groups = Map.groupBy(this.#fresh.splice(0), ({ group }) => group);
    for (const [group, fresh] of groups) {
      const events = fresh.map(({ event }) => event);
      const last = events.length === 1 ? this.#lastOf(group) : undefined;
      if (last) this.#put({ ...last, events: [...last.events, ...events] });
      else
        for (const page of pagesOf(events)) this.#put({ row: ++this.#last, group, events: page });
    }
  }

  save(): OutboxState {
    this.#isShared = true;
    return { rows: this.#rows, last: this.#last };
  }

  restore(saved: OutboxState): void {
    this.#fresh = [];
    this.#rows = saved.rows;
    this.#last = saved.last;
  }

  /** The groups with pending events. */
  pendingGroups(): Set<string> {
    const groups = new Set<string>();
    for (const { group, events } of this.#rows.values()) if (events.length > 0) groups.add(group);
    return groups;
  }

  hasPending(group: string): boolean {
    for (const row of this.#rows.values()) {
      if (row.group === group && row.events.length > 0) return true;
    }
    return false;
  }

  /** The oldest pending events of a group, as many as one message takes; undefined when there are none. */
  pendingOf(group: string): EventBatch | undefined {
    const batch: EventBatch = { group, events: [], rows: [] };
    let characters = 0;
    for (const { row, group: of, events } of this.#rows.values()) {
      if (of !== group || events.length === 0) continue;
      if (batch.events.length > 0 && characters > MAX_BATCH.characters) break;
      if (batch.events.length + events.length > MAX_BATCH.events) break;
      batch.events.push(...events);
      batch.rows.push({ row, count: events.length });
      characters += sizeOf(events);
    }
    return batch.rows.length > 0 ? batch : undefined;
  }

  /** All pending events of a group, in their order. */
  all(group: string): GroupEvent[] {
    const rows = [...this.#rows.values()].filter((row) => row.group === group);
    return rows.flatMap(({ events }) => events);
  }

  /**
   * The group has these on disk: their rows are removed, except the group's last one, which stays to be
   * written again. The group ignores what it has, and each row not removed is one less to pay for.
   */
  delivered({ group, rows }: EventBatch): void {
    for (const { row, count } of rows) {
      const known = this.#rows.get(row);
      if (known) this.#keep({ ...known, events: known.events.slice(count) });
    }
    this.#removeDelivered(group);
  }

  /** The group is over: delivered events need not be kept; a pending one may be its master's. */
  forget(group: string): void {
    for (const { row, group: of, events } of [...this.#rows.values()]) {
      if (of === group && events.length === 0) this.#remove(row);
    }
  }

  clear(): void {
    this.#sql.run("DELETE FROM group_events");
    this.#rows = new Map();
    this.#fresh = [];
  }

  /** The row that one more event may be written into. */
  #lastOf(group: string): EventRow | undefined {
    let last: EventRow | undefined;
    for (const row of this.#rows.values()) if (row.group === group) last = row;
    if (!last || last.events.length >= MAX_REWRITTEN) return undefined;
    return sizeOf(last.events) > MAX_ROW.characters / 2 ? undefined : last;
  }

  // From the oldest on: what stays on disk is sent again after a start, and must be the latest events.
  #removeDelivered(group: string): void {
    const rows = [...this.#rows.values()].filter((open) => open.group === group);
    for (const { row, events } of rows.slice(0, -1)) {
      if (events.length > 0) return;
      this.#remove(row);
    }
  }

  #keep(open: EventRow): void {
    this.#own().set(open.row, open);
  }

  // What `save` gave out stays as it was.
  #own(): Map<number, EventRow> {
    if (this.#isShared) this.#rows = new Map(this.#rows);
    this.#isShared = false;
    return this.#rows;
  }

  #put(open: EventRow): void {
    const { row, group, events } = open;
    const query = "INSERT OR REPLACE INTO group_events (row, grp, entries) VALUES (?, ?, ?)";
    this.#sql.run(query, row, group, JSON.stringify(events));
    this.#keep(open);
  }

  #remove(row: number): void {
    this.#sql.run("DELETE FROM group_events WHERE row = ?", row);
    this.#own().delete(row);
  }
}

export interface OutboxState {
  rows: Map<number, EventRow>;
  last: number;
}

function outboxRowOf(row: Row): EventRow {
  return {
    row: integer(row, "row"),
    group: text(row, "grp"),
    events: json<StoredEvent[]>(row, "entries").map(eventOf),
  };
}

/** The first version called a parked master's name otherwise. */
type StoredEvent = GroupEvent & { waits?: string };

function eventOf({ waits, ...event }: StoredEvent): GroupEvent {
  return waits === undefined ? event : { ...event, parked: waits };
}

/** As many as a row or a statement takes to each page. */
export function pagesOf(events: readonly GroupEvent[]): GroupEvent[][] {
  const pages: GroupEvent[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const event of events) {
    characters += eventSize(event);
    const page = pages.at(-1);
    if (page && page.length < MAX_ROW.events && characters <= MAX_ROW.characters) page.push(event);
    else {
      pages.push([event]);
      characters = eventSize(event);
    }
  }
  return pages;
}

function sizeOf(events: readonly GroupEvent[]): number {
  return events.reduce((sum, event) => sum + eventSize(event), 0);
}

function eventSize({ name, result, error }: GroupEvent): number {
  const { text, base64 } = result ?? {};
  return 40 + (name ?? "").length + (text ?? base64 ?? "").length + (error ?? "").length;
}
