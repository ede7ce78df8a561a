// The coordinator's decisions: what a shard that asks is granted, and which others give back for it.
import { wholeTokens } from "../dispatch/bucket.ts";
import { type Allotment, allot } from "./allotment.ts";
import { type Book, isRated, stakeOf, stakesOf } from "./book.ts";
import {
  free,
  type Granted,
  heard,
  type Ledger,
  settled,
  withGrant,
  withTokens,
} from "./ledger.ts";
import { isSlow, NOTHING, partOf, smallestPart, type Total } from "./share.ts";
import { type Grant, LEASE_MS, MANY, MARGIN_MS, type Recall, type Statement } from "./statement.ts";
import { afterRecalls, againIn, recallsOf, type Told, tellWaiting } from "./turns.ts";

export interface Decision extends Told {
  grant: Grant;
  /** Shards to call that give something back. */
  recalls: Recall[];
}

/** The same for several that ask: a grant for each, in their order. */
export interface Decisions extends Omit<Decision, "grant"> {
  grants: Grant[];
}

/** A shard asks. */
export function asked(before: Ledger, total: Total, ask: Statement, now: number): Decision {
  const { grants, ...told } = askedTogether(before, total, [ask], now);
  return { ...told, grant: grants[0] as Grant };
}

/**
 * Shards ask, and all are heard before one is answered: whoever is first is not given what the others need as much,
 * only to be called at once to give it back.
 */
export function askedTogether(
  before: Ledger,
  total: Total,
  asks: readonly Statement[],
  now: number,
): Decisions {
  const hearing = hearAll(before, total, asks, now);
  let { ledger } = hearing;
  const recalls: Recall[] = [];
  const grants = asks.map((ask): Grant => {
    // Whoever is not heard has an entry: it is that which says so.
    const granted = ledger.grants[ask.shard] as Granted;
    if (hearing.last.get(ask.shard) !== ask) return notHeard(ask, granted.instance);
    const book = { ledger, total, now, left: free(ledger, total, now) };
    const decision = grantTo(book, { ask, granted });
    ledger = decision.ledger;
    recalls.push(...decision.recalls);
    return decision.grant;
  });
  const told = hearing.isLess
    ? tellWaiting(ledger, total, now, new Set(hearing.last.keys()))
    : { ledger, nudges: [] };
  return { ...told, grants, recalls };
}

interface Hearing {
  ledger: Ledger;
  /** Of each shard the word that counts. */
  last: Map<number, Statement>;
  /** Whether any has less than it had. */
  isLess: boolean;
}

function hearAll(before: Ledger, total: Total, asks: readonly Statement[], now: number): Hearing {
  const hearing = { ledger: settled(before, total, now), last: new Map(), isLess: false };
  for (const ask of asks) {
    const hear = heard(hearing.ledger, total, ask, now);
    if ("knows" in hear) continue;
    const had = before.grants[ask.shard];
    if (had && (had.part > ask.holds.part || had.slots > ask.holds.slots)) hearing.isLess = true;
    hearing.ledger = hear.ledger;
    hearing.last.set(ask.shard, ask);
  }
  return hearing;
}

/** A shard has answered a recall. */
export function returned(before: Ledger, total: Total, statement: Statement, now: number): Told {
  const then = settled(before, total, now);
  const hear = heard(then, total, statement, now);
  if ("knows" in hear) return { ledger: then, nudges: [] };
  const ledger = withGrant(hear.ledger, statement.shard, { ...hear.granted, isTold: true });
  return tellWaiting(ledger, total, now);
}

/** The queue was given another bucket, slots or number of shards, from `old` to `total`, at `now`. */
export function reshaped(
  before: Ledger,
  old: Total,
  total: Total,
  now: number,
): Told & { recalls: Recall[] } {
  const ledger = settled(settled(before, old, now), total, now);
  return { ...tellWaiting(ledger, total, now), recalls: excess(ledger, total, now) };
}

/** What shards have above what they may. */
function excess(ledger: Ledger, total: Total, now: number): Recall[] {
  const { part, slots } = free(ledger, total, now);
  const shards = Object.entries(ledger.grants).filter(([, it]) => it.part > 0 || it.slots > 0);
  const equal = { part: 1 / shards.length, slots: Math.floor(total.slots / shards.length) };
  return shards.flatMap(([key, { instance, ...has }]) => {
    const shard = Number(key);
    if (shard >= total.shards) return [{ shard, instance, keeps: NOTHING }];
    const keeps = { part: part < 0 ? equal.part : 1, slots: slots < 0 ? equal.slots : MANY };
    return has.part > keeps.part || has.slots > keeps.slots ? [{ shard, instance, keeps }] : [];
  });
}

/** A shard that asks, and what it has. */
interface Asker {
  ask: Statement;
  granted: Granted;
}

/** `knows`: the life of the shard that counts. */
function notHeard(statement: Statement, knows: number): Grant {
  return { ...nothingFor(statement, 0), knows };
}

