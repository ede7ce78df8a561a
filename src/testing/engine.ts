// Time that passes for all objects at once.
import type { Callee } from "../objects/stand-in.ts";
import { realNow } from "./fake-date.ts";
import { type Alarms, fireInOrder, untilQuiet } from "./order.ts";
import type { ObjectMoment, Stage } from "./stage.ts";

/** An object as the kit enters it. */
export interface EnteredObject {
  alarm(): Promise<void>;
  /** Ends the alarms that are held open for attempts. */
  wakeup: { release(): void };
}

/** Runs work inside an object, in its own invocation. */
export type Enter = <R>(
  object: Callee,
  work: (instance: EnteredObject, ctx: DurableObjectState) => R | Promise<R>,
) => Promise<R>;

/** Objects that have alarms. */
const ENTERED = new Set(["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory"]);

/** Real time, in ms, after which a test hears what it waits for. */
const WARN_MS = 3_000;

export class Engine implements Alarms<ObjectMoment> {
  readonly stage: Stage;
  readonly #enter: Enter;

  constructor(stage: Stage, enter: Enter) {
    this.stage = stage;
    this.#enter = enter;
  }

  /** Moves the clock to `end` (ms since 1970), and fires what is due on the way. */
  async passTo(end: number): Promise<void> {
    await fireInOrder(this, end);
    this.stage.moveTo(end);
  }

  next(): ObjectMoment | undefined {
    return this.stage.next();
  }

  reach({ at, object }: ObjectMoment): void {
    this.stage.moveTo(at);
    if (object !== undefined) this.fire(object);
  }

  /** Fires the object's alarm. What it starts goes on. */
  fire(id: string): void {
    const object = this.stage.objects.get(id);
    this.stage.fired(id);
    if (!object) return;
    const fired = this.stage.during({ callee: object, method: "alarm" }, () =>
      this.#enter(object, async (instance, { storage }) => {
        if ((await storage.getAlarm()) === null) return;
        await storage.deleteAlarm();
        await instance.alarm();
      }),
    );
    // Objects catch what goes wrong in their alarms: only one that has ended breaks this.
    fired.catch(() => {});
  }

  /** When the object has something to do by itself (ms since 1970), infinite when it does not. */
  async nextWakeAt(id: string): Promise<number> {
    const object = this.stage.objects.get(id);
    const read = () => this.stage.started(id)?.nextWakeAt() ?? Number.POSITIVE_INFINITY;
    return object ? this.#enter(object, read) : Number.POSITIVE_INFINITY;
  }

  /** Waits until nothing is under way; no more than so many turns of the event loop, if that is given. */
  async settled(patience = Number.POSITIVE_INFINITY): Promise<void> {
    const warning = new Warning(() => this.stage.underWay());
    let busyTurns = 0;
    await untilQuiet(async () => {
      if (this.stage.isHung) await this.#releaseAlarms();
      if (!this.stage.isBusy || busyTurns >= patience) return false;
      warning.look();
      if (++busyTurns % WAKE_EVERY === 0) this.#wake();
      return true;
    });
  }

  // One that a test has ended says so when it starts again.
  #wake(): void {
    for (const object of this.stage.objects.values()) {
      if (ENTERED.has(object.className)) this.#enter(object, () => {}).catch(() => {});
    }
  }

  // An alarm is held open as long as an attempt runs, and this one goes on until the clock moves.
  async #releaseAlarms(): Promise<void> {
    const queues = [...this.stage.objects.values()].filter((o) => o.className === "TaskQueue");
    const release = ({ wakeup }: EnteredObject) => wakeup.release();
    await Promise.all(queues.map((object) => this.#enter(object, release)));
  }
}

/** Turns of waiting after which it is looked whether somebody has ended that is waited for. */
const WAKE_EVERY = 200;

/** Says once what is waited for, when it takes long. */
class Warning {
  readonly #what: () => string[];
  #at = realNow() + WARN_MS;

  constructor(what: () => string[]) {
    this.#what = what;
  }

  look(): void {
    if (realNow() < this.#at) return;
    this.#at = Number.POSITIVE_INFINITY;
    console.warn(`task queues: still waiting, since ${this.#what().join(", ") || "work goes on"}`);
  }
}
