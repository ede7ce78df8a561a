// An RFC 3339 text as an instant. Which of its forms are taken is each door's own matter.

/** ms since 1970; NaN for a day that its month does not have, and for 24:00, which RFC 3339 does not have. */
export function parseInstant(text: string): number {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  const isOfMonth = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  // Date.parse takes the 30th of February for the 2nd of March, and 24:00 for the next midnight.
  return isOfMonth && text.slice(11, 13) < "24" ? Date.parse(text) : Number.NaN;
}
