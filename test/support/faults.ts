// Storage that fails, or an object that dies, at one chosen step. The steps are the calls an object
// makes of its storage: every statement, every transaction, every alarm set.
import { runInDurableObject } from "cloudflare:test";
import { objectOf } from "./time.ts";

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

/** From now on the queue's object meets this fault once. */
export async function inject(name: string, { at, kind }: Fault): Promise<InjectedFault> {
  let steps = 0;
  let isHit = false;
  await runInDurableObject(objectOf(name), (_, state) => {
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
