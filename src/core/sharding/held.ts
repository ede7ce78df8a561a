// A shard's side: what it holds of its queue's capacity, when it says something to the coordinator, and what. In memory
// only: an object that starts anew holds nothing. Times in ms by the shard's clock.
import { type Bucket, type BucketShape, taken, wholeTokens } from "../dispatch/bucket.ts";
import {
  emptyShare,
  filled,
  type Holding,
  isSpent,
  partOf,
  type Share,
  split,
  type Total,
} from "./share.ts";
import {
  type Grant,
  LEASE_MS,
  MANY,
  type Recall,
  type Statement,
  type Wants,
} from "./statement.ts";

export interface Held {
  readonly shard: number;
  readonly instance: number;
  readonly replaces: number | undefined;
  /** Of its last statement. */
  readonly number: number;
  /** The last statement whose answer it took. */
  readonly took: number;
  readonly share: Share;
  /** When the lease of its part ends. */
  readonly until: number;
  /** When it asked, as long as it waits for the answer. */
  readonly askedAt: number | undefined;
  readonly saidAt: number;
  /** It asks for what it lacks no earlier, but for tasks that need no token and have come since. */
  readonly again: number;
  /** So many attempts without a token it has spoken of. */
  readonly bareSaid: number;
  /** Answers in a row that did not come. */
  readonly failures: number;
  readonly isScarce: boolean;
  /** What there was too little of for it when it asked. */
  readonly lacks?: Grant["lacks"];
  /** As many slots as it was told to keep: what is above is given back when attempts end. */
  readonly mostSlots: number;
  /** Starts of late, a second, as of `usedAt`, the last of them. */
  readonly pace: number;
  readonly usedAt: number;
  /** When it last had tasks that had to wait. */
  readonly lackedAt: number;
}

/** What a shard has to do. */
export interface Load {
  running: number;
  /** Tasks that are due and have not started; expedited ones need a slot only. `MANY`: more than were counted. */
  due: number;
  expedited: number;
  /** So many tasks share a call, and a slot; 1 unless it says otherwise. */
  perSlot?: number;
  /** When the first task that is not due yet will be (ms), and the first that is expedited. */
  nextDue?: number | undefined;
  nextExpedited?: number | undefined;
}

/** So long without anything to do a shard keeps what others could use, in ms. */
const LEND_MS = 300;
/** So long a shard waits for the coordinator, in ms. */
export const PATIENCE_MS = 2_000;
const RETRY_MS = 250;
const MOST_RETRY_MS = 5_000;
/** So long after its last word a shard says that it has less to do, in ms. */
const CALM_MS = 1_000;
const RETURN_EVERY_MS = 50;
/** A shard that uses less than this of its part returns the rest, if others could use it. */
const USED = 0.6;
const HEADROOM = 1.5;

/** What a new object holds; `instance`: a random number; `again`: when a life before was told to ask again (ms). */
export function holdsNothing(shard: number, instance: number, now: number, again = 0): Held {
  return {
    ...{
      shard,
      instance,
      replaces: undefined,
      number: 0,
      took: 0,
      share: emptyShare(now),
      until: 0,
    },
    ...{ askedAt: undefined, saidAt: 0, again, failures: 0, isScarce: false, mostSlots: MANY },
    ...{ pace: 0, usedAt: 0, lackedAt: 0, bareSaid: 0 },
  };
}

/** What it may start by at `now`: its bucket, absent without a rate limit. A lease that is over has no tokens. */
export function bucketOf(
  held: Held,
  total: Total,
  now: number,
): { level: Bucket; shape: BucketShape } | undefined {
  if (!total.bucket) return undefined;
  const { part, level } = current(held, total, now).share;
  return { level, shape: partOf(total, part) };
}

/** How many attempts may run at once. */
export function slotsOf({ share, mostSlots }: Held): number {
  return Math.min(share.slots, mostSlots);
}

/** The same at `now`. A clock that has gone back says nothing of the lease: it is over. */
export function current(held: Held, total: Total, now: number): Held {
  const isOver = now >= held.until || now < held.until - LEASE_MS;
  if (isOver && held.share.part > 0) {
    return { ...held, share: { ...emptyShare(now), slots: held.share.slots }, until: 0 };
  }
  return { ...held, share: filled(held.share, total, now) };
}

/** Attempts that start at `now`, those among them that took a token, and whether tasks are due that have to wait. */
export interface Starts {
  attempts: number;
  tokens: number;
  areMore: boolean;
}

export function started(held: Held, total: Total, starts: Starts, now: number): Held {
  const { share, ...rest } = current(held, total, now);
  return {
    ...{ ...rest, share: { ...share, level: taken(share.level, starts.tokens) } },
    ...{ pace: paceAt(held, now) + starts.attempts, usedAt: now },
    lackedAt: starts.areMore ? now : held.lackedAt,
  };
}

