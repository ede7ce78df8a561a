// The handful of single values an object remembers about itself, each a JSON document under its key.
// Values are cached as they are read; a rolled-back transaction drops the cache, so what is read
// afterwards is what the rows say.
import { json } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** `Values`: the type of each key's value. */
export class Meta<Values extends object> {
  readonly #sql: Sql;
  readonly #cache = new Map<keyof Values, unknown>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get<K extends keyof Values & string>(key: K): Values[K] | undefined {
    if (!this.#cache.has(key)) this.#cache.set(key, this.#read(key));
    return this.#cache.get(key) as Values[K] | undefined;
  }

  set<K extends keyof Values & string>(key: K, value: Values[K]): void {
    const query = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)";
    this.#sql.run(query, key, JSON.stringify(value));
    this.#cache.set(key, value);
  }

  clear(key: keyof Values & string): void {
    this.#sql.run("DELETE FROM meta WHERE key = ?", key);
    this.#cache.set(key, undefined);
  }

  /** Clears all values; the schema's version stays. */
  clearAll(): void {
    this.clearBut();
  }

  /** Clears all values but those of `keys`. */
  clearBut(...keys: readonly (keyof Values & string)[]): void {
    const query = "DELETE FROM meta WHERE key NOT IN (SELECT value FROM json_each(?))";
    this.#sql.run(query, JSON.stringify(["schema", ...keys]));
    for (const key of this.#cache.keys()) {
      if (!keys.includes(key as keyof Values & string)) this.#cache.set(key, undefined);
    }
  }

  save(): void {}

  restore(): void {
    this.#cache.clear();
  }

  #read(key: string): unknown {
    const [row] = this.#sql.rows("SELECT value FROM meta WHERE key = ?", key);
    return row && json(row, "value");
  }
}
