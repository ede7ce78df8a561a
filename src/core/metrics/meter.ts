// What an object does that the platform bills, counted along: each count is one addition where it happens.

/** Counts that only grow. */
export interface MeterCounts {
  /** As the SQL cursor counts them, those of indexes among them. */
  rowsWritten: number;
  rowsRead: number;
  /** Alarms that were set, each billed as a row written. */
  alarmsSet: number;
  /** Calls, and runs of the alarm. */
  requests: number;
  /** Milliseconds in which a call or the alarm was under way: together they are one. */
  activeMs: number;
}

export const METER_KINDS = [
  "rowsWritten",
  "rowsRead",
  "alarmsSet",
  "requests",
  "activeMs",
] as const satisfies readonly (keyof MeterCounts)[];

export function noMeter(): MeterCounts {
  return { rowsWritten: 0, rowsRead: 0, alarmsSet: 0, requests: 0, activeMs: 0 };
}

export function sumOfMeters(all: readonly Partial<MeterCounts>[]): MeterCounts {
  const sum = noMeter();
  for (const one of all) for (const kind of METER_KINDS) sum[kind] += one[kind] ?? 0;
  return sum;
}

/** Makes a meter where something is counted; `now` in ms since 1970. */
export type NewMeter = (now: () => number) => Meter;

/** The meter of one object, since its start. */
export class Meter {
  rowsWritten = 0;
  rowsRead = 0;
  alarmsSet = 0;
  requests = 0;
  readonly #now: () => number;
  /** All that was told, and what was told ahead. */
  #told = noMeter();
  #activeMs = 0;
  #open = 0;
  #openAt = 0;

  /** `now` in ms since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A call, or a run of the alarm, has begun. */
  began(): void {
    this.requests++;
    this.stays();
  }

  /** Something keeps the object awake until it has ended, whatever calls do. */
  stays(): void {
    if (this.#open++ === 0) this.#openAt = this.#now();
  }

  ended(): void {
    if (--this.#open === 0) this.#add();
  }

  /** Counts from nothing again. */
  reset(): void {
    this.rowsWritten = 0;
    this.rowsRead = 0;
    this.alarmsSet = 0;
    this.requests = 0;
    this.#told = noMeter();
    this.#activeMs = 0;
    this.#openAt = this.#now();
  }

  counts(): MeterCounts {
    if (this.#open > 0) this.#add();
    const { rowsWritten, rowsRead, alarmsSet, requests } = this;
    return { rowsWritten, rowsRead, alarmsSet, requests, activeMs: this.#activeMs };
  }

  /**
   * Of an object that works for a queue: what is to be told to that now, with a call or answer that goes there anyway.
   * Told once: where that gets lost, so does the count. `ahead`: what follows and is told with it, for by the time of it
   * the object may have ended, and its counts with it.
   */
  untold(ahead: Partial<MeterCounts> = {}): MeterCounts {
    const counts = this.counts();
    const untold = noMeter();
    for (const kind of METER_KINDS) {
      untold[kind] = Math.max(0, counts[kind] + (ahead[kind] ?? 0) - this.#told[kind]);
      this.#told[kind] += untold[kind];
    }
    return untold;
  }

  // A clock that steps back takes nothing away.
  #add(): void {
    const now = this.#now();
    this.#activeMs += Math.max(0, now - this.#openAt);
    this.#openAt = now;
  }
}
