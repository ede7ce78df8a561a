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
  queue: string;
  /** Which of the queue's objects it was of, where that is known. */
  shard?: number | undefined;
  startedAt: number;
  /** When it left the queue's object, which is before its start is reported. */
  at?: number | undefined;
  endedAt?: number;
  ok?: boolean;
  /** It failed for good: only a redrive brings the task back. */
  isFinal?: boolean | undefined;
  /** When the server said that the result is on disk. */
  writtenAt?: number;
  /** When its handler was told that its deadline has passed. */
  cutAt?: number;
  /** The server's clock when it told so, and when it said that the result is on disk. */
  cutReading?: number;
  writtenReading?: number;
  /** The server's clock: when the attempt's turn began, and the latest it had shown by then. */
  turn?: number | undefined;
  latest?: number | undefined;
  /** The same by a clock that goes on where the server's goes back within a life. */
  turnOnward?: number | undefined;
  latestOnward?: number | undefined;
  deadlineMs?: number | undefined;
}

/** An operator's request for failed tasks to run again: of these ids, or of all on a queue. */
export interface Redrive {
  ids: readonly string[] | { queue: string };
  askedAt: number;
  answeredAt?: number;
  /** Those of which the answer said that they are back on the queue. */
  back: readonly string[];
}

/** A server, or one of its objects, ended within this time. */
export interface Cut {
  from: number;
  to: number;
  /** Whose object, the first if there are several; absent where it was the server. */
  queue?: string;
}

export interface Facts {
  added: readonly Added[];
  executions: readonly Execution[];
  /** Ids kept as failed, or seen by the dead-letter queue. */
  failed: ReadonlySet<string>;
  redrives: readonly Redrive[];
  cuts: readonly Cut[];
}

export interface Verdict {
  ok: string[];
  lost: string[];
  unexpected: string[];
  cutOff: string[];
  pastDeadline: string[];
  redriven: string[];
  duplicated: string[];
  recovered: string[];
  namedTwice: string[];
}

interface Judged extends Facts {
  /** In ms, by the life: what has ended so long before a cut, and was not said to be on disk, is not there. */
  untold: (life: number) => number;
}

type Reason = "retry" | "cut off" | "past deadline" | "redriven" | "unasked" | "none";

export function sortAll(facts: Facts): Verdict {
  const runs = Map.groupBy(facts.executions, ({ id }) => id);
  const judged = { ...facts, untold: untoldMs(facts.executions) };
  const known = new Map(facts.added.map((one) => [one.id, one]));
  const verdict: Verdict = {
    ...{ ok: [], lost: [], unexpected: [], cutOff: [], pastDeadline: [], redriven: [] },
    ...{ duplicated: [], recovered: [], namedTwice: namedTwice(facts.added, runs) },
  };
  for (const [id, of] of runs) {
    const inOrder = of.toSorted((a, b) => a.startedAt - b.startedAt);
    sortRuns(id, inOrder, known.get(id), judged, verdict);
  }
  for (const one of facts.added) {
    if (isLost(one, runs.get(one.id) ?? [], facts)) verdict.lost.push(one.id);
    else if (one.answer === "accepted") verdict.ok.push(one.id);
  }
  return verdict;
}

function sortRuns(
  id: string,
  runs: readonly Execution[],
  one: Added | undefined,
  facts: Judged,
  verdict: Verdict,
): void {
  const reasons = new Set(reasonsOf(runs, facts));
  if (!one || isUnexpected(one, runs) || reasons.has("unasked")) verdict.unexpected.push(id);
  if (reasons.has("none")) verdict.duplicated.push(id);
  if (reasons.has("cut off")) verdict.cutOff.push(id);
  if (reasons.has("past deadline")) verdict.pastDeadline.push(id);
  if (reasons.has("redriven")) verdict.redriven.push(id);
  if (runs[0]?.life !== runs.at(-1)?.life) verdict.recovered.push(id);
}

function isUnexpected({ answer, removedAt }: Added, runs: readonly Execution[]): boolean {
  if (answer === "refused") return true;
  const end = removedAt ?? Number.POSITIVE_INFINITY;
  return runs.some(({ startedAt, at = startedAt }) => at > end);
}

