// A pull queue whose tasks have keys, each with limits: a key's rate is leases a second, its slots are leases at once.
import { excess, mostOpen } from "./bound.ts";
import { LEASED_SHAPES } from "./keyed.ts";
import type { Grant } from "./leases.ts";

export const LEASED_KEYS = "pull-keyed";

interface Seen {
  grants: readonly Grant[];
  keyOf: ReadonlyMap<string, string>;
}

/** Leases of a key whose moments are known, by the machine's clock. */
type Known = Grant & { givenAt: number };

export function leasedKeyFaults({ grants, keyOf }: Seen) {
  const own = grants.filter(({ queue }) => queue === LEASED_KEYS).filter(isKnown);
  const ofKeys = Object.entries(LEASED_SHAPES).map(([key, shape]) => {
    const leases = own.filter(({ id }) => keyOf.get(id) === key);
    return { key, shape, leases: leases.sort((a, b) => a.givenAt - b.givenAt) };
  });
  return {
    "bound of a key's leases": ofKeys.flatMap(({ key, shape, leases }) =>
      stretches(leases).flatMap((some) => {
        const over = excess(
          some.map(({ from }) => ({ turn: from, read: from })),
          shape,
        );
        return over > 0 ? [`${key}:+${over}`] : [];
      }),
    ),
    "leases of a key at once": ofKeys.flatMap(({ key, shape, leases }) =>
      stretches(leases).flatMap((some) => {
        const most = mostOpen(some.map(spanOf));
        return most > shape.maxRunning ? [`${key}:${most}`] : [];
      }),
    ),
    "order of a key's leases": outOfOrder(ofKeys.find(({ key }) => key === "one")?.leases ?? []),
  };
}

function isKnown(grant: Grant): grant is Known {
  return grant.givenAt !== undefined;
}

/** Leases between which the server's clock went as the machine's does, be it over restarts; at its start a bucket may be full. */
function stretches(leases: readonly Known[]): Known[][] {
  const parts: Known[][] = [];
  for (const lease of leases) {
    const former = parts.at(-1);
    if (former?.[0] && aheadOf(former[0]) === aheadOf(lease)) former.push(lease);
    else parts.push([lease]);
  }
  return parts;
}

const aheadOf = ({ from, givenAt }: Known) => from - givenAt;

/** How long it had its slot at least: until somebody asked to end it, or it ran out. */
function spanOf(lease: Known): { from: number; to: number } {
  const { givenAt, to, settledAt = Number.POSITIVE_INFINITY } = lease;
  return { from: givenAt, to: Math.min(to - aheadOf(lease), settledAt) };
}

/** Tasks between whose two leases another of the key was leased. */
function outOfOrder(leases: readonly Known[]): string[] {
  return leases.flatMap(({ id }, i) => {
    const next = leases.findIndex((it, j) => j > i && it.id === id);
    return next > i + 1 ? [id] : [];
  });
}
