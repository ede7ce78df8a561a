// Time that passes for all objects at once: their alarms fire in the order of their times, and nothing moves on
// before what an alarm has started is settled. No real time decides anything.
import type { Callee } from "../objects/stand-in.ts";
import { realNow } from "./fake-date.ts";
import type { Moment, Stage } from "./stage.ts";

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

/** Turns of the event loop without anything under way, after which nothing is. */
const QUIET_TURNS = 3;
/** Real time, in ms, after which a test hears what it waits for. */
const WARN_MS = 3_000;

const setTimer = globalThis.setTimeout.bind(globalThis);

export class Engine {
  readonly stage: Stage;
  readonly #enter: Enter;

  constructor(stage: Stage, enter: Enter) {
    this.stage = stage;
    this.#enter = enter;
  }

  /** Moves the clock to `end` (ms since 1970), and fires what is due on the way. */
  async passTo(end: number, isWanted?: (object: string) => boolean): Promise<void> {
    await this.settled();
    for (;;) {
      const next = this.stage.next(isWanted);
      if (next === undefined || next.at > end) break;
      await this.reach(next);
    }
    this.stage.moveTo(end);
  }

  /** Moves the clock to the moment, and waits until what comes of it is settled. */
  async reach({ at, object }: Moment): Promise<void> {
    this.stage.moveTo(at);
    if (object !== undefined) this.fire(object);
    await this.settled();
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
    fired.catch((error) => console.error(`${object.className} "${object.name}":`, error));
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    const warning = new Warning(() => this.stage.underWay());
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await new Promise<void>((resolve) => setTimer(resolve, 0));
      if (this.stage.isHung) await this.#releaseAlarms();
      quiet = this.stage.isBusy ? 0 : quiet + 1;
      if (quiet === 0) warning.look();
    }
  }

  // An alarm is held open as long as an attempt runs, and this one goes on until the clock moves.
  async #releaseAlarms(): Promise<void> {
    const queues = [...this.stage.objects.values()].filter((o) => o.className === "TaskQueue");
    const release = ({ wakeup }: EnteredObject) => wakeup.release();
    await Promise.all(queues.map((object) => this.#enter(object, release)));
  }
}

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
