// The names of all queues that ever had a task, in the one object that keeps them.
import type { Sql } from "./sql.ts";

export class Directory {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(queue: string): void {
    this.#sql.run("INSERT OR IGNORE INTO known_queues (name) VALUES (?)", queue);
  }

  remove(queue: string): void {
    this.#sql.run("DELETE FROM known_queues WHERE name = ?", queue);
  }

  all(): string[] {
    return this.#sql
      .rows("SELECT name FROM known_queues ORDER BY name")
      .map(({ name }) => name as string);
  }
}
