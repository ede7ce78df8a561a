// A queue whose tasks have keys, each with limits: what is added to it, and whether the limits of each key held. The
// version before knows of none, and is not given the queue.
import { excess, mostOpen, onward, spansOf } from "./bound.ts";
import type { Shape } from "./config.ts";
import { pick } from "./random.ts";
import type { Execution } from "./sort.ts";

export const KEYED = "keyed";

/** Tasks of `one` run one after another; `a/1` and the like go by the limits of their beginning. */
const SHAPES: Record<string, Shape> = {
  one: { rate: 12, capacity: 3, maxRunning: 1 },
  "a/1": { rate: 8, capacity: 4, maxRunning: 2 },
  "a/2": { rate: 8, capacity: 4, maxRunning: 2 },
  wide: { rate: 30, capacity: 10, maxRunning: 6 },
};

const ordinary = limitsOf("wide");
const per_key = { one: limitsOf("one"), "a/*": limitsOf("a/1") };

export const KEYED_EXTENSIONS = { keys: { ...ordinary, per_key } };

function limitsOf(key: string): object {
  const { rate, capacity, maxRunning } = SHAPES[key] as Shape;
  return { rate: `${rate}/s`, bucket_size: capacity, max_concurrent_requests: maxRunning };
}

/** Whose a task is and how urgent; some have no key. */
export function fairness(random: () => number): { key?: string; priority?: number } {
  const key = pick(random, [...Object.keys(SHAPES), undefined]);
  const priority = pick(random, [undefined, 0, 4, 9]);
  return { ...(key !== undefined && { key }), ...(priority !== undefined && { priority }) };
}

/** Attempts of a key, over all lives. */
type Runs = readonly Execution[];

interface Seen {
  noted: Runs;
  keyOf: ReadonlyMap<string, string>;
  /** The latest that each life's clock had shown. */
  peaks: readonly number[];
  lives: number;
}

export function keyFaults({ noted, keyOf, peaks, lives }: Seen) {
  const ofKeys = Object.entries(SHAPES).map(([key, shape]) => {
    const runs = noted.filter(({ queue, id }) => queue === KEYED && keyOf.get(id) === key);
    return { key, shape, runs };
  });
  return {
    "bound of a key": ofKeys.flatMap(({ key, shape, runs }) => {
      const over = excess(onward(runs.map(stampOf), peaks), shape);
      return over > 0 ? [`${key}:+${over}`] : [];
    }),
    "in flight of a key": ofKeys.flatMap(({ key, shape, runs }) =>
      Array.from({ length: lives }, (_, life) => life).flatMap((life) => {
        const most = mostOpen(spansOf(runs.filter((one) => one.life === life)));
        return most > shape.maxRunning ? [`${key}@${life}:${most}`] : [];
      }),
    ),
    "order of a key": outOfOrder(ofKeys.find(({ key }) => key === "one")?.runs ?? []),
  };
}

function stampOf({ life, at = 0, turn = 0, latest = 0 }: Execution) {
  return { life, at, turn, latest };
}

/** Tasks between whose two attempts in one life another of the key began. */
function outOfOrder(runs: Runs): string[] {
  const sorted = runs.toSorted((a, b) => a.startedAt - b.startedAt);
  return sorted.flatMap((one, i) => {
    const next = sorted.findIndex((it, j) => j > i && it.id === one.id && it.life === one.life);
    return next > i + 1 ? [`${one.id}@${one.life}`] : [];
  });
}
