// What happened on a queue since it was first counted. Totals never go back: a counter that does is taken for one that
// began anew.
import { Durations, type StoredDurations, sumOfDurations } from "./durations.ts";
import { type GroupCounts, sumOfGroupCounts } from "./group-counts.ts";
import { type MeterCounts, sumOfMeters } from "./meter.ts";
import {
  noTransitions,
  TRANSITION_KINDS,
  type TransitionCounts,
  type TransitionKind,
} from "./transitions.ts";

/** Totals as they are on disk, which is all that is shown of them; times in ms since 1970. */
export interface QueueTotals {
  /** When counting began. */
  since: number;
  steps: TransitionCounts;
  /** How long after its time each attempt, or lease, began. */
  lateness: StoredDurations;
  /** How long each attempt took that was answered. */
  runTime: StoredDurations;
  /** Of its objects, and of others as far as they work for it. */
  meter: MeterCounts;
  /** Absent of a version before. */
  ofGroups?: GroupCounts;
  /** Groups that have tasks on the queue and are not over, as many as are counted. */
  groups?: number;
}

export class Totals {
  readonly since: number;
  readonly #steps: TransitionCounts;
  readonly #lateness: Durations;
  readonly #runTime: Durations;
  #ofGroups: GroupCounts;
  /** Of the object's lives before this one, and of others that work for the queue. */
  #meter: MeterCounts;

  constructor(stored: Partial<QueueTotals> | undefined, now: number) {
    this.since = stored?.since ?? now;
    this.#steps = { ...noTransitions(), ...stored?.steps };
    this.#lateness = new Durations(stored?.lateness);
    this.#runTime = new Durations(stored?.runTime);
    this.#ofGroups = stored?.ofGroups ?? {};
    this.#meter = sumOfMeters(stored?.meter ? [stored.meter] : []);
  }

  count(step: TransitionKind, n: number): void {
    this.#steps[step] += n;
  }

  countOfGroups(counts: GroupCounts): void {
    this.#ofGroups = sumOfGroupCounts([this.#ofGroups, counts]);
  }

  /** Another object has used this for the queue. */
  usedElsewhere(counts: MeterCounts): void {
    this.#meter = sumOfMeters([this.#meter, counts]);
  }

  /** An attempt started `ms` after its time. */
  late(ms: number): void {
    this.#lateness.record(ms);
  }

  /** An attempt was answered after `ms`. */
  ran(ms: number): void {
    this.#runTime.record(ms);
  }

  /** `meter`: what the object has used since its start. */
  toStored(meter: MeterCounts): QueueTotals {
    return {
      since: this.since,
      steps: { ...this.#steps },
      lateness: this.#lateness.toStored(),
      runTime: this.#runTime.toStored(),
      meter: sumOfMeters([this.#meter, meter]),
      ofGroups: this.#ofGroups,
    };
  }
}

/** The totals of several objects as those of one. */
export function sumOfTotals(all: readonly QueueTotals[]): QueueTotals {
  const steps = noTransitions();
  for (const it of all) for (const step of TRANSITION_KINDS) steps[step] += it.steps[step] ?? 0;
  const groups = all.map((it) => it.groups).filter((n) => n !== undefined);
  return {
    since: Math.min(...all.map(({ since }) => since)),
    steps,
    lateness: sumOfDurations(all.map(({ lateness }) => lateness)),
    runTime: sumOfDurations(all.map(({ runTime }) => runTime)),
    meter: sumOfMeters(all.map(({ meter }) => meter)),
    ofGroups: sumOfGroupCounts(all.map(({ ofGroups }) => ofGroups)),
    // Each shard that has tasks of a group knows of it.
    ...(groups.length > 0 && { groups: Math.max(...groups) }),
  };
}
