// What a task costs, by the list prices that the library itself goes by.
import { PRICES } from "../src/core/metrics/prices.ts";

/** What a million of these cost. An alarm that is set is billed as a row written. */
export function dollarsAMillion(each: { rows: number; alarms: number; requests: number }): number {
  const { rows, alarms, requests } = each;
  return ((rows + alarms) * PRICES.rowWritten + requests * PRICES.request) * 1e6;
}
