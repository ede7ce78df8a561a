// How a resource of a queue is divided among its shards: parts of the bucket, or slots. Everybody has what it needs
// up to an equal part, and the rest goes to who needs more. Where there is too little for all, shards take turns.

/** What one shard has of it, could use of it, and since when it has some, or none. */
export interface Stake {
  shard: number;
  has: number;
  wants: number;
  /** ms */
  since: number;
}

export interface Resource {
  /** Of a whole queue. */
  total: number;
  /** Less is of no use to anybody. */
  unit: number;
  /** So many shards can have some at a time. */
  holders: number;
  free: number;
  /** Every shard gets so much without another one having to give it back. */
  base: number;
  /**
   * Whether nothing else is needed to start. Then who has less than `base` gets no more than that at first, for others
   * may be about to ask, and gives way at once to all that lack some.
   */
  isEnough: boolean;
}

export interface Allotment {
  /** What it gets more. */
  more: number;
  /** What others should give back for it, and how much each keeps. */
  recalls: { shard: number; keeps: number }[];
  /** Whether it could use more than it has now. */
  isShort: boolean;
  /** How many that have none are before it, if it has none; and when its turn comes, in ms, if they take turns. */
  place: number;
  turnIn: number | undefined;
  /** Whether others could use what it does not need. */
  isScarce: boolean;
  /** Whether it gets more a moment from now, if no others have asked by then. */
  isFirstStep?: boolean;
}

/** So long a shard keeps what others wait for, in ms: handing it over costs what comes in meanwhile. */
export const TURN_MS = 5_000;
const TINY = 1e-9;

/** What the shard `asker` gets, in view of the `others` that have or could use some. */
export function allot(
  resource: Resource,
  asker: Stake,
  others: readonly Stake[],
  now: number,
): Allotment {
  const { unit, total } = resource;
  const sharers = Math.min(others.length + 1, resource.holders);
  const equal = Math.max(unit, roundedTo(unit, total / sharers));
  const place = waitingBefore(asker, others, unit);
  const takesTurns = others.length >= resource.holders;
  const reserved = takesTurns && asker.has < unit - TINY ? place * unit : 0;
  const most = mostFor(resource, asker, others, equal);
  const more = useful(asker.has, Math.min(resource.free - reserved, most - asker.has), unit);
  const has = asker.has + more;
  const isShort = asker.wants > has + TINY;
  const got = { more, isShort, place, isScarce: others.some(lacks) };
  if (isShort && isFirstStep(resource, asker) && has >= resource.base - TINY)
    return { ...got, isFirstStep: true, recalls: [], turnIn: undefined };
  if (!isShort || has >= equal - TINY) return { ...got, recalls: [], turnIn: undefined };
  const above = others.filter((it) => it.has > equal + TINY);
  if (above.length > 0 || has >= unit - TINY || !takesTurns) {
    return {
      ...got,
      recalls: recallsFor(
        // Where turns are taken, what is left over from equal parts is of no use to anybody.
        takesTurns
          ? total
          : needOf({ ...resource, free: resource.free - more }, { ...asker, has }, others, equal),
        above,
        equal,
        unit,
      ),
      turnIn: undefined,
    };
  }
  return { ...got, ...turnOf(asker, others, place, resource, now) };
}

/** What others have to give back, `asker` having got what there was. */
function needOf(
  { isEnough, free }: Resource,
  asker: Stake,
  others: readonly Stake[],
  equal: number,
): number {
  const own = owedTo([asker], equal);
  return isEnough ? Math.max(own, own + owedTo(others, equal) - free) : own;
}

/** Those that have more than an equal part give back what is needed, and each in proportion. */
function recallsFor(need: number, above: readonly Stake[], equal: number, unit: number) {
  const excess = above.reduce((sum, { has }) => sum + has - equal, 0);
  const share = Math.min(1, need / excess);
  return above.map(({ shard, has }) => {
    const keeps = has - (has - equal) * share;
    return { shard, keeps: Math.max(equal, roundedTo(unit, keeps)) };
  });
}

/** Whether it could use more than it has. */
export function lacks({ has, wants }: Stake): boolean {
  return wants > has + TINY;
}

function isFirstStep({ isEnough, base }: Resource, { has }: Stake): boolean {
  return isEnough && has < base - TINY;
}

/** An equal part, and what is left when all that lack some have theirs. */
function mostFor(
  resource: Resource,
  asker: Stake,
  others: readonly Stake[],
  equal: number,
): number {
  const { free, base, holders } = resource;
  const { has, wants } = asker;
  if (isFirstStep(resource, asker)) return Math.min(wants, base);
  const lacking = others.filter(lacks).slice(0, holders - 1);
  if (!others.some(lacks)) return wants > 0 ? Math.max(wants, base) : 0;
  return Math.min(wants, Math.max(equal, has + free - owedTo(lacking, equal)));
}

/** What those that lack some need for an equal part. */
function owedTo(stakes: readonly Stake[], equal: number): number {
  return stakes.reduce((sum, { has, wants }) => sum + Math.max(0, Math.min(wants, equal) - has), 0);
}

/** Less than a unit in all is nothing; slots are whole. */
function useful(has: number, more: number, unit: number): number {
  const whole = unit === 1 ? Math.floor(more + TINY) : more;
  return whole <= TINY || has + whole < unit - TINY ? 0 : whole;
}

function roundedTo(unit: number, amount: number): number {
  return unit === 1 ? Math.floor(amount) : amount;
}

/** How many that have none have waited for longer. */
function waitingBefore({ since, shard }: Stake, others: readonly Stake[], unit: number): number {
  const isBefore = (it: Stake) => it.since < since || (it.since === since && it.shard < shard);
  return others.filter((it) => it.has < unit - TINY && lacks(it) && isBefore(it)).length;
}

/**
 * Whose turns end for the one behind `before` others, and when. Who has just had a turn waits for as long as one
 * is: otherwise those few that wait would keep all others from work.
 */
function turnOf(
  { since }: Stake,
  others: readonly Stake[],
  before: number,
  { unit, holders: most }: Resource,
  now: number,
): Pick<Allotment, "recalls" | "turnIn"> {
  const holders = others.filter(({ has }) => has >= unit - TINY).sort((a, b) => a.since - b.since);
  const holder = holders[Math.min(before % most, holders.length - 1)];
  if (!holder) return { recalls: [], turnIn: undefined };
  const round = 1 + Math.floor(before / most);
  const turnIn = Math.max(0, holder.since + TURN_MS * round - now, since + TURN_MS - now);
  if (turnIn > 0) return { recalls: [], turnIn };
  const over = holders.slice(0, before + 1);
  return { recalls: over.map(({ shard }) => ({ shard, keeps: 0 })), turnIn };
}
