// A queue whose tasks have keys, each with limits: what is added to it, and whether the limits of each key held. The
// version before knows of none, and is not given the queue.
import { excess, mostOpen, onward, spansOf } from "./bound.ts";
import { byServer } from "./clocks.ts";
import type { Shape } from "./config.ts";
import { pick } from "./random.ts";
import type { Cut, Execution } from "./sort.ts";

export const KEYED = "keyed";

/** Tasks of `one` run one after another; `a/1` and the like go by the limits of their beginning. */
const SHAPES: Record<string, Shape> = {
  one: { rate: 12, capacity: 3, maxRunning: 1 },
  "a/1": { rate: 8, capacity: 4, maxRunning: 2 },
  "a/2": { rate: 8, capacity: 4, maxRunning: 2 },
  wide: { rate: 30, capacity: 10, maxRunning: 6 },
};

/** Of a pull queue, whose workers keep some tasks for as long as a lease holds. */
export const LEASED_SHAPES: Record<string, Shape> = {
  one: { rate: 6, capacity: 2, maxRunning: 1 },
  "a/1": { rate: 6, capacity: 3, maxRunning: 4 },
  "a/2": { rate: 6, capacity: 3, maxRunning: 4 },
  wide: { rate: 12, capacity: 4, maxRunning: 8 },
};

export const KEYED_EXTENSIONS = { keys: limitsIn(SHAPES) };
export const LEASED_EXTENSIONS = { keys: limitsIn(LEASED_SHAPES) };

function limitsIn(shapes: Record<string, Shape>): object {
  const limitsOf = (key: string) => {
    const { rate, capacity, maxRunning } = shapes[key] as Shape;
    return { rate: `${rate}/s`, bucket_size: capacity, max_concurrent_requests: maxRunning };
  };
  return { ...limitsOf("wide"), per_key: { one: limitsOf("one"), "a/*": limitsOf("a/1") } };
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
  /** When objects ended. */
  cuts: readonly Cut[];
}

export function keyFaults({ noted, keyOf, peaks, cuts }: Seen) {
  const ofKeys = Object.entries(SHAPES).map(([key, shape]) => {
    const runs = noted.filter(({ queue, id }) => queue === KEYED && keyOf.get(id) === key);
    return { key, shape, runs };
  });
  const clock = byServer(peaks);
  return {
    "bound of a key": ofKeys.flatMap(({ key, shape, runs }) => {
      const over = excess(onward(runs.map(clock.stampOf), clock.peaks), shape);
      return over > 0 ? [`${key}:+${over}`] : [];
    }),
    "in flight of a key": ofKeys.flatMap(({ key, shape, runs }) =>
      objectLives(runs, cuts).flatMap((own) => {
        const most = mostOpen(spansOf(own));
        return most > shape.maxRunning ? [`${key}@${own[0]?.life}:${most}`] : [];
      }),
    ),
    "order of a key": objectLives(
      ofKeys.find(({ key }) => key === "one")?.runs ?? [],
      cuts,
    ).flatMap(outOfOrder),
  };
}

/** A start that is reported so soon after the object has ended may have been before, in ms. */
const IN_DOUBT_MS = 200;

/**
 * Attempts by the life of the queue's object they began in: what was under way when it ended is as if it had not been,
 * while the server and the handler go on.
 */
function objectLives(runs: Runs, cuts: readonly Cut[]): Runs[] {
  const own = cuts.filter(({ queue }) => queue === KEYED);
  const sure = runs.filter(
    ({ startedAt }) =>
      !own.some(({ from, to }) => startedAt >= from && startedAt <= to + IN_DOUBT_MS),
  );
  const lifeOf = ({ life, startedAt }: Execution) =>
    `${life} ${own.filter(({ from }) => from < startedAt).length}`;
  return [...Map.groupBy(sure, lifeOf).values()];
}

/** Tasks between whose two attempts, all of one life, another of the key began. */
function outOfOrder(runs: Runs): string[] {
  const sorted = runs.toSorted((a, b) => a.startedAt - b.startedAt);
  return sorted.flatMap((one, i) => {
    const next = sorted.findIndex((it, j) => j > i && it.id === one.id);
    return next > i + 1 ? [`${one.id}@${one.life}`] : [];
  });
}
