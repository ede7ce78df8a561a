// The names of all queues that ever had a task, and for a while those of removed ones, in the one object that keeps them.
import type { Sql } from "../sql.ts";

export class Directory {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(queue: string): void {
    this.#sql.run("DELETE FROM removed_queues WHERE name = ?", queue);
    this.#sql.run("INSERT OR IGNORE INTO known_queues (name) VALUES (?)", queue);
  }

  /** Forgets the queue, but for its name, until `until` (ms since 1970). */
  remove(queue: string, until: number, now: number): void {
    this.#sql.run("DELETE FROM known_queues WHERE name = ?", queue);
    this.#sql.run("DELETE FROM removed_queues WHERE until <= ?", now);
    this.#sql.run(
      "INSERT OR REPLACE INTO removed_queues (name, until) VALUES (?, ?)",
      queue,
      until,
    );
  }

  /** Whether the name of a removed queue is remembered at `now`. */
  wasRemoved(queue: string, now: number): boolean {
    const query = "SELECT 1 FROM removed_queues WHERE name = ? AND until > ?";
    return this.#sql.rows(query, queue, now).length > 0;
  }

  all(): string[] {
    return this.#sql
      .rows("SELECT name FROM known_queues ORDER BY name")
      .map(({ name }) => name as string);
  }
}
