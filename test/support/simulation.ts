// A queue's dispatcher as a simulation of discrete events over the pure plan. It keeps to the rules of the
// real one: attempts start only in a turn, a turn only runs when the one alarm fires, and an arrival, a
// completion or a change does no more than ask the plan for the alarm's time. Times in ms from 0.
import { type Bucket, type BucketShape, refilled, taken } from "../../src/core/dispatch/bucket.ts";
import { afterAlarm, USUAL_LATE_MS } from "../../src/core/dispatch/lateness.ts";
import { startable, wakeAt } from "../../src/core/dispatch/plan.ts";
import { rankOf } from "../../src/core/dispatch/rank.ts";
import { DEFAULT_PRIORITY } from "../../src/core/task/task.ts";

export interface Job {
  name: string;
  arrives: number;
  /** Default: when it arrives. */
  due?: number | undefined;
  /** How long an attempt takes. */
  runs?: number;
  /** 0 goes first; default 4. */
  priority?: number;
  /** It ends so long after it arrives, should it not have been started. */
  expires?: number;
  /** The waits between its attempts: as many of them fail as there are waits. */
  backoffs?: number[];
}

/** What happens to the queue at an instant; no field is no more than a look at the bucket. */
export interface Change {
  at: number;
  rate?: number;
  paused?: boolean;
  /** The clock everything goes by jumps by so much, while time goes on. */
  clockBy?: number;
}

export interface Scenario {
  /** Absent: no rate limit. */
  bucket: BucketShape | undefined;
  /** What the bucket holds at the start; full when not said. */
  tokens?: number;
  maxRunning?: number;
  jobs: Job[];
  changes?: Change[];
  /** How late the alarms fire, one after the other, over and over. */
  late?: number[];
}

export interface Dispatch {
  name: string;
  at: number;
}

export interface Outcome {
  dispatches: Dispatch[];
  /** Those that were not started in time, and when they ended. */
  expired: Dispatch[];
  mostRunning: number;
  /** Turns that started nothing. */
  idleTurns: number;
}

interface Waiting {
  job: Job;
  due: number;
  order: number;
  attempt: number;
  expiresAt: number;
}

function rankIn({ due, job: { priority = DEFAULT_PRIORITY } }: Waiting): number {
  return rankOf(due, priority);
}

const TOO_MANY_TURNS = 50_000;

export function simulate(scenario: Scenario): Outcome {
  const { bucket: configured, maxRunning = 1000, late = [0] } = scenario;
  let shape = configured ?? { capacity: 0, rate: 0 };
  let level: Bucket = { tokens: scenario.tokens ?? shape.capacity, at: 0 };
  let paused = false;
  let rate = shape.rate;
  let time = 0;
  let ahead = 0;
  let measuredLate = USUAL_LATE_MS;
  let running = 0;
  let alarm: number | undefined;
  let turns = 0;
  let order = 0;
  const waiting: Waiting[] = [];
  const events: { at: number; happen: () => void }[] = [];
  const outcome: Outcome = { dispatches: [], expired: [], mostRunning: 0, idleTurns: 0 };

  const clock = () => time + ahead;
  const refill = () => {
    level = refilled(level, shape, clock());
  };
  const wait = (job: Job, due: number, attempt: number) => {
    const expiresAt =
      attempt === 0 && job.expires !== undefined ? clock() + job.expires : Number.POSITIVE_INFINITY;
    waiting.push({ job, due, order: order++, attempt, expiresAt });
    waiting.sort((a, b) => a.due - b.due || a.order - b.order);
  };
  const end = (job: Job, attempt: number) => {
    running--;
    const backoff = job.backoffs?.[attempt];
    if (backoff !== undefined) wait(job, clock() + backoff, attempt + 1);
  };
  const change = (it: Change) => {
    refill();
    rate = it.rate ?? rate;
    paused = it.paused ?? paused;
    ahead += it.clockBy ?? 0;
    // A paused queue's bucket does not fill.
    shape = { ...shape, rate: paused ? 0 : rate };
  };
  const room = () => ({
    paused: paused || (configured !== undefined && rate === 0),
    bucket: configured && { level, shape },
    running,
    maxRunning,
  });
  const arm = () => {
    refill();
    const state = { ...room(), now: clock(), late: measuredLate };
    const next = wakeAt(state, () => waiting[0]?.due) ?? Number.POSITIVE_INFINITY;
    const first = Math.min(next, ...waiting.map(({ expiresAt }) => expiresAt));
    if (Number.isFinite(first)) alarm = Math.min(alarm ?? Number.POSITIVE_INFINITY, first);
  };
  const remove = (some: readonly Waiting[]) => {
    for (const one of some) waiting.splice(waiting.indexOf(one), 1);
  };
  // Before those that start, whether there are tokens or not.
  const expire = () => {
    const late = waiting.filter(({ expiresAt }) => expiresAt <= clock());
    remove(late);
    for (const { job } of late) outcome.expired.push({ name: job.name, at: time });
  };
  const turn = () => {
    if (++turns > TOO_MANY_TURNS) throw new Error(`the alarm keeps firing at ${time}`);
    if (alarm !== undefined) measuredLate = afterAlarm(measuredLate, clock() - alarm);
    alarm = undefined;
    refill();
    expire();
    const due = waiting
      .filter((task) => task.due <= clock())
      .sort((a, b) => rankIn(a) - rankIn(b) || a.order - b.order)

      .slice(0, startable(room()));
    if (due.length === 0) outcome.idleTurns++;
    level = taken(level, due.length);
    remove(due);
    for (const { job, attempt } of due) {
      running++;
      outcome.dispatches.push({ name: job.name, at: time });
      events.push({ at: time + (job.runs ?? 0), happen: () => end(job, attempt) });
    }
    outcome.mostRunning = Math.max(outcome.mostRunning, running);
    arm();
  };

  for (const job of scenario.jobs) {
    events.push({ at: job.arrives, happen: () => wait(job, job.due ?? clock(), 0) });
  }
  for (const it of scenario.changes ?? []) events.push({ at: it.at, happen: () => change(it) });
  for (;;) {
    const nextEvent = Math.min(...events.map(({ at }) => at));
    const lateness = late[turns % late.length] ?? 0;
    const nextTurn = alarm === undefined ? Infinity : Math.max(time, alarm - ahead + lateness);
    if (nextEvent === Infinity && nextTurn === Infinity) return outcome;
    time = Math.max(time, Math.min(nextEvent, nextTurn));
    if (nextTurn < nextEvent) {
      turn();
      continue;
    }
    const now = events.filter(({ at }) => at <= time);
    for (const event of now) {
      events.splice(events.indexOf(event), 1);
      event.happen();
    }
    arm();
  }
}

/** The first pair of dispatches between which (both counted) more started than the bucket allows. */
export function overspending(
  dispatches: readonly Dispatch[],
  { capacity, rate }: BucketShape,
): { from: number; to: number; started: number; allowed: number } | undefined {
  for (const [first, { at: from }] of dispatches.entries()) {
    for (const [last, { at: to }] of dispatches.entries()) {
      const started = last - first + 1;
      const allowed = capacity + (rate * (to - from)) / 1000 + 1e-6;
      if (last >= first && started > allowed) return { from, to, started, allowed };
    }
  }
  return undefined;
}

/** The same instant `count` times. */
export function repeated(count: number, at: number): number[] {
  return new Array<number>(count).fill(at);
}

/** Instants `by` apart. */
export function steps(count: number, first: number, by: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * by);
}
