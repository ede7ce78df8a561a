// The state of a queue of several shards, put together of theirs. The first shard's configuration is the queue's.
import { mergedTimes, type RecentTimesCounts } from "./histogram.ts";
import type { LimitView, QueueView } from "./queue-view.ts";

type Statistics = QueueView["statistics"];

/** The view of one shard, and what its percentiles are of. */
export interface ViewPart {
  view: QueueView;
  lateness: RecentTimesCounts;
  runTime: RecentTimesCounts;
}

/** So many masters that wait are counted. */
const MOST_WAITING = 1001;
/** Parts of a rate that add up to all but this share of it are all of it. */
const ROUNDING = 1e-9;

/** `rate`: tasks per second, as configured; undefined where there is no limit. */
export function mergedView(parts: readonly ViewPart[], rate: number | undefined): QueueView {
  const [first] = parts as [ViewPart];
  const all = parts.map(({ view }) => view.statistics);
  const { bucketSize } = first.view;
  const statistics = {
    ...summed(all),
    states: statesOf(all.map(({ states }) => states)),
    oldestEta: all.reduce<string | null>((min, { oldestEta }) => earlier(min, oldestEta), null),
    lateness: mergedTimes(parts.map(({ lateness }) => lateness)),
    runTime: mergedTimes(parts.map(({ runTime }) => runTime)),
    enforcedRate: rate === undefined ? null : rateOf(all, rate),
    tokens: sumUpTo(bucketSize, all, "tokens"),
  };
  const { limits } = first.view;
  return {
    ...first.view,
    ...(limits && { limits: limits.map((it) => limitOf(it, parts)) }),
    statistics,
  };
}

/** What all shards have of a limit. */
function limitOf(limit: LimitView, parts: readonly ViewPart[]): LimitView {
  const all = parts.flatMap(
    ({ view }) => view.limits?.find(({ name }) => name === limit.name) ?? [],
  );
  const sum = (of: (it: LimitView) => number) => all.reduce((n, it) => n + of(it), 0);
  const tokens = limit.tokens === null ? null : sum((it) => it.tokens ?? 0);
  return { ...limit, inFlight: sum((it) => it.inFlight), tokens };
}

const SUMMED = [
  ...["tasks", "failed", "expired", "executedLastMinute", "addedLastMinute", "startedLastMinute"],
  ...["doneLastMinute", "retriedLastMinute", "failedLastMinute", "expiredLastMinute", "inFlight"],
] as const;

function summed(all: readonly Statistics[]): Pick<Statistics, (typeof SUMMED)[number]> {
  const sums = SUMMED.map((field) => [field, all.reduce((sum, one) => sum + one[field], 0)]);
  return Object.fromEntries(sums);
}

function statesOf(all: readonly Statistics["states"][]): Statistics["states"] {
  const sum = (field: keyof Statistics["states"]) =>
    all.reduce<number | null>(
      (n, { [field]: one }) => (n === null || one === null ? null : n + one),
      0,
    );
  const exact = (field: "running" | "leased" | "waiting" | "failed" | "expired") => sum(field) ?? 0;
  return {
    ...{ scheduled: sum("scheduled"), due: sum("due") },
    ...{ running: exact("running"), leased: exact("leased"), failed: exact("failed") },
    expired: exact("expired"),
    waiting: Math.min(MOST_WAITING, exact("waiting")),
  };
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return Date.parse(a) <= Date.parse(b) ? a : b;
}

function rateOf(all: readonly Statistics[], rate: number): number | null {
  const sum = sumUpTo(rate, all, "enforcedRate");
  return sum !== null && sum >= rate * (1 - ROUNDING) ? rate : sum;
}

function sumUpTo(most: number, all: readonly Statistics[], field: "tokens" | "enforcedRate") {
  if (all.every(({ [field]: one }) => one === null)) return null;
  return Math.min(
    most,
    all.reduce((sum, { [field]: one }) => sum + (one ?? 0), 0),
  );
}