// What has started fades within a second or so: the sum of it is the pace.
function paceAt({ pace, usedAt }: Held, now: number): number {
  return pace * Math.exp(-Math.max(0, now - usedAt) / 1000);
}

/** When it has something to say to the coordinator, undefined when only work changes that. */
export function nextWord(held: Held, total: Total, load: Load, now: number): number | undefined {
  if (held.askedAt !== undefined) return held.askedAt + PATIENCE_MS;
  const it = current(held, total, now);
  const times = [
    ...[lackAt(it, total, load), lackThen(it, total, load)],
    ...[renewAt(it, load), returnAt(it, total, load, now)],
  ];
  const set = times.filter((at) => at !== undefined);
  return set.length === 0 ? undefined : Math.max(Math.min(...set), backOffUntil(it));
}

function backOffUntil({ failures, saidAt }: Held): number {
  return failures === 0 ? 0 : saidAt + Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** (failures - 1));
}

function lackAt(held: Held, total: Total, load: Load): number | undefined {
  const { running, expedited } = load;
  const areNew = expedited > 0 && running + expedited > held.bareSaid;
  if (areNew && lacksSlot(held, total, load))
    return Math.min(held.again, held.saidAt + RETURN_EVERY_MS);
  return lacks(held, total, load) ? held.again : undefined;
}

/** When a task that is not due yet will lack something. */
function lackThen(held: Held, total: Total, load: Load): number | undefined {
  const { due, expedited, nextDue, nextExpedited } = load;
  const isLacking = (at: number, then: Load) => lacks(current(held, total, at), total, then);
  const times = [
    ...(nextDue !== undefined && isLacking(nextDue, { ...load, due: due + 1 }) ? [nextDue] : []),
    ...(nextExpedited !== undefined &&
    isLacking(nextExpedited, { ...load, expedited: expedited + 1 })
      ? [nextExpedited]
      : []),
  ];
  return times.length === 0 ? undefined : Math.max(held.again, Math.min(...times));
}

function lacks(held: Held, total: Total, load: Load): boolean {
  return lacksToken(held, total, load) || lacksSlot(held, total, load);
}

function lacksToken({ share }: Held, { bucket }: Total, { due }: Load): boolean {
  return bucket !== undefined && bucket.rate > 0 && due > 0 && wholeTokens(share.level) < 1;
}

function lacksSlot(held: Held, total: Total, load: Load): boolean {
  const { running, expedited } = load;
  return expedited + dueOf(total, load) > 0 && running >= slotsOf(held);
}

/** Tasks that may start once there are tokens and slots for them: none while the queue is paused. */
function dueOf({ bucket }: Total, { due }: Load): number {
  return bucket?.rate === 0 ? 0 : due;
}

function renewAt({ share, until, usedAt }: Held, { due }: Load): number | undefined {
  const at = until - LEASE_MS / 2;
  return share.part > 0 && (due > 0 || usedAt >= at - LEASE_MS / 2) ? at : undefined;
}

function returnAt(held: Held, total: Total, load: Load, now: number): number | undefined {
  const { share, saidAt, usedAt } = held;
  const kept = keptOf(held, total, load, Math.max(now, usedAt + LEND_MS));
  if (kept.part >= share.part && kept.slots >= share.slots) return undefined;
  if (isSpent(share, total) || total.bucket?.rate === 0) return now;
  if (share.slots > held.mostSlots) return saidAt + RETURN_EVERY_MS;
  return isIdle(load) ? Math.max(usedAt, saidAt) + LEND_MS : saidAt + CALM_MS;
}

function isIdle({ due, expedited }: Load): boolean {
  return due + expedited === 0;
}

/** What a shard keeps: what it needs, if others could use the rest. Tokens without a slot are of no use, nor the reverse. */
function keptOf(held: Held, total: Total, load: Load, now: number): Holding {
  const part = keptPart(held, total, load, now);
  const isWithout = part === 0 && total.bucket !== undefined && load.expedited === 0;
  return { part, slots: keptSlots(held, load, now, isWithout) };
}

function keptPart(held: Held, total: Total, load: Load, now: number): number {
  const { share, isScarce, usedAt, lackedAt } = held;
  const isPaused = total.bucket?.rate === 0;
  if (!total.bucket || isPaused || isSpent(share, total)) return 0;
  if (!isScarce) return share.part;
  if (slotsOf(held) === 0 || (load.due === 0 && now >= usedAt + LEND_MS)) return 0;
  if (lacksToken(held, total, load) || now < lackedAt + CALM_MS) return share.part;
  const used = paceAt(held, now) / total.bucket.rate;
  return used < share.part * USED ? Math.min(share.part, used * HEADROOM) : share.part;
}

function keptSlots(held: Held, load: Load, now: number, isWithout: boolean): number {
  const { share, isScarce, mostSlots, usedAt } = held;
  const { running } = load;
  const most = Math.min(share.slots, Math.max(running, mostSlots));
  const isIdleNow = isIdle(load) && now >= usedAt + LEND_MS;
  return isScarce && (isIdleNow || isWithout) ? Math.min(most, running) : most;
}

