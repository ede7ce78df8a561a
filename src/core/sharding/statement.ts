// What a queue's shards and its coordinator say to each other of shares. A shard says all there is to say each time,
// numbered, so that its last word counts and whatever was lost, doubled or overtaken before it does not.
import type { Holding } from "./share.ts";

/** What a shard could use; `MANY` is more than it has counted. */
export interface Wants {
  /** Tasks that are due and have no token. */
  tokens: number;
  /** Attempts it has under way or could start. */
  slots: number;
  /** Those among them that need no token. */
  bare: number;
  /** What it has started of late, a second. */
  pace: number;
}

/** More than anybody counts. A number, since it is stored as JSON. */
export const MANY = 1e9;

/** A shard's word. */
export interface Statement {
  shard: number;
  /** A random number that each life of the shard's object has. */
  instance: number;
  /** The life before it, as the coordinator has said; without one the coordinator must know none. */
  replaces?: number | undefined;
  /** Numbers the statements of one life, from 1. */
  number: number;
  /** The last statement whose answer it took, 0 if none: what was granted since it will never take. */
  took: number;
  /** What the shard keeps; the rest of what it was granted it will never use again. */
  holds: Holding;
  /** Tokens that it has not used, from what it does not keep. */
  tokens: number;
  wants: Wants;
}

/** The coordinator's answer to a statement that asks. */
export interface Grant {
  /** Of the statement it answers: it is taken by a shard that has said nothing since. */
  number: number;
  /** All the shard has from now on. */
  holds: Holding;
  /** What comes to the tokens it has. */
  tokens: number;
  /** Its part fills from then on, in ms from now: the coordinator's clock has gone back, and has filled so far before. */
  fillsIn?: number;
  /** When to ask again for what it lacks, in ms from now. */
  again: number;
  /** Whether others could use what it does not need. */
  isScarce: boolean;
  /** What there is too little of for it. */
  lacks?: "slot" | "token";
  /** Set when the statement was not heard: the life of the shard that counts. */
  knows?: number;
}

/** The coordinator calls a shard to give back what is above these; it answers with a statement. */
export interface Recall {
  shard: number;
  instance: number;
  keeps: Holding;
}

/** How long tokens are lent, in ms: the shard counts from when it asked. */
export const LEASE_MS = 10_000;

/**
 * The coordinator counts from when it answered, and adds this in ms: no two clocks are compared, but they may run at
 * rates that differ by a tenth, or one may jump by a second.
 */
export const MARGIN_MS = 1_000;
