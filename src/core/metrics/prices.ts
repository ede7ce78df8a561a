// Cloudflare's list prices for Durable Objects with SQLite on Workers Paid, and what the plan includes a month:
// https://developers.cloudflare.com/durable-objects/platform/pricing/
import type { MeterCounts } from "./meter.ts";

/** Dollars for each, past what is included. */
export const PRICES = {
  date: "November 2026",
  /** An alarm that is set is one too. */
  rowWritten: 1 / 1e6,
  rowRead: 0.001 / 1e6,
  request: 0.15 / 1e6,
  gbSecond: 12.5 / 1e6,
} as const;

/** What the plan includes a month, for all objects of the account together. */
export const INCLUDED = {
  rowsWritten: 50e6,
  rowsRead: 25e9,
  requests: 1e6,
  gbSeconds: 400_000,
} as const;

/** An object that is awake is billed 128 MB, whatever it uses. */
export const GB_OF_AN_OBJECT = 0.128;

/** What the platform bills, in its units. */
export type Billed = Record<keyof typeof INCLUDED, number>;

export function billedOf(counts: MeterCounts): Billed {
  return {
    rowsWritten: counts.rowsWritten + counts.alarmsSet,
    rowsRead: counts.rowsRead,
    requests: counts.requests,
    gbSeconds: (counts.activeMs / 1000) * GB_OF_AN_OBJECT,
  };
}

/** Dollars at list price, nothing included. */
export function dollarsOf({ rowsWritten, rowsRead, requests, gbSeconds }: Billed): number {
  return (
    rowsWritten * PRICES.rowWritten +
    rowsRead * PRICES.rowRead +
    requests * PRICES.request +
    gbSeconds * PRICES.gbSecond
  );
}

/** What of a month's is past what is included. */
export function pastIncluded(month: Billed): Billed {
  const past = (of: keyof Billed) => Math.max(0, month[of] - INCLUDED[of]);
  return {
    rowsWritten: past("rowsWritten"),
    rowsRead: past("rowsRead"),
    requests: past("requests"),
    gbSeconds: past("gbSeconds"),
  };
}
