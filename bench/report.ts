// What a part of the benchmark gives back, and how that is printed: as text for a terminal, or in Markdown.

export interface Table {
  title: string;
  /** The first is the rows' heads. */
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A figure and what it has to be. Only figures that say the same on any machine have one. */
export interface Bar {
  what: string;
  found: number;
  atLeast?: number;
  atMost?: number;
  unit?: string;
}

export interface Report {
  tables: readonly Table[];
  bars: readonly Bar[];
}

export function isHeld({ found, atLeast, atMost }: Bar): boolean {
  return (atLeast === undefined || found >= atLeast) && (atMost === undefined || found <= atMost);
}

/** All bars as one table. */
export function tableOf(bars: readonly Bar[]): Table {
  return { title: "Bars", columns: ["", "target", "found", ""], rows: bars.map(rowOf) };
}

function rowOf(bar: Bar): string[] {
  const { what, found, atLeast, atMost, unit } = bar;
  const said = (value: number) => (unit ? `${value} ${unit}` : String(value));
  const target =
    atLeast === undefined ? `at most ${said(atMost ?? 0)}` : `at least ${said(atLeast)}`;
  return [what, target, said(Number(found.toFixed(2))), isHeld(bar) ? "held" : "MISSED"];
}

export function asText({ title, columns, rows }: Table): string {
  const widths = columns.map((_, i) => Math.max(...[columns, ...rows].map((row) => width(row, i))));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i > 0 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
  return [title, ...[columns, ...rows].map((row) => line(row).join("  ").trimEnd())].join("\n");
}

export function asMarkdown({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map((_, i) => (i > 0 ? "---:" : "---"));
  return [`**${title}**`, "", line(columns), line(rule), ...rows.map(line)].join("\n");
}

function width(row: readonly string[], i: number): number {
  return row[i]?.length ?? 0;
}
