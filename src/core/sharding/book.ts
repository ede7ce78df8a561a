// The book at a moment: what is free in it, and what each shard has or could use of each kind.
import { wholeTokens } from "../dispatch/bucket.ts";
import type { Stake } from "./allotment.ts";
import { type Granted, type Ledger, withGrant } from "./ledger.ts";
import { isSlow, type Share, smallestPart, type Total } from "./share.ts";
import { MANY } from "./statement.ts";

/** What a shard has said it could use counts for so long after it should have asked again, in ms. */
const FRESH_MS = 1_000;
/** A margin for what a task's start varies, as a factor. */
const HEADROOM = 1.25;

/** The book at a moment, and what is free in it. */
export interface Book {
  ledger: Ledger;
  total: Total;
  left: Share;
  now: number;
}

export type Kind = "part" | "slots";

/** Whether tasks need tokens. */
export function isRated({ bucket }: Total): boolean {
  return bucket !== undefined && bucket.rate > 0;
}

/** How many shards could have a part of use now. */
export function freeParts({ total: { bucket }, left }: Book): number {
  if (!bucket || bucket.rate === 0) return 0;
  const parts = Math.floor(left.part / smallestPart(bucket) + 1e-6);
  return isSlow(bucket.rate) ? Math.min(parts, wholeTokens(left.level)) : parts;
}

/** Who has or could use some, as far as that is known. */
export function stakesOf(book: Book, of: Kind): Stake[] {
  return Object.entries(book.ledger.grants)
    .map(([shard, granted]) => stakeOf(book, Number(shard), granted, of))
    .filter(({ has, wants }) => has > 0 || wants > 0);
}

export function stakeOf({ total, now }: Book, shard: number, granted: Granted, of: Kind): Stake {
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

export function touched(ledger: Ledger, shard: number, change: Partial<Granted>): Ledger {
  return withGrant(ledger, shard, { ...(ledger.grants[shard] as Granted), ...change });
}
