// Keys with one slot in random histories of crashes, answers, late ones too, and what is done by hand: no task of a key
// begins between two attempts of another, no two run at once, and in the end all have run. The clock goes back now and then.
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../../support/clock.ts";
import { histories } from "../../../support/histories.ts";
import { deployInOrder, OrderWitness } from "../../../support/order-witness.ts";
import { freshStart, queue } from "../../../support/time.ts";

beforeEach(freshStart);

/** Of each of these queues. */
const HISTORIES = histories(2);
const QUEUES = {
  plain: {},
  "with few slots": { entry: { max_concurrent_requests: 2 } },
  "with few tokens": { entry: { rate: "1/s", bucket_size: 1 } },
  "of batches": { extensions: { batch: { size: 3, wait: 2 } } },
};
/** A busy machine takes its time. */
const MOST_MS = 60_000;
const LINES = ["one-a", "one-a", "one-b", "p"];

type Step =
  | { do: "add"; line: string; n: number; countdown: number }
  | { do: "answer"; pick: number; status: number; retryAfter: string | undefined }
  | { do: "by hand"; what: "run" | "delete" | "reschedule"; pick: number }
  | { do: "pass"; seconds: number }
  | { do: "turn" | "crash" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      line: fc.constantFrom(...LINES),
      n: fc.constantFrom(1, 3),
      countdown: fc.constantFrom(0, 0, 3),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      pick: fc.nat(),
      status: fc.constantFrom(200, 200, 500, 503),
      retryAfter: fc.option(fc.constant("3"), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("by hand" as const),
      what: fc.constantFrom("run", "delete", "reschedule"),
      pick: fc.nat(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      seconds: fc.constantFrom(-2, 1, 4, 14, 31),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
);

class History {
  readonly witness = new OrderWitness();
  readonly #names: string[] = [];

  async take(given: Step): Promise<void> {
    const { witness } = this;
    if (given.do === "add") await this.#add(given);
    else if (given.do === "answer") {
      const { pick, status, retryAfter } = given;
      await witness.answer(pickOf(witness.open, pick), status, retryAfter);
    } else if (given.do === "by hand") await this.#byHand(given);
    else if (given.do === "pass") {
      clock.now += given.seconds * 1000;
      await witness.wake();
    } else await witness[given.do]();
  }

  async #add({ line, n, countdown }: Extract<Step, { do: "add" }>): Promise<void> {
    const first = this.#names.length;
    const names = Array.from({ length: n }, (_, i) => `${line}_${first + i}`);
    this.#names.push(...names);
    await this.witness.add(names, { countdown });
  }

  // What has ended, or is under way, refuses some of it.
  async #byHand({ what, pick }: Extract<Step, { do: "by hand" }>): Promise<void> {
    const name = pickOf(this.#names, pick);
    if (name === undefined) return;
    if (what === "delete") await queue("push").delete([name]);
    else if (what === "run") {
      this.witness.byHand.add(name);
      await queue("push")
        .run(name)
        .catch(() => {});
    } else {
      this.witness.moved.push({ name, after: this.witness.runs.length });
      await queue("push")
        .reschedule(name, { countdown: 2 })
        .catch(() => {});
    }
  }
}

function pickOf<T>(among: readonly T[], pick: number): T | undefined {
  return among[pick % Math.max(1, among.length)];
}

it.each(
  Object.entries(QUEUES).flatMap(([what, given], i) =>
    Array.from({ length: HISTORIES }, (_, n) => ({ what, seed: n * 10 + i, given })),
  ),
)(
  "$what: history $seed",
  async ({ given, seed }) => {
    await deployInOrder(given);
    const ofOne = { seed, numRuns: 1 };
    const [steps = []] = fc.sample(fc.array(step, { minLength: 40, maxLength: 60 }), ofOne);
    const history = new History();
    for (const one of steps) await history.take(one);
    await history.witness.drain();
    expect(history.witness.outOfOrder()).toEqual([]);
    expect(history.witness.atOnce()).toEqual([]);
  },
  MOST_MS,
);
