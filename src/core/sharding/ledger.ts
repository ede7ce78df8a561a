// The coordinator's book: what each shard was granted of the queue's capacity. What is free is what was not granted,
// so that nothing can be there twice. Written to disk before any answer leaves.
//
// Why no message can make a token or a slot, however late, lost or doubled it is:
// - A statement is heard once: its number is higher than all heard before of the same life. So nothing is given back twice.
// - A shard takes a grant only as the answer to its last statement. So when a statement is heard, the shard has what it
//   says there and takes nothing that was granted before; what the book has above that is free. Tokens of a grant that
//   it says it has not taken come back, as far as the part they were for does.
// - A lease ends at the shard before it does here (MARGIN_MS): then the part is free, empty. What of it is given back
//   later comes to nothing, as the book has no part of it any more.
// - Slots are free by the shard's word alone, or by that of a new life, since an object lives once at a time: whoever
//   speaks for the next one has heard the name of the one before in an answer, and the dead hear none. So what a former
//   life has said and comes late cannot pass for the word of the present one.
import { type Bucket, fullBucket, refilled } from "../dispatch/bucket.ts";
import {
  emptyShare,
  type Holding,
  merged,
  NEGLIGIBLE,
  partOf,
  type Share,
  type Total,
} from "./share.ts";
import { LEASE_MS, MARGIN_MS, type Statement, type Wants } from "./statement.ts";

/** What a shard was granted and has said; times in ms by the coordinator's clock. */
export interface Granted extends Holding {
  instance: number;
  /** The last statement that was heard. */
  number: number;
  /** The tokens it was granted with the answer to that. */
  given: number;
  /** When the lease of its part ends. */
  until: number;
  wants: Wants;
  /** When it asks again, at the latest. */
  againAt: number;
  /** Since when it has a part, and slots, or has none: who has waited longer is served first. */
  partAt: number;
  slotsAt: number;
  recalledAt: number;
  /** What it was called to keep then. */
  recalledTo?: Holding;
  nudgedAt: number;
  /** Whether it knows that others lack what it does not need. */
  isTold: boolean;
}

/** Plain values, to be stored as JSON. */
export interface Ledger {
  /** The tokens in the part that is free; absent until there was a bucket. */
  level?: Bucket;
  grants: Readonly<Record<string, Granted>>;
}

/** The book on disk, and what it is the book of. */
export interface StoredShares {
  ledger: Ledger;
  total: Total;
}

export function emptyLedger(level?: Bucket): Ledger {
  return level ? { level, grants: {} } : { grants: {} };
}

/** So long after its last word a shard that has and wants nothing is forgotten, in ms: no message comes later. */
const IDLE_MS = 60_000;

/** The book without those that have had nothing for long; `ledger` is settled at `now`. */
export function withoutIdle(ledger: Ledger, now: number): Ledger {
  const grants = Object.entries(ledger.grants).filter(
    ([, { part, slots, againAt, until }]) =>
      part > 0 || slots > 0 || now < Math.max(againAt, until) + IDLE_MS,
  );
  return { ...ledger, grants: Object.fromEntries(grants) };
}

/** What nobody was granted. Below zero where a queue was given less than its shards have: then nothing is granted. */
export function free({ level, grants }: Ledger, total: Total, now: number): Share {
  let [part, slots] = [total.bucket ? 1 : 0, total.slots];
  for (const granted of Object.values(grants)) {
    part -= granted.part;
    slots -= granted.slots;
  }
  if (Math.abs(part) < NEGLIGIBLE) part = 0;
  return { part, slots, level: level ?? { tokens: 0, at: now } };
}

/** The book at `now`: leases that are over have ended, and what is free has filled. */
export function settled(ledger: Ledger, total: Total, now: number): Ledger {
  const book = withoutEnded(ledger, total, now);
  const level = levelAt(book, total, now);
  const grants: Record<string, Granted> = {};
  for (const [shard, granted] of Object.entries(book.grants)) {
    // A clock that went back must not keep a lease for longer than one can be.
    const until = Math.min(granted.until, now + LEASE_MS + MARGIN_MS);
    grants[shard] = until <= now ? { ...granted, until, part: 0 } : { ...granted, until };
  }
  return level ? { level, grants } : { grants };
}

