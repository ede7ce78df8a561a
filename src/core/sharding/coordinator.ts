// The coordinator's decisions: what a shard that asks is granted, and which others give back for it.
import { wholeTokens } from "../dispatch/bucket.ts";
import { type Allotment, allot, lacks, type Stake } from "./allotment.ts";
import {
  free,
  type Granted,
  heard,
  type Ledger,
  settled,
  withGrant,
  withTokens,
} from "./ledger.ts";
import {
  type Holding,
  isSlow,
  NOTHING,
  partOf,
  type Share,
  smallestPart,
  type Total,
} from "./share.ts";
import { type Grant, LEASE_MS, MANY, MARGIN_MS, type Recall, type Statement } from "./statement.ts";

/** What is to be written before any message leaves. */
export interface Told {
  ledger: Ledger;
  /** Shards to tell that it is worth asking. */
  nudges: number[];
}

export interface Decision extends Told {
  grant: Grant;
  /** Shards to call that give something back. */
  recalls: Recall[];
}

/** The same for several that ask: a grant for each, in their order. */
export interface Decisions extends Omit<Decision, "grant"> {
  grants: Grant[];
}

/** What a shard has said it could use counts for so long after it should have asked again, in ms. */
const FRESH_MS = 1_000;
/** A shard is called to give back no more often, in ms. */
const RECALL_EVERY_MS = 500;
const NUDGE_EVERY_MS = 200;
/** A shard that has said nothing for so long may have ended while it had slots, in ms. */
const SILENT_MS = 30_000;
const MOST_CALLS = 16;
/** Without a better time to ask again, in ms. */
const AGAIN_MS = 300;
/** Within so long those ask that have got something to do at the same time, in ms. */
export const STEP_MS = 50;
const SOONEST_MS = 20;
const LONGEST_TURN_MS = 60_000;
/** Nobody is told to ask later than this, in ms. */
export const LONGEST_MS = 3_600_000;
/** A margin for what a task's start varies, as a factor. */
const HEADROOM = 1.25;

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

/** The book after those that could use what is free were told. */
function tellWaiting(
  ledger: Ledger,
  total: Total,
  now: number,
  but: ReadonlySet<number> = new Set(),
): Told {
  const nudges = waiting({ ledger, total, now, left: free(ledger, total, now) }, but);
  const told = nudges.reduce((book, shard) => touched(book, shard, { nudgedAt: now }), ledger);
  return { ledger: told, nudges };
}

// Who has none comes first; who has some and lacks more comes in when nobody has none.
function waiting(book: Book, but: ReadonlySet<number>): number[] {
  const { grants } = book.ledger;
  const parts = freeParts(book);
  const { slots } = book.left;
  const next = (of: Kind, n: number, isOfUse: (it: Granted) => boolean) => {
    const those = stakesOf(book, of).filter(
      (it) => !but.has(it.shard) && lacks(it) && isOfUse(grants[it.shard] as Granted),
    );
    const without = those.filter(({ has }) => has === 0);
    const first = without.length > 0 ? without : those;
    return first.sort((a, b) => a.has - b.has || a.since - b.since).slice(0, Math.max(0, n));
  };
  const found = [
    ...next("part", parts, (it) => it.slots > 0 || slots > 0),
    // Who has no part either is among those before, as many as there are parts for.
    ...next("slots", slots, (it) => it.part > 0 || !isRated(book.total)),
  ];
  // One that was told and has not answered is on its way, and what is there is for it.
  const told = found.filter(({ shard }) => mayNudge(grants[shard] as Granted, book.now));
  return [...new Set(told.map(({ shard }) => shard))].slice(0, MOST_CALLS);
}

function mayNudge({ nudgedAt }: Granted, now: number): boolean {
  return Math.abs(now - nudgedAt) >= NUDGE_EVERY_MS;
}

/** Whether tasks need tokens. */
function isRated({ bucket }: Total): boolean {
  return bucket !== undefined && bucket.rate > 0;
}

/** The book at a moment, and what is free in it. */
interface Book {
  ledger: Ledger;
  total: Total;
  left: Share;
  now: number;
}

/** A shard that asks, and what it has. */
interface Asker {
  ask: Statement;
  granted: Granted;
}

type Kind = "part" | "slots";

