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

/** What was used since counting began, and on average in a day and in a month of 30 days. */
export interface CostsSince extends Usage {
  /** RFC 3339 */
  since: string;
  perDay: Usage;
  perMonth: Usage;
}

/** Of a queue: its objects, and others as far as they work for it. */
export interface QueueCosts extends CostsSince {
  name: string;
}

export interface Costs {
  /** RFC 3339 */
  now: string;
  queues: QueueCosts[];
  /** Of the directory, which is of all queues; absent where only some of them are looked at. */
  directory?: CostsSince;
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

/** Counts since then (ms since 1970). */
export interface CountsSince {
  since: number;
  counts: MeterCounts;
}

export interface Metered extends CountsSince {
  /** The queue's. */
  name: string;
}

const DAY_MS = 86_400_000;
const DAYS_A_MONTH = 30;
/** A queue that is younger is taken to be so old: its first seconds are no day's average. */
const LEAST_MS = 60_000;

/** `now` in ms since 1970. */
export function costsOf(
  metered: readonly Metered[],
  directory: CountsSince | undefined,
  now: number,
): Costs {
  const all = directory ? [...metered, directory] : metered;
  const days = all.map((it) => dayOf(it, now));
  const month = sumOfMeters(days.map((day) => times(day, DAYS_A_MONTH)));
  const dollarsPastIncluded = rounded(dollarsOf(pastIncluded(billedOf(month))));
  return {
    now: rfc3339(now),
    queues: metered.map((it) => ({ name: it.name, ...costsSince(it, now) })),
    ...(directory && { directory: costsSince(directory, now) }),
    total: {
      ...usageOf(sumOfMeters(all.map(({ counts }) => counts))),
      perDay: usageOf(sumOfMeters(days)),
      perMonth: { ...usageOf(month), dollarsPastIncluded },
    },
    ...{ prices: PRICES, included: INCLUDED },
  };
}

function costsSince({ since, counts }: CountsSince, now: number): CostsSince {
  const day = dayOf({ since, counts }, now);
  const perMonth = usageOf(times(day, DAYS_A_MONTH));
  return { since: rfc3339(since), ...usageOf(counts), perDay: usageOf(day), perMonth };
}

function dayOf({ since, counts }: CountsSince, now: number): MeterCounts {
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