// A part is free, and fills, from when its lease was over, not from when somebody looks.
function withoutEnded(ledger: Ledger, total: Total, now: number): Ledger {
  const isOver = ({ part, until }: Granted) => part > 0 && until <= now;
  const ended = Object.entries(ledger.grants).filter(([, granted]) => isOver(granted));
  ended.sort(([, a], [, b]) => a.until - b.until);
  let book = ledger;
  for (const [shard, granted] of ended) {
    const level = levelAt(book, total, granted.until);
    if (level) book = { ...book, level };
    book = withGrant(book, Number(shard), { ...granted, part: 0 });
  }
  return book;
}

function levelAt(ledger: Ledger, total: Total, now: number): Bucket | undefined {
  if (!total.bucket) return undefined;
  if (!ledger.level) return fullBucket(partOf(total, free(ledger, total, now).part), now);
  return refilled(ledger.level, partOf(total, free(ledger, total, now).part), now);
}

/** What the book is after a statement, or the life that counts when it cannot be heard. */
export type Heard = { ledger: Ledger; granted: Granted } | { knows: number };

/** The first shard of a queue that had one until now: its attempts have their slots. */
export function withRunning(
  ledger: Ledger,
  shard: number,
  instance: number,
  running: number,
): Ledger {
  const wants = { tokens: 0, slots: running, bare: running, pace: 0 };
  const granted = newLife(undefined, { instance, wants });
  return withGrant(ledger, shard, { ...granted, slots: running });
}

/** Whether shards other than the first have anything at `now`. */
export function isLent({ grants }: Ledger, now: number): boolean {
  return Object.entries(grants).some(
    ([shard, { part, slots, until }]) => shard !== "0" && (slots > 0 || (part > 0 && until > now)),
  );
}

/** Hears a statement; `ledger` is settled at `now`. */
export function heard(ledger: Ledger, total: Total, statement: Statement, now: number): Heard {
  const known = ledger.grants[statement.shard];
  if (known && isOld(known, statement)) return { knows: known.instance };
  const before = known?.instance === statement.instance ? known : newLife(known, statement);
  const part = Math.min(before.part, statement.holds.part);
  const slots = Math.min(before.slots, statement.holds.slots);
  const granted = {
    // What it was told last it knows by now.
    ...{ ...before, part, slots, given: 0, againAt: now, nudgedAt: 0 },
    ...{ number: statement.number, wants: statement.wants },
    partAt: part === 0 && before.part > 0 ? now : before.partAt,
    slotsAt: slots === 0 && before.slots > 0 ? now : before.slotsAt,
  };
  const next = withGrant(ledger, statement.shard, granted);
  // It has not taken what it was granted last: those tokens nobody can have used.
  const missed = statement.took === before.number ? 0 : before.given;
  const returned = Math.min(statement.tokens + missed, partOf(total, before.part - part).capacity);
  return { ledger: withTokens(next, total, returned, now), granted };
}

function isOld(known: Granted, { instance, replaces, number }: Statement): boolean {
  if (known.instance === instance) return number <= known.number;
  return replaces !== known.instance;
}

/** Nothing runs in a new life, and it has no tokens. */
function newLife(
  known: Granted | undefined,
  { instance, wants }: Pick<Statement, "instance" | "wants">,
): Granted {
  const waited = { partAt: known?.partAt ?? 0, slotsAt: known?.slotsAt ?? 0 };
  return {
    ...{
      part: 0,
      slots: 0,
      instance,
      number: 0,
      given: 0,
      until: 0,
      wants,
      againAt: 0,
      recalledAt: 0,
    },
    nudgedAt: 0,
    ...waited,
    isTold: false,
  };
}

export function withGrant(ledger: Ledger, shard: number, granted: Granted): Ledger {
  return { ...ledger, grants: { ...ledger.grants, [shard]: granted } };
}

/** More or fewer tokens in the part that is free, as far as they fit into it. */
export function withTokens(ledger: Ledger, total: Total, tokens: number, now: number): Ledger {
  if (!ledger.level) return ledger;
  const gift: Share = { ...emptyShare(now), level: { tokens, at: now } };
  return { ...ledger, level: merged(free(ledger, total, now), gift, total).level };
}
