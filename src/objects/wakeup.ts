// The object's one alarm. It is derived from the rows, never the other way round: whoever changes what
// is next calls `by`, and the alarm only ever moves earlier until it has fired.
//
// The wake-up invariant: while there is work that time alone can start, an alarm is stored no later than
// its moment; and while an attempt is in flight, an alarm handler is open (the platform runs it again
// after a crash) or an alarm is stored within WATCHDOG_MS. The platform's traps this guards against:
//  - an alarm set to exactly the running alarm's time is silently lost: times strictly increase;
//  - an alarm set while a handler is open fires only when that handler has returned: `by` ends a hold;
//  - after seven throws an alarm is dropped for good: what is caught in the handler is armed again here;
//  - getAlarm() may answer a past time that never fires: a time long past counts as none;
//  - a deploy can end an object between two lines: the constructor calls `recover` on every start.

import { afterAlarm, USUAL_LATE_MS } from "../core/dispatch/lateness.ts";
import { trouble } from "./log.ts";

/** A stored alarm within this of now counts as prompt enough for attempts in flight. */
export const WATCHDOG_MS = 30_000;

/** An alarm handler stays open no longer than this: the platform's own limit is 15 minutes. */
export const HOLD_MS = 10_000;

const STALE_MS = 5_000;
const SET_AGAIN_MS = 1_000;

/** The part of a Durable Object's storage an alarm needs. */
export interface AlarmStorage {
  setAlarm(at: number): Promise<void>;
}

export class Wakeup {
  readonly #storage: AlarmStorage;
  readonly #now: () => number;
  readonly #wasSet: (() => void) | undefined;
  #armed = Number.POSITIVE_INFINITY;
  #lastFired = 0;
  // What this object set itself: one that was set before it started says nothing of its lateness.
  #setFor: number | undefined;
  #late = USUAL_LATE_MS;
  #endHold: (() => void) | undefined;

  /** `wasSet` is called with each alarm that is set. */
  constructor(storage: AlarmStorage, now: () => number, wasSet?: (() => void) | undefined) {
    this.#storage = storage;
    this.#now = now;
    this.#wasSet = wasSet;
  }

  /** On start: `stored` is what getAlarm() answered. */
  recover(stored: number | null): void {
    if (stored !== null) this.#armed = stored;
  }

  /** The alarm has fired, so none is stored now; `scheduledTime` (ms) is what it was set for. */
  fired(scheduledTime: number | undefined): void {
    const now = this.#now();
    if (this.#setFor !== undefined) this.#late = afterAlarm(this.#late, now - this.#setFor);
    this.#setFor = undefined;
    this.#lastFired = Math.max(this.#lastFired, scheduledTime ?? Math.min(this.#armed, now));
    this.#armed = Number.POSITIVE_INFINITY;
  }

  /** How late alarms come, in ms. */
  get late(): number {
    return this.#late;
  }

  /** When the stored alarm fires (ms since 1970), infinite if none is stored. */
  get nextAt(): number {
    return this.#armed;
  }

  /** Makes sure that the object wakes no later than `at` (ms), or as soon as it can. */
  by(at: number): void {
    const now = this.#now();
    const next = Math.max(Math.ceil(at), now, this.#lastFired + 1);
    if (next >= this.#armed && !this.#isStale(now)) return;
    this.#armed = next;
    this.#setFor = next;
    this.#set(next);
    if (this.isNear()) this.release();
  }

  /** Whether the stored alarm's moment has come, so that no other could be earlier. */
  get isDue(): boolean {
    const now = this.#now();
    return this.#armed <= now && !this.#isStale(now);
  }

  #isStale(now: number): boolean {
    return this.#armed < now - STALE_MS;
  }

  /** Whether an alarm is stored soon enough to watch over attempts in flight. */
  isNear(): boolean {
    return this.#armed <= this.#now() + WATCHDOG_MS;
  }

  /** Whether an alarm handler is kept open. */
  get isHeld(): boolean {
    return this.#endHold !== undefined;
  }

  /** Keeps an alarm handler open until a near alarm is armed, `release` is called, or 10 s are over. */
  async hold(): Promise<void> {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#endHold = resolve;
    const timer = setTimeout(resolve, HOLD_MS);
    await ended;
    clearTimeout(timer);
    this.#endHold = undefined;
  }

  release(): void {
    this.#endHold?.();
  }

  // A write that fails normally resets the whole object. Should it fail alone, the rows must not be
  // left without an alarm.
  #set(at: number): void {
    const again = (error: unknown) => {
      trouble("task queue: the alarm could not be set, trying again", error);
      if (this.#armed === at) this.#armed = Number.POSITIVE_INFINITY;
      setTimeout(() => this.by(at), SET_AGAIN_MS);
    };
    try {
      this.#storage.setAlarm(at).catch(again);
      this.#wasSet?.();
    } catch (error) {
      again(error);
    }
  }
}
