// Tables that fit: what is too wide is cut in the widest columns, and the rest stays whole.
import { printable } from "./printable.ts";

export interface Column<T> {
  title: string;
  of: (row: T) => string | number;
  isRight?: true;
}

const GAP = "  ";
const LEAST = 6;

/** Lines, the first with the titles; `width`: columns there are, undefined for any number. */
export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width: number | undefined,
): string[] {
  const cells = rows.map((row) => columns.map(({ of }) => printable(`${of(row)}`)));
  const all = [columns.map(({ title }) => title), ...cells];
  const natural = columns.map((_, i) => Math.max(...all.map((row) => [...(row[i] ?? "")].length)));
  const widths = width === undefined ? natural : fitted(natural, width);
  return all.map((row) => lineOf(row, widths, columns));
}

function lineOf<T>(
  row: readonly string[],
  widths: readonly number[],
  columns: readonly Column<T>[],
): string {
  const padded = row.map((cell, i) => {
    const width = widths[i] as number;
    const text = cutTo(cell, width);
    const space = " ".repeat(width - [...text].length);
    return columns[i]?.isRight ? space + text : text + space;
  });
  return padded.join(GAP).trimEnd();
}

/** The widest give way until all fit, none below what tells anything. */
function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const room = width - GAP.length * (widths.length - 1);
  while (widths.reduce((sum, it) => sum + it, 0) > room) {
    const widest = Math.max(...widths);
    if (widest <= LEAST) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

export function cutTo(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}
