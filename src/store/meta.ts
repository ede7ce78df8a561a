// The handful of single values an object remembers about itself, each a JSON document under its key.
// Values are cached as they are read; a rolled-back transaction drops the cache, so what is read
// afterwards is what the rows say.
import { json } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** `Values`: the type of each key's value. */
export class Meta<Values extends object> {
  readonly #sql: Sql;
  readonly #together: readonly (keyof Values & string)[];
  readonly #cache = new Map<keyof Values, unknown>();

  /** `together`: keys that are read by one statement, with the first of them. */
  constructor(sql: Sql, together: readonly (keyof Values & string)[] = []) {
    this.#sql = sql;
    this.#together = together;
  }

  get<K extends keyof Values & string>(key: K): Values[K] | undefined {
    if (!this.#cache.has(key)) this.#read(this.#together.includes(key) ? this.#together : [key]);
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

  #read(keys: readonly (keyof Values & string)[]): void {
    const places = keys.map(() => "?").join(", ");
    const query = `SELECT key, value FROM meta WHERE key IN (${places})`;
    for (const key of keys) this.#cache.set(key, undefined);
    for (const row of this.#sql.rows(query, ...keys))
      this.#cache.set(row.key as keyof Values, json(row, "value"));
  }
}