/** How many shards could have a part of use now. */
function freeParts({ total: { bucket }, left }: Book): number {
  if (!bucket || bucket.rate === 0) return 0;
  const parts = Math.floor(left.part / smallestPart(bucket) + 1e-6);
  return isSlow(bucket.rate) ? Math.min(parts, wholeTokens(left.level)) : parts;
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

/** Who has or could use some, as far as that is known. */
function stakesOf(book: Book, of: Kind): Stake[] {
  return Object.entries(book.ledger.grants)
    .map(([shard, granted]) => stakeOf(book, Number(shard), granted, of))
    .filter(({ has, wants }) => has > 0 || wants > 0);
}

function stakeOf({ total, now }: Book, shard: number, granted: Granted, of: Kind): Stake {
  const isFresh = now < granted.againAt + FRESH_MS;
  const wants =
    of === "part" ? wantedPart(granted, total) : Math.min(granted.wants.slots, total.slots);
  const since = of === "part" ? granted.partAt : granted.slotsAt;
  return { shard, has: granted[of], wants: isFresh ? wants : 0, since };
}

/** The part by which a shard could start what is due within a second, at the pace it has. */
function wantedPart({ wants, part }: Granted, { bucket }: Total): number {
  if (!bucket || bucket.rate === 0) return 0;
  const { capacity, rate } = bucket;
  if (wants.tokens >= MANY) return 1;
  // Who has given back all of it and waits for nothing will ask when there is something.
  const isDone = part === 0 && wants.tokens === 0;
  const paced = isSlow(rate) || isDone ? 0 : (wants.pace * HEADROOM) / rate;
  const tokens = wants.tokens / Math.min(capacity, Math.max(rate, 1));
  const all = Math.min(1, Math.max(paced, wants.tokens > 0 ? part + tokens : 0));
  return all > 0 ? Math.max(all, smallestPart(bucket)) : 0;
}

// Where others need some too, a part has as many tokens as its size says.
function tokensFor({ more, isScarce }: Allotment, ask: Statement, { left, total }: Book): number {
  if (more === 0) return 0;
  const there = Math.max(0, left.level.tokens);
  const most = Math.min(there, partOf(total, more).capacity);
  if (!isScarce) return most;
  return Math.min(most, Math.max((there * more) / left.part, Math.min(1, ask.wants.tokens)));
}

function recallsOf(book: Book, part: Allotment, slots: Allotment): Recall[] {
  const isShort = part.isShort || (slots.isShort && !slots.isFirstStep);
  const partOf = new Map(part.recalls.map(({ shard, keeps }) => [shard, keeps]));
  const slotsOf = new Map(slots.recalls.map(({ shard, keeps }) => [shard, keeps]));
  return Object.entries(book.ledger.grants)
    .map(([key, granted]) => {
      const shard = Number(key);
      const keeps = { part: partOf.get(shard) ?? 1, slots: slotsOf.get(shard) ?? MANY };
      return { shard, keeps, granted };
    })
    .filter(({ shard, keeps, granted }) => {
      const isCalled = partOf.has(shard) || slotsOf.has(shard);
      const hasSpare = isShort && mayHaveSpare(granted, book.now);
      return (isCalled || hasSpare) && mayCall(granted, keeps, book);
    })
    .sort((a, b) => b.granted.part - a.granted.part || b.granted.slots - a.granted.slots)
    .slice(0, MOST_CALLS)
    .map(({ shard, keeps, granted: { instance } }) => ({ shard, instance, keeps }));
}

/** It may have what it does not need, and does not know that others do, or has not been heard for long. */
function mayHaveSpare(granted: Granted, now: number): boolean {
  const { isTold, part, slots, againAt, recalledAt } = granted;
  const isSilent = now > Math.max(againAt, recalledAt) + SILENT_MS;
  return (!isTold || isSilent) && (part > 0 || slots > 0);
}

// Once more where it is to keep less: others have come since. Where turns are taken it would be called for each.
function mayCall(
  { recalledAt, recalledTo }: Granted,
  keeps: Holding,
  { total, now }: Book,
): boolean {
  if (Math.abs(now - recalledAt) >= RECALL_EVERY_MS) return true;
  return !isRated(total) && recalledTo !== undefined && keeps.slots < recalledTo.slots;
}

function afterRecalls(ledger: Ledger, recalls: readonly Recall[], now: number): Ledger {
  return recalls.reduce(
    (book, { shard, keeps }) => touched(book, shard, { recalledAt: now, recalledTo: keeps }),
    ledger,
  );
}

function touched(ledger: Ledger, shard: number, change: Partial<Granted>): Ledger {
  return withGrant(ledger, shard, { ...(ledger.grants[shard] as Granted), ...change });
}

/** A shard that has some and lacks more is told when there is more. */
function againIn(book: Book, next: Granted, part: Allotment, slots: Allotment): number {
  if (slots.isFirstStep) return STEP_MS;
  const times: number[] = [];
  if (part.isShort && next.part === 0) times.push(tokenIn(book, part) ?? turnIn(part));
  if (slots.isShort && next.slots === 0) times.push(turnIn(slots));
  if (times.length > 0) return Math.max(SOONEST_MS, ...times);
  const hasAll = next.part >= 1 && next.slots >= Math.min(MANY, book.total.slots);
  return part.isShort || slots.isShort || hasAll ? LEASE_MS / 2 : AGAIN_MS;
}

// Once another has been called to give it back, it is told when that has come.
function turnIn({ turnIn = 0 }: Allotment): number {
  return turnIn > 0 ? Math.min(turnIn, LONGEST_TURN_MS) : AGAIN_MS;
}

/** When a slow bucket has a token for the shard (ms from now). */
function tokenIn({ left, total: { bucket } }: Book, { place }: Allotment): number | undefined {
  if (!bucket || bucket.rate === 0 || !isSlow(bucket.rate)) return undefined;
  const ms = ((place + 1 - left.level.tokens) / bucket.rate) * 1000;
  return Math.min(LONGEST_MS, Math.ceil(ms));
}
