// What lines of tasks, and keys, need on disk: columns, an index and tables, made with the first task in a line, so that
// queues without have nothing of them.
import type { Sql } from "../sql.ts";
import type { QueueMeta } from "./queue-meta.ts";

export class LineTables {
  readonly #sql: Sql;
  readonly #meta: QueueMeta;

  constructor(sql: Sql, meta: QueueMeta) {
    this.#sql = sql;
    this.#meta = meta;
  }

  /** Whether there ever was a task in a line. */
  get exist(): boolean {
    return this.#meta.get("lines") ?? false;
  }

  /** Whether a task waits in one now. */
  get areUsed(): boolean {
    if (!this.exist) return false;
    return this.#sql.rows("SELECT 1 FROM tasks WHERE line IS NOT NULL LIMIT 1").length > 0;
  }

  /** Inside a commit, before the first task is put in a line. */
  make(): void {
    if (this.exist) return;
    this.#meta.set("lines", true);
    const made = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'lines'";
    // What a queue knew is forgotten when it is removed; its tables stay.
    if (this.#sql.rows(made).length > 0) return;
    this.#sql.run("ALTER TABLE tasks ADD COLUMN line TEXT");
    this.#sql.run("ALTER TABLE tasks ADD COLUMN priority INTEGER");
    this.#sql.run("CREATE INDEX lines ON tasks (line, priority) WHERE line IS NOT NULL");
    this.#sql.run("CREATE TABLE key_levels (row INTEGER PRIMARY KEY, levels TEXT NOT NULL)");
    this.#sql.run(
      "CREATE TABLE key_limits (key TEXT PRIMARY KEY, limits TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  /** Whether leased tasks that have keys are found without looking through all others. */
  get haveLeases(): boolean {
    return this.exist && (this.#meta.get("leases") ?? false);
  }

  /** Inside a commit, before the first task with a key is leased. */
  makeLeases(): void {
    if (this.haveLeases || !this.exist) return;
    this.#meta.set("leases", true);
    this.#sql.run(
      `CREATE INDEX IF NOT EXISTS leases ON tasks (line) WHERE line > '' AND lease IS NOT NULL`,
    );
  }

  /** Nothing is kept of keys any more. */
  clear(): void {
    if (!this.exist) return;
    this.#sql.run("DELETE FROM key_levels");
    this.#sql.run("DELETE FROM key_limits");
  }
}
