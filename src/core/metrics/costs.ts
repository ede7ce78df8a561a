// What queues use of what the platform bills, and what that comes to at list prices.
import { rfc3339 } from "../task/task-view.ts";
import { type MeterCounts, sumOfMeters } from "./meter.ts";
import { type Billed, billedOf, dollarsOf, INCLUDED, PRICES, pastIncluded } from "./prices.ts";

/** In so much time; dollars at list price, as if nothing were included. */
export interface Usage {
  rowsWritten: number;
  rowsRead: number;
  alarmsSet: number;
  requests: number;
  activeSeconds: number;
  dollars: number;
}

/** What one queue used since it was first counted, and on average in a day and in a month of 30 days. */
export interface QueueCosts extends Usage {
  name: string;
  /** RFC 3339 */
  since: string;
  perDay: Usage;
  perMonth: Usage;
}

export interface Costs {
  /** RFC 3339 */
  now: string;
  queues: QueueCosts[];
  total: Usage & {
    perDay: Usage;
    /** `dollarsPastIncluded`: what is left to pay if the plan's included amounts are used for nothing else. */
    perMonth: Usage & { dollarsPastIncluded: number };
  };
  /** Dollars for each, and when they were looked up. */
  prices: typeof PRICES;
  /** What Workers Paid includes a month. */
  included: Billed;
}

/** A queue's counts, since then (ms since 1970). */
export interface Metered {
  name: string;
  since: number;
  counts: MeterCounts;
}

const DAY_MS = 86_400_000;
const DAYS_A_MONTH = 30;
/** A queue that is younger is taken to be so old: its first seconds are no day's average. */
const LEAST_MS = 60_000;

/** `now` in ms since 1970. */
export function costsOf(metered: readonly Metered[], now: number): Costs {
  const days = metered.map((it) => dayOf(it, now));
  const month = sumOfMeters(days.map((day) => times(day, DAYS_A_MONTH)));
  const dollarsPastIncluded = rounded(dollarsOf(pastIncluded(billedOf(month))));
  return {
    now: rfc3339(now),
    queues: metered.map((it, i) => ofQueue(it, days[i] as MeterCounts)),
    total: {
      ...usageOf(sumOfMeters(metered.map(({ counts }) => counts))),
      perDay: usageOf(sumOfMeters(days)),
      perMonth: { ...usageOf(month), dollarsPastIncluded },
    },
    ...{ prices: PRICES, included: INCLUDED },
  };
}

function ofQueue({ name, since, counts }: Metered, day: MeterCounts): QueueCosts {
  const perMonth = usageOf(times(day, DAYS_A_MONTH));
  return { name, since: rfc3339(since), ...usageOf(counts), perDay: usageOf(day), perMonth };
}

function dayOf({ since, counts }: Metered, now: number): MeterCounts {
  return times(counts, DAY_MS / Math.max(LEAST_MS, now - since));
}

function times(counts: MeterCounts, factor: number): MeterCounts {
  const of = (kind: keyof MeterCounts) => counts[kind] * factor;
  return {
    ...{ rowsWritten: of("rowsWritten"), rowsRead: of("rowsRead"), alarmsSet: of("alarmsSet") },
    ...{ requests: of("requests"), activeMs: of("activeMs") },
  };
}

function usageOf(counts: MeterCounts): Usage {
  const { rowsWritten, rowsRead, alarmsSet, requests, activeMs } = counts;
  const whole = (n: number) => Math.round(n);
  return {
    ...{ rowsWritten: whole(rowsWritten), rowsRead: whole(rowsRead) },
    ...{ alarmsSet: whole(alarmsSet), requests: whole(requests) },
    activeSeconds: Math.round(activeMs) / 1000,
    dollars: rounded(dollarsOf(billedOf(counts))),
  };
}

// To a millionth of a dollar, which is a row.
function rounded(dollars: number): number {
  return Math.round(dollars * 1e6) / 1e6;
}
