// Whose turn it is: which shards give back for one that asks, which are told that there is something, and when the one that
// was answered asks again.
import { type Allotment, lacks } from "./allotment.ts";
import { type Book, freeParts, isRated, type Kind, stakesOf, touched } from "./book.ts";
import { free, type Granted, type Ledger } from "./ledger.ts";
import { type Holding, isSlow, type Total } from "./share.ts";
import { LEASE_MS, MANY, type Recall } from "./statement.ts";

/** What is to be written before any message leaves. */
export interface Told {
  ledger: Ledger;
  /** Shards to tell that it is worth asking. */
  nudges: number[];
}

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

/** The book after those that could use what is free were told. */
export function tellWaiting(
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

export function recallsOf(book: Book, part: Allotment, slots: Allotment): Recall[] {
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

export function afterRecalls(ledger: Ledger, recalls: readonly Recall[], now: number): Ledger {
  return recalls.reduce(
    (book, { shard, keeps }) => touched(book, shard, { recalledAt: now, recalledTo: keeps }),
    ledger,
  );
}

/** A shard that has some and lacks more is told when there is more. */
export function againIn(book: Book, next: Granted, part: Allotment, slots: Allotment): number {
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
