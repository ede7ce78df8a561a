// The notations of queue.yaml: rates (5/m), durations (2.5h) and sizes (1.5G), with App Engine's grammar and
// rounding. Each function expects text that its pattern matched.

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const BYTES: Record<string, number> = {
  B: 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** `0`, or digits with an optional fraction per s, m, h or d. */
export const RATE = /^(0|[0-9]+(\.[0-9]*)?\/[smhd])$/;

/** A rate, or the word for having no limit. */
export const RATE_OR_NONE = /^(none|0|[0-9]+(\.[0-9]*)?\/[smhd])$/;

/** "5/m" -> 0.0833...: tokens per second; "none" -> Infinity. */
export function perSecond(rate: string): number {
  if (rate === "none") return Number.POSITIVE_INFINITY;
  const [amount, unit = "s"] = rate.split("/");
  return Number(amount) / (SECONDS[unit] ?? Number.NaN);
}

/** A decimal number, exponents allowed, and exactly one of s, m, h, d: a bare number is no duration. */
export const DURATION = /^([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[smhd]$/;

/** "2.5h" -> 9000: whole seconds, the rest cut off. */
export function seconds(duration: string): number {
  return Math.trunc(Number(duration.slice(0, -1)) * (SECONDS[duration.slice(-1)] ?? Number.NaN));
}

/** Bytes as a whole number, or any number with one of B, K, M, G, T. */
export const SIZE = /^([0-9]+|[0-9]+(\.[0-9]*)?[BKMGT])$/;

/** "1.5G" -> 1610612736: bytes, suffixes being powers of 1024, the rest cut off. */
export function bytes(size: string): number {
  const unit = BYTES[size.slice(-1)];
  return unit === undefined ? Number(size) : Math.trunc(Number(size.slice(0, -1)) * unit);
}