/** Says what it keeps and what it could use, and waits for the answer. */
export function ask(held: Held, total: Total, load: Load, now: number): [Held, Statement] {
  const it = current(held, total, now);
  const [said, statement] = say(it, total, load, keptOf(it, total, load, now), now);
  return [{ ...said, askedAt: now }, statement];
}

/** Gives back what it was called for, and what it does not need. */
export function recalled(
  held: Held,
  total: Total,
  { keeps, instance }: Recall,
  load: Load,
  now: number,
): [Held, Statement] {
  const replaces = instance === held.instance ? held.replaces : instance;
  const told = { ...current(held, total, now), replaces, isScarce: true, mostSlots: keeps.slots };
  const kept = keptOf(told, total, load, now);
  const least = { part: Math.min(kept.part, keeps.part), slots: kept.slots };
  const [said, statement] = say(told, total, load, least, now);
  // What it had asked is void: the answer will not be taken.
  const again = held.askedAt === undefined ? held.again : now;
  return [{ ...said, askedAt: undefined, again }, statement];
}

function say(held: Held, total: Total, load: Load, kept: Holding, now: number): [Held, Statement] {
  const [share, given] = split(held.share, total, kept, tokensKept(held.share, kept));
  const number = held.number + 1;
  const { shard, instance, replaces, took } = held;
  const wants = wantsOf(held, share, total, load, now);
  const lackedAt = lacksToken(held, total, load) ? now : held.lackedAt;
  const statement = {
    ...{ shard, instance, number, took, wants, tokens: given.level.tokens },
    holds: { part: share.part, slots: share.slots },
    ...(replaces === undefined ? {} : { replaces }),
  };
  return [{ ...held, share, number, saidAt: now, lackedAt, bareSaid: wants.bare }, statement];
}

/** Tokens go with the part they are in, but for the one that the next start needs. */
function tokensKept({ level, part }: Share, kept: Holding): number {
  if (kept.part >= part) return level.tokens;
  return Math.max((level.tokens * kept.part) / part, Math.min(1, level.tokens));
}

// What it could use beside the share it keeps. Tokens it gives back for want of a slot are none: two shards would go on
// handing them to each other, each being told that there are some.
function wantsOf(held: Held, kept: Share, total: Total, load: Load, now: number): Wants {
  const { running, perSlot = 1 } = load;
  const expedited = Math.ceil(load.expedited / perSlot);
  const due = dueOf(total, load);
  const isKeptBySlots =
    wholeTokens(held.share.level) > 0 && lacksSlot({ ...held, share: kept }, total, load);
  const tokens = due >= MANY ? MANY : Math.max(0, due - wholeTokens(kept.level));
  const soon = Math.min(due, startsSoon(kept, total));
  return {
    tokens: isKeptBySlots ? 0 : tokens,
    slots: Math.min(MANY, running + Math.ceil(soon / perSlot) + expedited),
    bare: running + expedited,
    pace: paceAt(held, now),
  };
}

/** What its part lets start within a second; without one nobody knows. */
function startsSoon(share: Share, total: Total): number {
  if (!total.bucket || share.part === 0) return MANY;
  return wholeTokens(share.level) + Math.ceil(partOf(total, share.part).rate);
}

/** Takes the coordinator's answer, if nothing was said since. */
export function answered(held: Held, total: Total, grant: Grant, now: number): Held {
  if (held.askedAt === undefined || grant.number !== held.number) return held;
  const heardOf = { ...current(held, total, now), askedAt: undefined, failures: 0 };
  if (grant.knows !== undefined) return { ...heardOf, replaces: grant.knows, again: now };
  const { part, slots } = grant.holds;
  const tokens = Math.min(
    Math.max(0, heardOf.share.level.tokens) + grant.tokens,
    partOf(total, part).capacity,
  );
  return {
    ...{ ...heardOf, share: { part, slots, level: { tokens, at: now + (grant.fillsIn ?? 0) } } },
    ...{ until: held.askedAt + LEASE_MS, again: now + grant.again },
    ...{ isScarce: grant.isScarce, lacks: grant.lacks, mostSlots: MANY, took: grant.number },
  };
}

/** The queue may start more or less than before: what was said of when to ask again holds no more. */
export function reshapedHeld(held: Held, old: Total, total: Total, now: number): Held {
  return { ...current(current(held, old, now), total, now), again: Math.min(held.again, now) };
}

/** The answer to statement `number` does not come. */
export function unanswered(held: Held, number: number): Held {
  if (held.askedAt === undefined || number !== held.number) return held;
  return { ...held, askedAt: undefined, failures: held.failures + 1 };
}

/** The coordinator has something for it. */
export function nudged(held: Held, now: number): Held {
  return { ...held, again: Math.min(held.again, now) };
}
