// What the facts of a run come to: a list for each kind of fault, and figures.
import { excess, mostOpen, onward, spansOf } from "./bound.ts";
import { byTimePassed } from "./clocks.ts";
import type { Collector, Noted } from "./collector.ts";
import { CRON_S, type Measured, shapesOf } from "./config.ts";
import { type End, type Ends, endFaults, endsOf } from "./ends.ts";
import { keyFaults } from "./keyed.ts";
import { LEASED_KEYS, leasedKeyFaults } from "./leased-keys.ts";
import { type LeaseFaults, leaseFaults, mayBeAcked } from "./leases.ts";
import type { Ledger } from "./ledger.ts";
import type { Life } from "./plan.ts";
import { RULED } from "./ruled.ts";
import { SHARING, sharedFaults } from "./sharing.ts";
import { type Added, type Cut, type Execution, lagMs, sortAll, type Verdict } from "./sort.ts";
import { idleStretches, missingTicks, type Stretch, type Tick } from "./ticks.ts";
import { TOGETHER } from "./together.ts";

export interface Record {
  lives: readonly Life[];
  /** When each life ended, by the machine's clock, and the latest that its own had shown. */
  ends: readonly number[];
  peaks: readonly number[];
  stretches: readonly Stretch[];
  cuts: readonly Cut[];
  collector: Collector;
  ledger: Ledger;
  failed: ReadonlySet<string>;
  /** What is kept of the queue whose tasks expire. */
  kept: Pick<Ends, "failed" | "expired" | "counted">;
  /** States of the groups that are not done. */
  unfinished: readonly string[];
  recoveries: readonly number[];
  recoveryMs: number;
}

export type Faults = { [kind: string]: string[] };

export function judge(record: Record): { faults: Faults; figures: { [name: string]: number } } {
  const { ledger, collector, recoveries, recoveryMs } = record;
  const ticks = collector.noted.filter(isTick);
  const v = verdictOf(record);
  const leases = leaseFaults(ledger.grants);
  const faults = {
    ...{ lost: v.lost, unexpected: v.unexpected, "duplicates without a reason": v.duplicated },
    ...{ "names twice": v.namedTwice, bound: bounds(record), "in flight": overfull(record) },
    ...keyFaultsOf(record),
    ...leasedKeyFaults(ledger),
    ...sharedFaultsOf(record),
    ...endFaults(endsIn(record)),
    "cut off early": cutEarly(record),
    ...leaseFaultsByName(leases),
    invalid: ledger.invalid,
    groups: [...record.unfinished, ...early(record)],
    ...{ "cron twice": doubleTicks(record, ticks), "cron missing": missing(record, ticks) },
    "recovery late": recoveries.filter((ms) => ms > recoveryMs).map((ms) => `${ms} ms`),
  };
  return { faults, figures: figuresOf(record, v, ticks) };
}

function keyFaultsOf({ collector, ledger, peaks, cuts }: Record) {
  const { noted } = collector;
  return keyFaults({ noted, keyOf: ledger.keyOf, peaks, cuts });
}

function sharedFaultsOf({ collector, lives, peaks }: Record) {
  const { noted } = collector;
  return sharedFaults({ noted, clock: byTimePassed(lives, peaks), lives: lives.length });
}

function endsIn({ collector, kept, ledger }: Record): Ends {
  const executions = collector.noted.filter(({ queue }) => queue === RULED);
  const { added, fates } = ledger;
  return { fates, added, executions, ...kept };
}

const isTick = ({ task }: Noted) => task.startsWith("cron-");

function leaseFaultsByName({ together, back, stale }: LeaseFaults): Faults {
  return { "leased together": together, "leased when acknowledged": back, "stale leases": stale };
}

function verdictOf({ ledger, collector, failed, cuts }: Record): Verdict {
  const pulled = ledger.grants.map(
    ({ id, queue, ackedAt }): Execution => ({
      ...{ id, life: 0, queue, startedAt: ackedAt ?? 0, endedAt: ackedAt ?? 0 },
      // What was answered was on disk.
      ...{ ok: ackedAt !== undefined, ...(ackedAt !== undefined && { writtenAt: ackedAt }) },
    }),
  );
  const executions = [...collector.noted.filter((one) => !isTick(one)), ...pulled];
  const added = [...ledger.added.map((one) => orAcked(one, ledger)), ...lettersOf(collector)];
  return sortAll({ added, executions, failed, redrives: ledger.redrives, cuts });
}

function orAcked(one: Added, { grants }: Ledger): Added {
  return mayBeAcked(grants.filter(({ id }) => id === one.id)) ? { ...one, end: "any" } : one;
}

/** A dead letter runs as a task of its own: once it has arrived it has to be done, or is redriven until it is. */
function lettersOf({ noted }: Collector): Added[] {
  const arrived = noted.flatMap(({ id, failedOn }) => (failedOn === undefined ? [] : [id]));
  return [...new Set(arrived)].map((id): Added => ({ id, answer: "accepted", end: "done" }));
}

function measuredOf({ collector }: Record, queue: Measured, lives: readonly number[]): Noted[] {
  return collector.noted.filter((one) => one.queue === queue && lives.includes(one.life));
}

const MEASURED = ["left", "right", "late", "out", "full"] as const;

