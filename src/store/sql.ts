// The narrow door to SQLite: all that the store asks of it. A Durable Object's storage fits behind it,
// and so does any other SQLite, which is how the store is tested against a model in milliseconds.

export type SqlValue = string | number | null | ArrayBuffer | Uint8Array;
export type Row = Record<string, SqlValue>;

export interface Sql {
  /** Runs one statement; the rows come lazily, and must be read before anything else is awaited. */
  exec(query: string, ...bindings: SqlValue[]): Iterable<Row> & { readonly rowsWritten: number };
  /** All of `work` or nothing of it: a throw undoes its writes. No await inside. */
  transaction<T>(work: () => T): T;
  /** Bytes the database takes on disk, free pages not counted. */
  size(): number;
}

export function firstRow(rows: Iterable<Row>): Row | undefined {
  for (const row of rows) return row;
  return undefined;
}
