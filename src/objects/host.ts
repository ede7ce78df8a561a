// What every Durable Object with storage has: SQLite, a clock, commits and the alarm loop. An alarm lets
// each job do what is due, then the next alarm is armed at the earliest moment any job names.
import { DurableObject } from "cloudflare:workers";
import type { Meter } from "../core/metrics/meter.ts";
import type { Migration } from "../store/migrations.ts";
import { metered, type Sql } from "../store/sql.ts";
import { Tables } from "../store/tables.ts";
import { Commit } from "./commit.ts";
import { afterTurn } from "./event-loop.ts";
import { withoutSqlite } from "./exported.ts";
import { trouble } from "./log.ts";
import { pendingIn } from "./place.ts";
import { type StartedObject, type StoredAlarm, standIn } from "./stand-in.ts";
import { HOLD_MS, Wakeup } from "./wakeup.ts";

/** Something an alarm drives; times in ms since 1970. */
export interface Job {
  /** When time alone gives it something to do, undefined when it does not. */
  nextWakeAt(): number | undefined;
  /** Does what is due. It starts work and does not wait for it. */
  onAlarm(now: number): void;
  /**
   * While work is in flight that a crash would need to find again: the latest time of an alarm that is not
   * held open. Undefined when nothing is in flight.
   */
  watchdogAt?(now: number): number | undefined;
}

/** The wait after a failed turn, in ms. */
export const TURN_RETRY_MS = 1000;

/** The clock, in ms since 1970: the only one there is. */
export function clock(): number {
  return standIn ? standIn.now() : Date.now();
}

/** A random number from 0 to 1. */
export function random(): number {
  return Math.random();
}

export abstract class Host<Env> extends DurableObject<Env> {
  protected readonly sql: Tables;
  protected readonly wakeup: Wakeup;
  protected readonly commit: Commit;
  /** What it uses, where that is counted. */
  protected readonly meter: Meter | undefined;
  readonly #alarm: StoredAlarm;
  #jobs: readonly Job[] = [];
  readonly #retryAt = new Map<Job, number>();
  // Commits of a turn do not arm: the alarm is armed once, at its end.
  #isTurning = false;
  #isGoingOn = false;
  // Calls that have come in, and how many of them before the alarm that fired last.
  #calls = 0;
  #callsBefore = 0;

