// Were leases fenced? Pure. Each grant says what its worker did with it and what was answered.

export interface Grant {
  id: string;
  queue: string;
  /** When the server gave it and when it ends, by the server's clock; the end that was answered last. */
  from: number;
  to: number;
  /** The same by the machine's clock; absent where the server's jumped meanwhile. Answers may come out of order. */
  givenAt?: number | undefined;
  /** The latest that the server's clock may have shown before, where it has gone back since. */
  peak?: number;
  /** It was given back, so another may have it at once. */
  isReturned?: boolean;
  /** A change of it was sent and the answer got lost. */
  isDoubtful?: boolean;
  /** An acknowledgement was sent and the answer got lost. */
  isPerhapsAcked?: boolean;
  /** By the clock of this process: when its end was asked for, and when the acknowledgement was answered. */
  settledAt?: number;
  ackedAt?: number;
  /** How often its worker came with a token that held no more, and was answered. */
  tried?: number;
  /** What it did by such a token that held no more, and was answered as if it did. */
  wronged?: string[];
}

export interface LeaseFaults {
  /** Leased to two at once. */
  together: string[];
  /** Leased again, or acknowledged again, though it was acknowledged. */
  back: string[];
  /** A token that held no more was accepted. */
  stale: string[];
}

export function leaseFaults(grants: readonly Grant[]): LeaseFaults {
  const faults: LeaseFaults = { together: [], back: [], stale: [] };
  for (const grant of grants) {
    for (const what of grant.wronged ?? []) faults.stale.push(`${grant.id}:${what}`);
  }
  for (const [id, of] of Map.groupBy(grants, ({ id }) => id)) {
    const known = of.filter(({ givenAt }) => givenAt !== undefined);
    const inOrder = known.sort((a, b) => (a.givenAt as number) - (b.givenAt as number));
    const pairs = inOrder.slice(1).map((next, i) => [inOrder[i] as Grant, next] as const);
    if (pairs.some(([former]) => former.ackedAt !== undefined)) faults.back.push(id);
    if (pairs.some(([former, next]) => isHeld(former, next))) faults.together.push(id);
  }
  return faults;
}

// A lease holds to its last millisecond. One that has run out stays so though the clock goes back.
function isHeld(former: Grant, { from, peak = from }: Grant): boolean {
  const isOver = former.isReturned || former.isDoubtful || former.isPerhapsAcked;
  return !isOver && Math.max(from, peak) <= former.to;
}

/** Of a task's grants: whether an acknowledgement whose answer got lost may have been its end, for it was not leased after that. */
export function mayBeAcked(grants: readonly Grant[]): boolean {
  // Where it is not known when a lease was given, it may have been before.
  const isLast = ({ givenAt = Number.POSITIVE_INFINITY }: Grant) =>
    !grants.some((other) => (other.givenAt ?? 0) > givenAt);
  return grants.some((grant) => grant.isPerhapsAcked && isLast(grant));
}