/** The answer to who can have nothing, and may ask again then (ms from now). */
export function nothingFor({ number }: Statement, again: number): Grant {
  return { number, holds: NOTHING, tokens: 0, again, isScarce: false };
}

function grantTo(book: Book, asker: Asker): Omit<Decision, "nudges"> {
  const { ledger, total, now } = book;
  const { ask, granted } = asker;
  const ofSlots = allotSlots(book, asker);
  const part = usefulPart(allotPart(book, asker), granted.slots + ofSlots.more);
  const slots = usefulSlots(ofSlots, part, total, granted);
  const tokens = tokensFor(part, ask, book);
  const isScarce = part.isScarce || slots.isScarce;
  const given = afterGrant(granted, part, slots, now);
  const again = againIn(book, given, part, slots);
  const next = { ...given, given: tokens, againAt: now + Math.max(again, LEASE_MS / 2) };
  const recalls = recallsOf(book, part, slots);
  const spent = withTokens(withGrant(ledger, ask.shard, next), total, -tokens, now);
  const holds = { part: next.part, slots: next.slots };
  return {
    ledger: afterRecalls(spent, recalls, now),
    grant: {
      ...{ number: ask.number, holds, tokens, again, isScarce },
      ...(slots.isShort ? { lacks: "slot" } : part.isShort && { lacks: "token" }),
      ...fillsIn(book),
    },
    recalls,
  };
}

function fillsIn({ left, now }: Book) {
  return left.level.at > now && { fillsIn: left.level.at - now };
}

function afterGrant(granted: Granted, part: Allotment, slots: Allotment, now: number): Granted {
  return {
    ...granted,
    part: granted.part + part.more,
    slots: granted.slots + slots.more,
    until: now + LEASE_MS + MARGIN_MS,
    partAt: granted.part === 0 && part.more > 0 ? now : granted.partAt,
    slotsAt: granted.slots === 0 && slots.more > 0 ? now : granted.slotsAt,
    isTold: part.isScarce || slots.isScarce,
  };
}

function allotPart(book: Book, { ask: { shard }, granted }: Asker): Allotment {
  const { bucket, shards } = book.total;
  if (!bucket || bucket.rate === 0) return NONE;
  const unit = smallestPart(bucket);
  const others = stakesOf(book, "part").filter((it) => it.shard !== shard);
  // A part without a whole token is of no use where it takes long to come.
  const resource = isSlow(bucket.rate)
    ? { free: Math.min(book.left.part, wholeTokens(book.left.level) * unit), base: unit }
    : { free: book.left.part, base: Math.max(unit, 1 / shards) };
  const stake = stakeOf(book, shard, granted, "part");
  const holders = holdersOf(book.total);
  return allot({ total: 1, unit, holders, isEnough: false, ...resource }, stake, others, book.now);
}

function allotSlots(book: Book, { ask: { shard }, granted }: Asker): Allotment {
  const { slots, shards } = book.total;
  const others = stakesOf(book, "slots").filter((it) => it.shard !== shard);
  const base = Math.max(1, Math.floor(slots / shards));
  const holders = holdersOf(book.total);
  const isEnough = !isRated(book.total);
  const resource = { total: slots, unit: 1, holders, free: book.left.slots, base, isEnough };
  return allot(resource, stakeOf(book, shard, granted, "slots"), others, book.now);
}

/** How many shards can have both a part and a slot at a time. */
function holdersOf({ bucket, slots }: Total): number {
  const parts = bucket && bucket.rate > 0 ? Math.round(1 / smallestPart(bucket)) : MANY;
  return Math.max(1, Math.min(parts, slots));
}

/** Tokens are of no use without a slot. */
function usefulPart(part: Allotment, slots: number): Allotment {
  return slots > 0 ? part : { ...part, more: 0, isShort: part.isShort || part.more > 0 };
}

/** Slots are of no use without a token, but for what needs none. */
function usefulSlots(
  slots: Allotment,
  part: Allotment,
  total: Total,
  { slots: has, part: hasPart, wants }: Granted,
): Allotment {
  if (!isRated(total) || hasPart + part.more > 0) return slots;
  if (has + slots.more === 0) return slots;
  // They are there, and a part is what it waits for.
  const more = Math.max(0, Math.min(slots.more, wants.bare - has));
  return { ...slots, more, isShort: false, recalls: [], turnIn: undefined };
}

const NONE: Allotment = {
  ...{ more: 0, recalls: [], isShort: false, place: 0, turnIn: undefined, isScarce: false },
};

// Where others need some too, a part has as many tokens as its size says.
function tokensFor({ more, isScarce }: Allotment, ask: Statement, { left, total }: Book): number {
  if (more === 0) return 0;
  const there = Math.max(0, left.level.tokens);
  const most = Math.min(there, partOf(total, more).capacity);
  if (!isScarce) return most;
  return Math.min(most, Math.max((there * more) / left.part, Math.min(1, ask.wants.tokens)));
}
