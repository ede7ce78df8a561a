// The names of all queues that were ever defined or had a task, and for a while those of removed ones.
import type { MeterCounts } from "../../core/metrics/meter.ts";
import { adoptQueues } from "../first-version.ts";
import { Meta } from "../meta.ts";
import { text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import { AuditLog } from "./audit-log.ts";
import { Summaries } from "./summaries.ts";

/** The watchdog's visit to all queues, or to those that need one, as far as it has come. */
export interface Round {
  /** The name of the last queue that was visited. */
  after: string;
  isOfAll: boolean;
}

/** What the directory has used since then (ms since 1970). */
export interface UsedByDirectory {
  since: number;
  counts: MeterCounts;
}

interface DirectoryValues {
  adopted: true;
  round: Round;
  allVisitedAt: number;
  used: UsedByDirectory;
}

export class DirectoryStore {
  readonly meta: Meta<DirectoryValues>;
  readonly summaries: Summaries;
  readonly audit: AuditLog;
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.meta = new Meta(sql);
    this.summaries = new Summaries(sql);
    this.audit = new AuditLog(sql);
  }

  /** Whether it has the names that the first version's directory had. */
  get isAdopted(): boolean {
    return this.meta.get("adopted") ?? false;
  }

  /** Takes over those names, except of queues that were removed or made since. */
  adopt(known: readonly Row[], removed: readonly Row[], now: number): void {
    const standing = known.filter((row) => !this.wasRemoved(text(row, "name"), now));
    const gone = removed.filter((row) => !this.has(text(row, "name")));
    adoptQueues(this.#sql, standing, gone);
    this.meta.set("adopted", true);
  }

  add(queue: string): void {
    this.#sql.run("DELETE FROM removed_queues WHERE name = ?", queue);
    // One that a version without summaries removed may have left its own.
    this.summaries.remove(queue);
    this.#sql.run("INSERT OR IGNORE INTO known_queues (name) VALUES (?)", queue);
  }

  /** Forgets the queue; that it was removed is remembered until `until` (ms since 1970). */
  remove(queue: string, until: number, now: number): void {
    this.#sql.run("DELETE FROM known_queues WHERE name = ?", queue);
    this.summaries.remove(queue);
    this.#sql.run("DELETE FROM removed_queues WHERE until <= ?", now);
    const query = "INSERT OR REPLACE INTO removed_queues (name, until) VALUES (?, ?)";
    this.#sql.run(query, queue, until);
  }

  has(queue: string): boolean {
    return this.#sql.rows("SELECT 1 FROM known_queues WHERE name = ?", queue).length > 0;
  }

  /** Whether the name of a removed queue is remembered at `now`. */
  wasRemoved(queue: string, now: number): boolean {
    const query = "SELECT 1 FROM removed_queues WHERE name = ? AND until > ?";
    return this.#sql.rows(query, queue, now).length > 0;
  }

  /** The first `limit` names after `after`, in their order. */
  after(after: string, limit: number): string[] {
    const query = "SELECT name FROM known_queues WHERE name > ? ORDER BY name LIMIT ?";
    return this.#sql.rows(query, after, limit).map((row) => text(row, "name"));
  }

  /** The same of queues whose summaries do not hold at `now` (ms since 1970). */
  outdatedAfter(after: string, now: number, limit: number): string[] {
    const query = `SELECT k.name FROM known_queues k LEFT JOIN summaries s ON s.name = k.name
      WHERE k.name > ? AND (s.until IS NULL OR s.until <= ?) ORDER BY k.name LIMIT ?`;
    return this.#sql.rows(query, after, now, limit).map((row) => text(row, "name"));
  }

  all(): string[] {
    const rows = this.#sql.rows("SELECT name FROM known_queues ORDER BY name");
    return rows.map((row) => text(row, "name"));
  }
}
