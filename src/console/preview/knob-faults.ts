// Validation of the knobs.

import { DURATION, RATE_OR_NONE } from "../../core/config/units.ts";
import { MAX_BATCH } from "../../core/limits.ts";
import { KNOBS, type Knob, type Knobs } from "./knobs.ts";

const MOST_TASKS = 1_000_000;
const WHOLE = /^\d{1,15}$/;
const AMOUNT = /^(\d+\.?\d*|\.\d+)$/;

interface Rule {
  accepts: (text: string) => boolean;
  expected: string;
}

const whole = (least: number): Rule => ({
  accepts: (text) => WHOLE.test(text) && Number(text) >= least,
  expected: `a whole number from ${least}`,
});

const amount: Rule = { accepts: (text) => AMOUNT.test(text), expected: "seconds" };

const orNothing = ({ accepts, expected }: Rule): Rule => ({
  accepts: (text) => text === "" || accepts(text),
  expected: `${expected}, or nothing`,
});

const RULES: Record<Knob, Rule> = {
  rate: {
    accepts: (text) => RATE_OR_NONE.test(text),
    expected: "a number per s, m, h or d such as 5/s, 0 or none",
  },
  bucket_size: whole(1),
  max_concurrent_requests: whole(1),
  batch: orNothing({
    accepts: (text) => whole(1).accepts(text) && Number(text) <= MAX_BATCH,
    expected: `a whole number from 1 to ${MAX_BATCH}`,
  }),
  task_retry_limit: orNothing(whole(0)),
  task_age_limit: orNothing({
    accepts: (text) => DURATION.test(text),
    expected: "a time such as 30s, 15m, 2.5h or 7d",
  }),
  min_backoff_seconds: amount,
  max_backoff_seconds: amount,
  max_doublings: whole(0),
  tasks: {
    accepts: (text) => whole(1).accepts(text) && Number(text) <= MOST_TASKS,
    expected: `a whole number from 1 to ${MOST_TASKS}`,
  },
  run_seconds: amount,
};

/** Errors by knob name; empty if all are valid. */
export function faultsOf(knobs: Knobs): Partial<Knobs> {
  const wrong = KNOBS.filter((knob) => !RULES[knob].accepts(knobs[knob]));
  const faults = wrong.map((knob) => [knob, `expected ${RULES[knob].expected}`]);
  if (wrong.length === 0 && Number(knobs.min_backoff_seconds) > Number(knobs.max_backoff_seconds)) {
    faults.push(["min_backoff_seconds", "expected no more than max_backoff_seconds"]);
  }
  return Object.fromEntries(faults);
}
