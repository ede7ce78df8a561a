// What a queue that draws from several limits could use of each. An attempt needs a token and a slot of every one of
// them, and of its queue: to hold a limit's for what another one keeps from starting would keep them from other queues.
import { type Bucket, type BucketShape, readyAt, wholeTokens } from "../dispatch/bucket.ts";
import type { Capacity } from "../dispatch/plan.ts";
import type { Load } from "./held.ts";
import { MANY } from "./statement.ts";

/** So many may start in a moment, from when on (ms). */
interface Soon {
  most: number;
  from: number;
}

/** What comes in within so long counts with what is there: it takes about as long to ask for more. */
const MOMENT_MS = 100;
/** For a token that comes within so long those that it needs are kept, if they are there. */
const AHEAD_MS = 1_000;

const NEVER: Soon = { most: 0, from: Number.POSITIVE_INFINITY };

/**
 * The part of the load that waits for the limit at `index` alone. The queue's own come first, then its limits in their
 * order: what is before must be there, and a single task is enough to ask for what is behind. So no two queues wait for
 * each other.
 */
export function loadOf(
  index: number,
  own: Capacity,
  limits: readonly Capacity[],
  load: Load,
  now: number,
): Load {
  const { running, bucket } = limits[index] as Capacity;
  const others = [own, ...limits.filter((_, i) => i !== index)];
  const soon = (of: (capacity: Capacity, isBehind: boolean, now: number) => Soon) =>
    others
      .map((capacity, i) => of(capacity, i > index, now))
      .reduce(scarcer, { most: MANY, from: now });
  const isThere = !bucket || wholeTokens(bucket.level) > 0;
  const { most, from } = soon(tokensSoon);
  const keptFrom = isThere ? from - AHEAD_MS : from;
  const { perSlot = 1 } = load;
  const here = { running, perSlot };
  return {
    ...here,
    ...dueBy(most, keptFrom, load, now),
    ...expeditedBy(soon(slotsSoon).most, load),
  };
}

function scarcer(a: Soon, b: Soon): Soon {
  return { most: Math.min(a.most, b.most), from: Math.max(a.from, b.from) };
}

/** None at all is not asked for yet, where it is asked for later than this. */
function slotsSoon({ running, maxRunning }: Capacity, isBehind: boolean, now: number): Soon {
  if (isBehind && maxRunning === 0) return { most: 1, from: now };
  return running >= maxRunning ? NEVER : { most: maxRunning - running, from: now };
}

function tokensSoon(capacity: Capacity, isBehind: boolean, now: number): Soon {
  const { bucket, paused } = capacity;
  const slots = paused ? NEVER : slotsSoon(capacity, isBehind, now);
  if (!bucket || slots === NEVER) return slots;
  return scarcer(
    slots,
    isBehind && bucket.shape.capacity === 0 ? { most: 1, from: now } : within(bucket, now),
  );
}

function within({ level, shape }: { level: Bucket; shape: BucketShape }, now: number): Soon {
  const most = wholeTokens(level) + Math.floor((shape.rate * MOMENT_MS) / 1000);
  if (most > 0) return { most, from: now };
  const from = readyAt(level, shape, 1);
  return from === undefined ? NEVER : { most: 1, from };
}

function dueBy(most: number, from: number, { due, nextDue }: Load, now: number) {
  if (most === 0 || (due === 0 && nextDue === undefined)) return { due: 0 };
  if (due === 0 || from > now) return { due: 0, nextDue: Math.max(nextDue ?? now, from) };
  return { due: Math.min(due, most), nextDue };
}

function expeditedBy(most: number, { expedited, nextExpedited }: Load) {
  return most === 0 ? { expedited: 0 } : { expedited: Math.min(expedited, most), nextExpedited };
}