/** Why each execution but the first came. A redrive brings a task back once. */
function reasonsOf(runs: readonly Execution[], facts: Judged): Reason[] {
  const unused = new Set(facts.redrives);
  return runs.slice(1).map((next, i) => {
    const former = runs[i] as Execution;
    const hasFailed = former.ok === false && (former.endedAt ?? 0) <= next.startedAt;
    if (hasFailed && !former.isFinal) return "retry";
    const redrive = hasFailed && [...unused].find((by) => mayHaveBrought(by, former, next));
    if (redrive) unused.delete(redrive);
    if (redrive) return "redriven";
    if (isCutOff(former, next, facts)) return "cut off";
    if (isPastDeadline(former, next)) return "past deadline";
    return hasFailed ? "unasked" : "none";
  });
}

function mayHaveBrought({ ids, askedAt, answeredAt }: Redrive, former: Execution, next: Execution) {
  const isOfIt = "queue" in ids ? ids.queue === next.queue : ids.includes(next.id);
  const isAfter = (answeredAt ?? Number.POSITIVE_INFINITY) >= (former.endedAt as number);
  return isOfIt && isAfter && askedAt <= next.startedAt;
}

/** Of what has ended the server says within this time that it is on disk, or it is not; on a busy machine it takes longer. */
const UNTOLD_MS = 2000;
const ALMOST_ALL = 0.99;

function untoldMs(executions: readonly Execution[]): (life: number) => number {
  const took = executions.flatMap(({ endedAt, writtenAt }) =>
    endedAt !== undefined && writtenAt !== undefined ? [writtenAt - endedAt] : [],
  );
  took.sort((a, b) => a - b);
  const most = Math.max(UNTOLD_MS, took[Math.floor(took.length * ALMOST_ALL)] ?? 0);
  const lag = lagMs(executions);
  return (life) => Math.max(most, lag(life));
}

/** How long the server of a life took at most to have an attempt that it sent reach its handler: so long it stood still. */
export function lagMs(executions: readonly Execution[]): (life: number) => number {
  const most = new Map<number, number>();
  for (const { life, startedAt, at = startedAt } of executions) {
    most.set(life, Math.max(most.get(life) ?? 0, startedAt - at));
  }
  return (life) => most.get(life) ?? 0;
}

/** What the server said to be on disk was not cut off, however soon it ended. */
function isCutOff(former: Execution, next: Execution, { cuts, untold }: Judged): boolean {
  const { life, writtenAt, startedAt, endedAt = Number.POSITIVE_INFINITY } = former;
  if (writtenAt !== undefined) return false;
  return cuts.some(
    (cut) =>
      isOf(cut, former) &&
      startedAt <= cut.to &&
      endedAt >= cut.from - untold(life) &&
      cut.from <= next.startedAt,
  );
}

/** Whether it was the object of the execution that ended. */
function isOf({ queue: ended }: Cut, { queue, shard = 0 }: Execution): boolean {
  return ended === undefined || (ended === queue && shard === 0);
}

/**
 * By the clock of the server that ran it: an answer that is not on disk when the deadline passes counts for nothing.
 * That it has passed is seen by what the server said then, or by an attempt that it started later.
 */
function isPastDeadline(former: Execution, next: Execution): boolean {
  const { life, turn, deadlineMs, cutReading = 0, writtenReading } = former;
  if (deadlineMs === undefined || turn === undefined) return false;
  const end = turn + deadlineMs;
  if (writtenReading !== undefined && writtenReading < end) return false;
  const nextReading = next.life === life ? (next.latest ?? 0) : 0;
  return Math.max(cutReading, writtenReading ?? 0, nextReading) >= end;
}

function isLost(one: Added, runs: readonly Execution[], facts: Facts): boolean {
  if (one.answer !== "accepted" || one.end === "any") return false;
  const back = facts.redrives.filter((redrive) => redrive.back.includes(one.id));
  if (back.some(({ askedAt }) => !runs.some(({ startedAt }) => startedAt >= askedAt))) return true;
  if (one.end === "done") return !runs.some((run) => run.ok && mayCount(run, facts.cuts));
  return !facts.failed.has(one.id);
}

/** An answer counts for nothing after the handler was cut off, or when there was no object left to hear it. */
function mayCount(run: Execution, cuts: readonly Cut[]): boolean {
  const { startedAt, endedAt, cutAt, writtenAt } = run;
  if (endedAt === undefined || cutAt !== undefined) return false;
  if (writtenAt !== undefined) return true;
  const isOrphan = cuts.some((cut) => isOf(cut, run) && startedAt < cut.from && endedAt > cut.to);
  return !isOrphan;
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
