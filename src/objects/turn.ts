// A worker's turn among those who wait to lease. What it is given is its own once it has said so; if it goes
// before, or was gone already, its leases are withdrawn.
import type { Answer } from "../core/errors.ts";
import type { Task } from "../core/task/task.ts";
import { trouble } from "./log.ts";
import { PendingAnswer, Place } from "./place.ts";

/** A lease that is there at once, or a worker's turn among those who wait for one. */
export type Leased = { got: Answer<Task[]> } | Turn;

export interface Turn {
  place: LeasePlace;
  answer: PendingAnswer<Answer<Task[]>>;
}

export interface LeasePlace extends Place {
  /** The worker has its tasks, and answers for them from now on. */
  take(): Promise<void>;
}

export class TurnPlace extends Place implements LeasePlace {
  readonly #onTaken: () => void;

  constructor(onLeft: () => void, onTaken: () => void) {
    super(onLeft);
    this.#onTaken = onTaken;
  }

  /** The worker has its tasks, and answers for them from now on. */
  async take(): Promise<void> {
    this.#onTaken();
  }
}

/** `withdraw` takes back leases that reached nobody. */
export function turnOf(
  wait: (left: AbortSignal) => Promise<Task[]>,
  withdraw: (undelivered: readonly Task[]) => void | Promise<void>,
): Turn {
  const left = new AbortController();
  let given: Task[] = [];
  const giveBack = () => {
    const undelivered = given;
    given = [];
    if (undelivered.length > 0) void unlessFailing(() => withdraw(undelivered));
  };
  const leave = () => {
    left.abort();
    giveBack();
  };
  const take = () => {
    given = [];
  };
  const answer = wait(left.signal).then((tasks) => {
    given = tasks;
    if (left.signal.aborted) giveBack();
    return { ok: tasks };
  });
  return { place: new TurnPlace(leave, take), answer: new PendingAnswer(answer) };
}

// A lease that cannot be withdrawn ends by itself.
async function unlessFailing(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    trouble("task queue: a lease that reached nobody could not be withdrawn", error);
  }
}
