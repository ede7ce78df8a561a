// What another queue is measured by. Its adapter adds in this process, and its worker runs here too.
import type { Handler } from "./handlers.ts";

export interface Peer {
  name: string;
  /** Whether its tasks lie in SQL. */
  isSql?: boolean;
  /** Adds one task. */
  add(): Promise<unknown>;
  /** Adds as many in one call. */
  addMany(n: number): Promise<unknown>;
  /** Prepares a worker with as many attempts at a time; it takes nothing before `start`. */
  worker(concurrency: number, handler: Handler): Promise<PeerWorker>;
  /** Resolves when every task's end is stored. */
  settled(): Promise<void>;
  /** Seconds of CPU its server has used. */
  cpu(): number;
  /** Forgets every task. */
  clear(): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface PeerWorker {
  start(): Promise<unknown> | unknown;
  stop(): Promise<unknown>;
}

/** A peer that this machine does not have, and what it lacks. */
export interface Absent {
  name: string;
  lacks: string;
}

export function isAbsent(peer: Peer | Absent): peer is Absent {
  return "lacks" in peer;
}
