// Storage that fails, or an object that dies, at one chosen step. The steps are the calls an object
// makes of its storage: every statement, every transaction, every alarm set.
import { hurry } from "./hurry.ts";
import { inObjects, objectsOf } from "./time.ts";

export interface Fault {
  /** The step, counted from 1, at which it happens. */
  at: number;
  /** `throw`: that one call fails. `kill`: the object is reset there, as by a crash or a deploy. */
  kind: "throw" | "kill";
}

export interface InjectedFault {
  /** Whether the step was reached. */
  readonly hit: () => boolean;
  /** From now on nothing fails any more. */
  readonly stop: () => void;
}

/** From now on the queue's objects, whose steps count together, meet this fault once. */
export async function inject(name: string, fault: Fault): Promise<InjectedFault> {
  return injectInto(objectsOf(name), fault);
}

/** From now on these objects do. */
export async function injectInto(
  objects: readonly string[],
  { at, kind }: Fault,
): Promise<InjectedFault> {
  let steps = 0;
  let isHit = false;
  await inObjects(objects, (state) => {
    const { storage } = state;
    const step = () => {
      if (++steps !== at) return;
      isHit = true;
      if (kind === "kill") state.abort("killed by the test");
      throw new Error(`injected fault at step ${at}`);
    };
    const { exec } = storage.sql;
    const { transactionSync, setAlarm } = storage;
    storage.sql.exec = ((...args: Parameters<typeof exec>) => {
      step();
      return exec.apply(storage.sql, args);
    }) as typeof exec;
    storage.transactionSync = (work) => {
      step();
      return transactionSync.call(storage, work) as ReturnType<typeof work>;
    };
    storage.setAlarm = (...args) => {
      step();
      return setAlarm.apply(storage, args);
    };
  });
  return {
    hit: () => isHit,
    stop: () => {
      steps = Number.POSITIVE_INFINITY;
    },
  };
}

/** From now on the object can write nothing, until it is mended. Whoever waits for it waits a twentieth as long. */
export async function breakDown(object: string): Promise<() => void> {
  let isBroken = true;
  hurry(20);
  await inObjects([object], ({ storage }) => {
    const { transactionSync } = storage;
    storage.transactionSync = (work) => {
      if (isBroken) throw new Error("broken by the test");
      return transactionSync.call(storage, work) as ReturnType<typeof work>;
    };
  });
  return () => {
    isBroken = false;
  };
}
