// The short form of `npm run overload`: what must hold on a machine that is busy with other things. Ratios of
// latencies are left to the full form.
import { expect, it } from "vitest";
import { overload } from "../../bench/overload/suite.ts";
import { isFactMet } from "../../bench/overload/verdict.ts";

const SIZE = { isShort: true, rounds: 1, sliceSeconds: 1 };

/** The victim's add, start and look end within this at the worst, in ms. */
const MOST_MS = 30_000;

it.each(["batches", "hanging", "answers", "dead", "group", "million", "slow-clients"])(
  "%s: the other queue goes on, nothing is lost, memory is bounded",
  async (name) => {
    const { rows, facts, isMemoryBounded } = await overload(name, SIZE);
    for (const { kind, p99 } of rows) expect([kind, p99.disturbed < MOST_MS]).toEqual([kind, true]);
    const counted = facts.filter(({ unit }) => unit !== "ms");
    expect(counted.filter((fact) => !isFactMet(fact))).toEqual([]);
    expect(isMemoryBounded).toBe(true);
  },
);
