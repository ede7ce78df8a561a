// Cloudflare's list prices for Durable Objects on Workers Paid, past what the plan includes:
// https://developers.cloudflare.com/durable-objects/platform/pricing/

/** Dollars for each. */
export const PRICES = {
  date: "November 2026",
  rowWritten: 1 / 1e6,
  request: 0.15 / 1e6,
};

/** What a million of these cost. An alarm that is set is billed as a row written. */
export function dollarsAMillion(each: { rows: number; alarms: number; requests: number }): number {
  const { rows, alarms, requests } = each;
  return ((rows + alarms) * PRICES.rowWritten + requests * PRICES.request) * 1e6;
}