  /** `migrations`: the tables of the role; `meter`: by which what it uses is counted, calls by `countCalls`. */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    migrations: readonly Migration[],
    meter?: Meter | undefined,
  ) {
    super(ctx, env);
    this.meter = meter;
    this.sql = tablesOf(ctx.storage, migrations, meter);
    this.#alarm = standIn?.alarmOf(this.#seen(), ctx) ?? ctx.storage;
    const wasSet = meter && (() => meter.alarmsSet++);
    this.wakeup = new Wakeup(this.#alarm, () => this.now(), wasSet);
    this.commit = new Commit({ sql: this.sql, now: () => this.now(), nextTurn: afterTurn });
  }

  /** ms since 1970 */
  now(): number {
    return clock();
  }

  /** A random number from 0 to 1. */
  random(): number {
    return random();
  }

  /** Whether a turn may go on while its alarm's handler is open: where every call is counted (`countCalls`). */
  protected get goesOn(): boolean {
    return false;
  }

  /** Throws where no call is taken; asked before each that is counted. */
  protected checkCall(): void {}

  /** What the log calls this object, such as `task queue "mail"`. */
  protected abstract get title(): string;

  /**
   * Called at the end of the constructor: from now on alarms drive these jobs. Does no work by itself; no call is
   * answered before `first` is done.
   */
  protected drive(jobs: readonly Job[], first?: () => Promise<void>): void {
    this.#jobs = jobs;
    void this.ctx.blockConcurrencyWhile(async () => {
      await first?.();
      this.wakeup.recover(await this.#alarm.getAlarm());
      this.#arm(true);
    });
  }

  /** Counts the calls of every method of a class but those of `own`, which callers outside have no use for. */
  protected static countCalls(prototype: Host<unknown>, own: readonly string[]): void {
    const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    for (const [name, { value: method, ...rest }] of methods) {
      if (typeof method !== "function" || own.includes(name)) continue;
      const value = function (this: Host<unknown>, ...args: unknown[]) {
        this.checkCall();
        this.#calls++;
        return this.#metered(method.apply(this, args));
      };
      Object.defineProperty(prototype, name, { ...rest, value });
    }
  }

  /** A call that is counted, or a run of the alarm, has ended. */
  protected callEnded(): void {}

  // What a call does before it first waits takes no time by the platform's clock.
  #metered<T>(called: T): T {
    const { meter } = this;
    if (!meter) return called;
    meter.began();
    Promise.resolve(called).then(this.#answered, this.#ended);
    return called;
  }

  // Made once, not for each call.
  readonly #ended = (): void => {
    this.meter?.ended();
    this.callEnded();
  };

  readonly #answered = (answer: unknown): void => {
    const pending = pendingIn(answer);
    if (pending) pending.then(this.#ended, this.#ended);
    else this.#ended();
  };

  /** Arms the alarm for whatever is next, after anything that changed it. Does not throw. */
  protected arm(): void {
    // Where the alarm is about to fire, or a turn to end, what is next is asked then.
    if (this.#isTurning || this.#isGoingOn || this.wakeup.isDue) return;
    if (this.#mayGoOn) {
      this.#isGoingOn = true;
      queueMicrotask(() => this.#goOn());
    } else this.#arm(false);
  }

  // What starts now is a descendant of the alarm, as if it had started in its turn: nobody has called since, and its
  // handler is open, which the platform runs again after a crash.
  get #mayGoOn(): boolean {
    return this.goesOn && this.wakeup.isHeld && this.#calls === this.#callsBefore;
  }

  #goOn(): void {
    this.#isGoingOn = false;
    const now = this.now();
    const isDue = (job: Job) => (this.#nextOf(job) ?? Number.POSITIVE_INFINITY) <= now;
    if (this.#mayGoOn && this.#jobs.some(isDue)) this.#turnAll();
    this.#arm(false);
  }

  /** Arms an alarm a moment from now, after something could not be written. */
  protected armRetry(): void {
    this.wakeup.by(this.now() + TURN_RETRY_MS);
  }

  /** Arms the alarm anew, should the platform have lost it; a scheduled trigger calls it. */
  async wake(): Promise<void> {
    this.#calls++;
    this.#arm(true);
  }

  // A throw would make the platform try again, and after seven tries drop the alarm for good: it is
  // caught here and the alarm is armed again.
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#metered(this.#fired(info));
  }

  async #fired(info?: AlarmInvocationInfo): Promise<void> {
    this.wakeup.fired(info?.scheduledTime);
    this.#callsBefore = this.#calls;
    this.#turnAll();
    this.#arm(false);
    if (!this.wakeup.isNear() && this.#mayHold()) await this.wakeup.hold();
    this.#arm(true);
  }

  #turnAll(): void {
    this.#isTurning = true;
    for (const job of this.#jobs) this.#turn(job);
    this.#isTurning = false;
  }

  // A job whose turn failed is not due again at once.
  #turn(job: Job): void {
    const now = this.now();
    this.#retryAt.delete(job);
    try {
      job.onAlarm(now);
    } catch (error) {
      trouble(`${this.title}: a turn failed, trying again`, error);
      this.#retryAt.set(job, now + TURN_RETRY_MS);
    }
  }

  // Attempts whose deadline passes while the handler is held open would be cut off late.
  #mayHold(): boolean {
    const now = this.now();
    const watchdogs = this.#watchdogs(now);
    return watchdogs.length > 0 && Math.min(...watchdogs) > now + HOLD_MS;
  }

  #watchdogs(now: number): number[] {
    return this.#jobs.flatMap((job) => job.watchdogAt?.(now) ?? []);
  }

  /** Whether anything is under way that a crash would need to find again. */
  protected get isBusy(): boolean {
    return this.#watchdogs(this.now()).length > 0;
  }

  /** What a test kit sees of it. */
  #seen(): StartedObject {
    const moments = () => this.#jobs.map((job) => job.nextWakeAt() ?? Number.POSITIVE_INFINITY);
    return { isBusy: () => this.isBusy, nextWakeAt: () => Math.min(...moments()) };
  }

  #arm(withWatchdogs: boolean): void {
    // Each earlier one that is set writes a row.
    const next = this.#jobs.flatMap((job) => this.#nextOf(job) ?? []);
    if (next.length > 0) this.wakeup.by(Math.min(...next));
    if (!this.isBusy) this.wakeup.release();
    else if (withWatchdogs) this.wakeup.by(Math.min(...this.#watchdogs(this.now())));
  }

  #nextOf(job: Job): number | undefined {
    try {
      return this.#retryAt.get(job) ?? job.nextWakeAt();
    } catch (error) {
      trouble(`${this.title}: what is next could not be read, trying again`, error);
      return this.now() + TURN_RETRY_MS;
    }
  }
}

// The first statement fails where the class was listed as one without SQLite.
function tablesOf(
  storage: DurableObjectStorage,
  migrations: readonly Migration[],
  meter: Meter | undefined,
): Tables {
  try {
    return new Tables(sqlOf(storage, meter), migrations);
  } catch (error) {
    throw /SQL is not enabled/.test(String(error)) ? new Error(withoutSqlite()) : error;
  }
}

function sqlOf(storage: DurableObjectStorage, meter: Meter | undefined): Sql {
  return {
    rows: (query, ...bindings) => {
      const cursor = storage.sql.exec(query, ...bindings);
      const rows = cursor.toArray();
      if (meter) metered(cursor, meter);
      return rows;
    },
    run: (query, ...bindings) => {
      const cursor = storage.sql.exec(query, ...bindings);
      return meter ? metered(cursor, meter) : cursor.rowsWritten;
    },
    transaction: (work) => storage.transactionSync(work),
    size: () => storage.sql.databaseSize,
  };
}
