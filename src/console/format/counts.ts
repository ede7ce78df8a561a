// Number formatting.

/** `1,234`; from a hundred thousand on `123k`, `1.2M`, `2.5G`. */
export function count(n: number): string {
  if (n < 100_000) return grouped(Math.round(n));
  if (n < 1_000_000) return `${Math.round(n / 1000)}k`;
  if (n < 1_000_000_000) return `${trimmed((n / 1_000_000).toFixed(1))}M`;
  return `${trimmed((n / 1_000_000_000).toFixed(1))}G`;
}

/** With a unit: `1 task`, `12 tasks`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A rate per second: `0.03`, `3.2`, `48`. */
export function perSecond(n: number): string {
  if (n === 0) return "0";
  if (n < 0.095) return trimmed(n.toFixed(2));
  if (n < 9.95) return trimmed(n.toFixed(1));
  return count(n);
}

/** A share as percent, never 100 % or 0 % unless it is exactly that. */
export function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10;
  if (rounded === 100 && share < 1) return "99.9 %";
  if (rounded === 0 && share > 0) return "0.1 %";
  return `${rounded} %`;
}

/** `$0`, `$0.004`, `$1.24`, `$310`. */
export function dollars(n: number): string {
  if (n === 0) return "$0";
  if (n < 0.001) return "<$0.001";
  if (n < 0.1) return `$${n.toFixed(3)}`;
  return n < 100 ? `$${n.toFixed(2)}` : `$${count(n)}`;
}

function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

function trimmed(number: string): string {
  return number.replace(/\.?0+$/, "") || "0";
}
