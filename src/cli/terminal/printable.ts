// What others wrote, for a terminal, which would take control characters for orders.

/** On one line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (it) => (it === "\n" || it === "\t" ? " " : "\ufffd"));
}

/** Controls, ends of lines and paragraphs, and what turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** How long that is, in its largest unit: 90 s are "1.5m". */
export function duration(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const;
  const [unit, length] = units.find(([, it]) => seconds >= it) ?? ["s", 1];
  return `${Math.round((seconds / length) * 10) / 10}${unit}`;
}
