// The names of all queues that were ever defined or had a task, and for a while those of removed ones.
import { adoptQueues } from "../first-version.ts";
import { Meta } from "../meta.ts";
import { text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

export class DirectoryStore {
  readonly meta: Meta<{ adopted: true }>;
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.meta = new Meta(sql);
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
    this.#sql.run("INSERT OR IGNORE INTO known_queues (name) VALUES (?)", queue);
  }

  /** Forgets the queue; that it was removed is remembered until `until` (ms since 1970). */
  remove(queue: string, until: number, now: number): void {
    this.#sql.run("DELETE FROM known_queues WHERE name = ?", queue);
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

  all(): string[] {
    const rows = this.#sql.rows("SELECT name FROM known_queues ORDER BY name");
    return rows.map((row) => text(row, "name"));
  }
}