/** Lives that share their rates as one, over their restarts and whatever their clocks did. */
function bounds(record: Record): string[] {
  const { lives, peaks, ledger } = record;
  const clock = byTimePassed(lives, peaks, ({ shards }) => shards > 1);
  const stretches = Map.groupBy(lives.keys(), (i) => {
    let from = i;
    while (from > 0 && lives[from - 1]?.isSlow === lives[i]?.isSlow) from--;
    return from;
  });
  return [...stretches].flatMap(([from, members]) =>
    MEASURED.flatMap((queue) => {
      const starts = measuredOf(record, queue, members).filter(
        ({ id }) => !ledger.ranByHand.has(id),
      );
      const shape = shapesOf(lives[from]?.isSlow ?? false)[queue];
      const over = excess(onward(starts.map(clock.stampOf), clock.peaks), shape);
      return over > 0 ? [`${queue}@${from}:+${over}`] : [];
    }),
  );
}

function overfull(record: Record): string[] {
  return record.lives.flatMap(({ isSlow }, life) =>
    MEASURED.flatMap((queue) => {
      const most = mostOpen(spansOf(measuredOf(record, queue, [life])));
      return most > shapesOf(isSlow)[queue].maxRunning ? [`${queue}@${life}:${most}`] : [];
    }),
  );
}

/** Handlers that were told of a deadline that had not passed. */
function cutEarly({ collector }: Record): string[] {
  return collector.noted.flatMap(({ id, turn = 0, deadlineMs = 0, cutReading }) =>
    cutReading !== undefined && cutReading < turn + deadlineMs ? [id] : [],
  );
}

/** Groups whose last task started before its subtasks had ended, or when too many of them had failed. */
function early({ ledger, collector }: Record): string[] {
  const runs = Map.groupBy(collector.noted, ({ id }) => id);
  return ledger.groups.flatMap(({ name, parts, last, mayFail }) => {
    const begun = runs.get(last)?.[0]?.startedAt;
    if (begun === undefined) return [];
    const by = parts.map((id) =>
      (runs.get(id) ?? []).filter(({ endedAt = begun + 1 }) => endedAt <= begun),
    );
    const isOpen = by.some((ended) => !ended.some(({ ok, isFinal }) => ok || isFinal));
    const failed = by.filter((ended) => !ended.some(({ ok }) => ok)).length;
    return isOpen || failed > mayFail ? [`${name}:early`] : [];
  });
}

/** Due times whose task ran again though nothing had cut it off. */
function doubleTicks({ cuts }: Record, ticks: readonly Noted[]): string[] {
  const added = [...new Set(ticks.map(({ task }) => task))].map((id) => {
    return { id, answer: "accepted" as const, end: "done" as const };
  });
  const executions = ticks.map((one) => ({ ...one, id: one.task }));
  const sorted = sortAll({ added, executions, failed: new Set(), redrives: [], cuts });
  return [...sorted.duplicated, ...sorted.lost];
}

function missing(record: Record, ticks: readonly Noted[]): string[] {
  const { collector, ends, stretches, recoveryMs } = record;
  const came = ticks.map(({ task, life }): Tick => ({ due: dueOf(task), life }));
  const dues = new Set(came.map(({ due }) => due));
  const turns = collector.turns.map(({ life, at, from, to }) => {
    return { from, to, livedOnMs: (ends[life] ?? at) - at };
  });
  const everyMs = CRON_S * 1000;
  const skipped = missingTicks(turns, dues, everyMs).map((due) => new Date(due).toISOString());
  const lag = lagMs(collector.noted);
  const idle = idleStretches(stretches, came, everyMs, (life) => recoveryMs + lag(life));
  return [...skipped, ...idle.map(({ life }) => `none in life ${life}`)];
}

/** `cron-tick-2026-11-24T09-00-00Z` */
function dueOf(task: string): number {
  const [, day, h, m, s] = task.match(/(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/) ?? [];
  return Date.parse(`${day}T${h}:${m}:${s}Z`);
}

/** How tasks of that queue have ended. */
function endCounts(record: Record): { [end: string]: number } {
  const ends = [...endsOf(endsIn(record)).values()].flat();
  const count = (of: End) => ends.filter((end) => end === of).length;
  return { expired: count("expired"), replaced: count("replaced") };
}

function figuresOf(record: Record, v: Verdict, ticks: Noted[]) {
  const { ledger, collector, lives, recoveries } = record;
  const sorted = [...recoveries].sort((a, b) => a - b);
  const { noted } = collector;
  const { grants } = ledger;
  return {
    tasks: ledger.added.length,
    executions: noted.length + grants.filter(({ ackedAt }) => ackedAt !== undefined).length,
    ...{ ok: v.ok.length, recovered: v.recovered.length, duplicatesCutOff: v.cutOff.length },
    ...{ duplicatesPastDeadline: v.pastDeadline.length, redriven: v.redriven.length },
    lateAnswers: noted.filter(({ cutAt, endedAt }) => cutAt && endedAt && endedAt > cutAt).length,
    clockJumps: lives.filter(({ jumpMs }) => jumpMs !== 0).length,
    keyed: noted.filter(({ id }) => ledger.keyOf.has(id)).length,
    ...endCounts(record),
    sharing: noted.filter(({ queue }) => (SHARING as readonly string[]).includes(queue)).length,
    together: noted.filter(({ queue }) => queue === TOGETHER).length,
    leases: grants.length,
    leasesWithKeys: grants.filter(({ queue }) => queue === LEASED_KEYS).length,
    staleLeasesTried: grants.reduce((sum, { tried = 0 }) => sum + tried, 0),
    cronTasks: new Set(ticks.map(({ task }) => task)).size,
    recoveryP50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
    recoveryMaxMs: sorted.at(-1) ?? 0,
  };
}
