// Sorts what was added, executed and left over. Pure; times in ms since 1970 by the collector's clock.

export interface Added {
  id: string;
  name?: string | undefined;
  /** `doubt`: the answer never came. */
  answer: "accepted" | "refused" | "doubt";
  /** What is to come of it: a success, a failure that is kept or handed on, or (where an operator was) either. */
  end: "done" | "failed" | "any";
  /** When its removal was answered: nothing may start after it. */
  removedAt?: number;
}

export interface Execution {
  id: string;
  /** The life of the server it ran in. */
  life: number;
  startedAt: number;
  endedAt?: number;
  ok?: boolean;
}

export interface Facts {
  added: readonly Added[];
  executions: readonly Execution[];
  /** Ids kept as failed, or seen by the dead-letter queue. */
  failed: ReadonlySet<string>;
  /** When each life ended, and when objects were ended in between. */
  cuts: readonly number[];
}

export interface Verdict {
  ok: string[];
  lost: string[];
  unexpected: string[];
  duplicatedWithReason: string[];
  duplicated: string[];
  recovered: string[];
  namedTwice: string[];
}

/** An answer given so shortly before a cut may not have been written; commits are held no longer. */
const UNWRITTEN_MS = 2000;

export function sortAll({ added, executions, failed, cuts }: Facts): Verdict {
  const runs = Map.groupBy(executions, ({ id }) => id);
  const verdict: Verdict = {
    ...{ ok: [], lost: [], unexpected: [], duplicatedWithReason: [], duplicated: [] },
    ...{ recovered: [], namedTwice: namedTwice(added, runs) },
  };
  const known = new Map(added.map((one) => [one.id, one]));
  for (const [id, of] of runs) if (isUnexpected(known.get(id), of)) verdict.unexpected.push(id);
  for (const one of added) {
    const of = [...(runs.get(one.id) ?? [])].sort((a, b) => a.startedAt - b.startedAt);
    if (isLost(one, of, failed)) verdict.lost.push(one.id);
    else if (one.answer === "accepted") verdict.ok.push(one.id);
    const repeats = repeatsOf(of);
    if (repeats.some(([former]) => !isCut(former, cuts))) verdict.duplicated.push(one.id);
    else if (repeats.length > 0) verdict.duplicatedWithReason.push(one.id);
    if (of.length > 0 && (of[0] as Execution).life !== of.at(-1)?.life) {
      verdict.recovered.push(one.id);
    }
  }
  return verdict;
}

function isUnexpected(one: Added | undefined, runs: readonly Execution[]): boolean {
  if (!one || one.answer === "refused") return true;
  return runs.some(({ startedAt }) => startedAt > (one.removedAt ?? Number.POSITIVE_INFINITY));
}

function isLost(one: Added, runs: readonly Execution[], failed: ReadonlySet<string>): boolean {
  if (one.answer !== "accepted" || one.end === "any") return false;
  return one.end === "done" ? !runs.some(({ ok }) => ok) : !failed.has(one.id);
}

/** Executions that came though the one before had succeeded, or had not ended. */
function repeatsOf(runs: readonly Execution[]): [former: Execution, next: Execution][] {
  return runs.slice(1).flatMap((next, i) => {
    const former = runs[i] as Execution;
    const hadFailed = former.ok === false && (former.endedAt ?? 0) <= next.startedAt;
    return hadFailed ? [] : [[former, next] as [Execution, Execution]];
  });
}

function isCut(
  { startedAt, endedAt = Number.POSITIVE_INFINITY }: Execution,
  cuts: readonly number[],
) {
  return cuts.some((cut) => startedAt <= cut && endedAt >= cut - UNWRITTEN_MS);
}

// A name that was sent again after an answer got lost has another id each time.
function namedTwice(added: readonly Added[], runs: ReadonlyMap<string, unknown>): string[] {
  const named = Map.groupBy(
    added.filter(({ name }) => name !== undefined),
    ({ name }) => name as string,
  );
  return [...named].flatMap(([name, all]) => {
    const there = all.filter(({ id, answer }) => answer === "accepted" || runs.has(id));
    return there.length > 1 ? [name] : [];
  });
}
