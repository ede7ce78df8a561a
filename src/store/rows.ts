// Typed readers of a row's columns. A column that does not hold what its table says is a fault of the
// store itself, so these throw.
import type { Row, SqlValue } from "./sql.ts";

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw wrongType(column, value, "a number");
  return value;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw wrongType(column, value, "a text");
  return value;
}

/** Undefined for NULL, and for a column the query did not ask for. */
export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] == null ? undefined : integer(row, column);
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] == null ? undefined : text(row, column);
}

/** The value of a JSON column; its type is what the one writer of the column puts there. */
export function json<T>(row: Row, column: string): T {
  return JSON.parse(text(row, column)) as T;
}

export function optionalJson<T>(row: Row, column: string): T | undefined {
  return row[column] == null ? undefined : json<T>(row, column);
}

/** A BLOB column, which may also hold text. */
export function optionalBody(row: Row, column: string): string | Uint8Array | undefined {
  const value = row[column];
  if (value == null) return undefined;
  if (typeof value === "number") throw wrongType(column, value, "text or bytes");
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = optionalBody(row, column);
  if (!(value instanceof Uint8Array)) throw wrongType(column, value, "bytes");
  return value;
}

function wrongType(column: string, found: SqlValue | undefined, expected: string): Error {
  return new TypeError(`column ${column}: found ${typeof found}, expected ${expected}`);
}
