// The narrow door to SQLite: all that the store asks of it. A Durable Object's storage fits behind it,
// and so does any other SQLite, which is how the store is tested against a model in milliseconds.

export type SqlValue = string | number | null | ArrayBuffer | Uint8Array;
export type Row = Record<string, SqlValue>;

export interface Sql {
  /** Every row of a query at once: a cursor left half read slows each later statement until it is collected. */
  rows(query: string, ...bindings: SqlValue[]): Row[];
  /** Runs a statement that gives no rows; how many it wrote, those of indexes among them. */
  run(query: string, ...bindings: SqlValue[]): number;
  /** All of `work` or nothing of it: a throw undoes its writes. No await inside. */
  transaction<T>(work: () => T): T;
  /** Bytes the database takes on disk, free pages not counted. */
  size(): number;
}

/** What a statement says of itself once it is through, and where that is counted. */
type Counted = Record<"rowsWritten" | "rowsRead", number>;

/** Adds what a statement wrote and read to the meter; the rows it wrote. */
export function metered({ rowsWritten, rowsRead }: Readonly<Counted>, meter: Counted): number {
  meter.rowsWritten += rowsWritten;
  meter.rowsRead += rowsRead;
  return rowsWritten;
}
