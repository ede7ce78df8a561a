// Two queues that draw from one limit, and whether it held for their sum. The version before knows of none, and is not
// given them.
import { excess, mostOpen, onward, spansOf } from "./bound.ts";
import type { Clock } from "./clocks.ts";
import type { Shape } from "./config.ts";
import type { Execution } from "./sort.ts";

export const SHARING = ["sharing-one", "sharing-two"] as const;

/** Less than a burst needs, in tokens and in slots, and less than either queue could use. */
const SHAPE: Shape = { rate: 12, capacity: 4, maxRunning: 4 };
const NAME = "shared";
/** The object of the limit, which is ended now and then as queues are. */
export const LIMIT_OBJECT = `limit:${NAME}`;

export const SHARED_LIMITS = {
  [NAME]: {
    rate: `${SHAPE.rate}/s`,
    bucket_size: SHAPE.capacity,
    max_concurrent_requests: SHAPE.maxRunning,
  },
};
export const SHARES = { limits: [NAME] };

/** How many tasks come to each at once, and how long after the last at the earliest, in ms: its pace is theirs. */
export const BURST = { tasks: 5, everyMs: 800 };

interface Seen {
  noted: readonly Execution[];
  clock: Clock;
  lives: number;
}

export function sharedFaults({ noted, clock, lives }: Seen) {
  const runs = noted.filter(({ queue }) => (SHARING as readonly string[]).includes(queue));
  const over = excess(onward(runs.map(clock.stampOf), clock.peaks), SHAPE);
  const open = Array.from({ length: lives }, (_, life) => {
    const most = mostOpen(spansOf(runs.filter((one) => one.life === life)));
    return most > SHAPE.maxRunning ? [`${life}:${most}`] : [];
  });
  return {
    "bound of a shared limit": over > 0 ? [`+${over}`] : [],
    "in flight of a shared limit": open.flat(),
  };
}
