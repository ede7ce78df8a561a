// Whatever is done to the store in whatever order, it answers as its model does.
import fc from "fast-check";
import { it } from "vitest";
import {
  BODIES,
  type Due,
  type How,
  NAMES,
  START,
  type Step,
  SWEEP_EVERY_MS,
  World,
} from "./model.ts";

// Few instants, so that tasks meet in them and come back to where they were.
const due: fc.Arbitrary<Due> = fc.oneof(
  fc.record({ at: fc.constantFrom(START + 1000, START + 2000) }),
  fc.record({ in: fc.constantFrom(0, 1, 1000) }),
);
const how = fc.constantFrom<How>(
  "complete",
  "fail",
  "expire",
  "delete",
  "retry",
  "reschedule",
  "expedite",
  "park",
);
const name = fc.constantFrom(undefined, undefined, "generated before", ...NAMES);
const pick = fc.nat(1000);
const one = <D extends string>(what: D) => fc.constant(what);
const body = fc.nat(BODIES.length - 1);
const isWindow = fc.constantFrom(false, false, true);
const expires = fc.constantFrom(undefined, undefined, 1, 40, 100_000);
const undo = fc.constantFrom(false, false, false, true);
const ms = fc.constantFrom(1, 999, 39_999, 40_000, 100_000, SWEEP_EVERY_MS);
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 8, arbitrary: fc.record({ do: one("add"), name, due, body, undo, isWindow, expires }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("replace", "follow"), pick, due, body }),
  },
  { weight: 1, arbitrary: fc.record({ do: one("start"), pick }) },
  { weight: 1, arbitrary: fc.record({ do: one("again"), name: fc.constantFrom(...NAMES), due }) },
  { weight: 8, arbitrary: fc.record({ do: one("end"), how, pick, due }) },
  { weight: 2, arbitrary: fc.record({ do: one("stale"), how, pick, due }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: one("claim"), limit: fc.nat(4), from: pick, odd: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: one("lease"),
      limit: fc.integer({ min: 1, max: 4 }),
      seconds: fc.constantFrom(1, 1, 40, 1000),
      tag: fc.constantFrom(undefined, undefined, "t"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("forget", "redrive", "withdraw"), pick }),
  },
  { weight: 1, arbitrary: fc.record({ do: one("release"), name: fc.constantFrom(...NAMES) }) },
  { weight: 4, arbitrary: fc.record({ do: one("pass"), ms }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: one("crowd"), count: fc.constantFrom(3, 20, 60), undo }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("purge", "sweep", "sweep", "reopen") }) },
);

const retention = fc.constantFrom(
  { tombstoneTtl: 100, keepFailed: 40 },
  { tombstoneTtl: 40, keepFailed: 100 },
  { tombstoneTtl: 777_600, keepFailed: 604_800 },
  { tombstoneTtl: 100, keepFailed: 40, keepResults: true },
);

it("answers as the model does", () => {
  fc.assert(
    fc.property(retention, fc.array(step, { minLength: 20, maxLength: 80 }), (kept, steps) => {
      const world = new World(kept);
      for (const step of steps) {
        world.take(step);
        world.check();
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);
