// The calls by which attempts reach the runner, several in one where that changes nothing for their handlers.
import {
  afterBreak,
  afterCall,
  attemptsPerCall,
  type CallSize,
  firstCallSize,
} from "../../../core/dispatch/call-size.ts";
import { type Delivery, packed } from "../../delivery/delivery.ts";
import type { WireOutcome } from "../../delivery/outcome.ts";
import type { SharedOutcomes, TaskRunnerRpc } from "../../rpc.ts";

/** So many attempts that wait for nothing leave of an invocation's limits as good as all. */
export const ATTEMPTS_PER_CALL = 16;
const MOST_PER_CALL = 100;
/** Of the bodies in one call, in bytes or UTF-16 units: a message holds 32 MiB. */
const MOST_LENGTH = 4 * 1024 * 1024;

export function checkAttemptsPerCall(given: unknown): void {
  const isGood =
    Number.isSafeInteger(given) && Number(given) >= 1 && Number(given) <= MOST_PER_CALL;
  if (given === undefined || isGood) return;
  const expected = `expected a whole number from 1 to ${MOST_PER_CALL}`;
  throw new TypeError(`attemptsPerCall: found ${JSON.stringify(given)}, ${expected}`);
}

export interface RunnerCallsDeps {
  runner: () => TaskRunnerRpc;
  /** ms since 1970 */
  now: () => number;
  /** How many attempts may share a call. */
  most: number;
}

type Settle = PromiseWithResolvers<WireOutcome>;

export class RunnerCalls {
  readonly #deps: RunnerCallsDeps;
  #size: CallSize;
  #found: { runner: TaskRunnerRpc; run: TaskRunnerRpc["run"] } | undefined;

  constructor(deps: RunnerCallsDeps) {
    this.#deps = deps;
    this.#size = firstCallSize(deps.most);
  }

  /** Begins these attempts at once; the outcome of each as soon as it is known. */
  run(deliveries: readonly Delivery[]): Promise<WireOutcome>[] {
    const size = attemptsPerCall(this.#size, this.#deps.now());
    if (size === 1) return this.#each(deliveries);
    return callsOf(deliveries, size).flatMap((some) =>
      some.length === 1 ? this.#each(some) : this.#together(some),
    );
  }

  // A method of a stub is an object of its own, made each time it is looked up.
  #run(): TaskRunnerRpc["run"] {
    const runner = this.#deps.runner();
    if (this.#found?.runner !== runner) this.#found = { runner, run: runner.run };
    return this.#found.run;
  }

  // The first one says how long they take: those behind it may wait for each other.
  #each(deliveries: readonly Delivery[]): Promise<WireOutcome>[] {
    const { most, now } = this.#deps;
    const run = this.#run();
    const outcomes = deliveries.map((delivery) => run(...packed(delivery)));
    if (most > 1) {
      const startedAt = now();
      void outcomes[0]?.then(() => this.#made(1, false, startedAt), ignore);
    }
    return outcomes;
  }

  #together(deliveries: readonly Delivery[]): Promise<WireOutcome>[] {
    const settles = deliveries.map(() => Promise.withResolvers<WireOutcome>());
    void this.#call(deliveries, settles);
    return settles.map(({ promise }) => promise);
  }

  async #call(deliveries: readonly Delivery[], settles: readonly Settle[]): Promise<void> {
    const startedAt = this.#deps.now();
    try {
      const answer = await this.#deps.runner().runTogether(deliveries.map(packed));
      if (Array.isArray(answer)) {
        for (const [place, outcome] of answer.entries()) settles[place]?.resolve(outcome);
        this.#made(settles.length, true, startedAt);
      } else {
        await follow(answer, settles);
        this.#made(settles.length, false, startedAt);
      }
    } catch (error) {
      this.#broke(error, settles);
    }
  }

  #made(attempts: number, isAtOnce: boolean, startedAt: number): void {
    const ms = this.#deps.now() - startedAt;
    this.#size = afterCall(this.#size, { attempts, isAtOnce, ms });
  }

  // Whose fault it was shows when each runs alone, and counts then.
  #broke(error: unknown, settles: readonly Settle[]): void {
    this.#size = afterBreak(this.#size, this.#deps.now());
    const why = String(error);
    for (const { resolve } of settles) resolve({ kind: "postponed", error: why });
  }
}

/** In their order, `most` to a call. */
function callsOf(deliveries: readonly Delivery[], most: number): Delivery[][] {
  const calls: Delivery[][] = [];
  let call: Delivery[] = [];
  let length = 0;
  for (const delivery of deliveries) {
    const own = delivery.body?.length ?? 0;
    if (call.length === 0 || call.length === most || length + own > MOST_LENGTH) {
      call = [];
      calls.push(call);
      length = 0;
    }
    call.push(delivery);
    length += own;
  }
  return calls;
}

async function follow(answer: SharedOutcomes, settles: readonly Settle[]): Promise<void> {
  const { ended, rest } = answer;
  try {
    for (const [place, outcome] of ended) settles[place]?.resolve(outcome);
    for (let areMore = true; areMore; ) {
      const later = await rest.next();
      for (const [place, outcome] of later.ended) settles[place]?.resolve(outcome);
      areMore = later.areMore;
    }
  } finally {
    // Of a call's answer, what is disposed of is the whole.
    (answer as Partial<Disposable>)[Symbol.dispose]?.();
  }
}

function ignore(): void {}
