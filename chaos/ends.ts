// Whether tasks that expire, or are replaced, have ended in exactly one way. Pure.
import type { Fate } from "./ruled.ts";
import type { Added, Execution } from "./sort.ts";

export interface Ends {
  fates: readonly Fate[];
  added: readonly Added[];
  /** Executions of their queue. */
  executions: readonly Execution[];
  /** Ids whose records the queue keeps at the end. */
  failed: ReadonlySet<string>;
  expired: ReadonlySet<string>;
  /** How many have expired, as the queue's statistics say. */
  counted: number;
}

export type End = "done" | "failed" | "expired" | "replaced" | "deleted";

export function endFaults(ends: Ends) {
  const all = endsOf(ends);
  const of = (id: string) => all.get(id) ?? [];
  const ran = new Set(ends.executions.map(({ id }) => id));
  const twice = [...all].flatMap(([id, its]) => (its.length > 1 ? [`${id}:${its}`] : []));
  const heirs = ends.fates.flatMap(({ id, heir }) =>
    heir !== undefined && of(id).length > 0 && of(heir).length > 0 ? [`${id}:${heir}`] : [],
  );
  return {
    "no end": ends.fates.flatMap((fate) => (hasNone(fate, of) ? [fate.id] : [])),
    "two ends": [...twice, ...heirs],
    "expired though it ran": [...ends.expired].filter((id) => ran.has(id)),
    "expired uncounted": ends.counted === ends.expired.size ? [] : [`${ends.counted}`],
  };
}

function hasNone({ id, isDoubtful, heir }: Fate, of: (id: string) => readonly End[]): boolean {
  if (of(id).length > 0) return false;
  // Deleted perhaps, or another has its place.
  return heir === undefined ? !isDoubtful : of(heir).length === 0;
}

/** How each task has ended. */
export function endsOf({ added, fates, executions, failed, expired }: Ends): Map<string, End[]> {
  const runs = Map.groupBy(executions, ({ id }) => id);
  const told = new Map(fates.map((fate) => [fate.id, fate]));
  return new Map(
    added.map(({ id }) => {
      const { gone, askedAt } = told.get(id) ?? {};
      const ends: (End | undefined)[] = [
        isDone(runs.get(id) ?? [], askedAt) ? "done" : undefined,
        failed.has(id) ? "failed" : undefined,
        expired.has(id) ? "expired" : undefined,
        gone,
      ];
      return [id, ends.filter((end) => end !== undefined)];
    }),
  );
}

// What a task that was removed answered counts where it was on disk before.
function isDone(runs: readonly Execution[], askedAt: number | undefined): boolean {
  if (askedAt === undefined) return runs.some(({ ok }) => ok);
  return runs.some(({ ok, writtenAt }) => ok && writtenAt !== undefined && writtenAt < askedAt);
}
