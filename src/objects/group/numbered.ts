// Which of its subtasks a master has added, by the numbers it gave them. Calls may arrive in any order, and one
// that failed leaves a gap: numbers are kept as spans, of which there is nearly always one.

/** The numbers `from <= n < to`. */
export type Span = [from: number, to: number];

/** The tasks numbered from `from` on whose numbers are in none of the spans. */
export function unknownOf<T>(tasks: readonly T[], from: number, spans: readonly Span[]): T[] {
  const isKnown = (n: number) => spans.some(([start, end]) => start <= n && n < end);
  return tasks.filter((_, i) => !isKnown(from + i));
}

/** The spans with another one among them, in order; spans that touch are one. */
export function withSpan(spans: readonly Span[], added: Span): Span[] {
  const merged: Span[] = [];
  for (const [from, to] of [...spans, added].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
