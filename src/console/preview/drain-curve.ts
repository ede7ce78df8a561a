// How a backlog goes: the queue's own bucket and plan, run ahead of time.
import { type Bucket, fullBucket, refilled, taken } from "../../core/bucket.ts";
import { startable, wakeAt } from "../../core/plan.ts";
import type { Meaning } from "./knobs.ts";

export interface DrainPoint {
  /** Seconds since all were due. */
  at: number;
  /** Tasks that have not ended. */
  left: number;
  running: number;
}

export interface DrainCurve {
  points: DrainPoint[];
  /** Seconds until the last has ended; absent when that never comes, or not within what was run ahead. */
  drainedAt?: number;
}

const MOST_STEPS = 200_000;
const MOST_POINTS = 400;

type Backlog = Pick<
  Meaning,
  "rate" | "bucketSize" | "maxConcurrentRequests" | "tasks" | "runSeconds"
>;

/** `tasks` are due at once; each runs `runSeconds` (a millisecond at least) and succeeds. */
export function drainCurve(backlog: Backlog): DrainCurve {
  const { rate, bucketSize, maxConcurrentRequests: maxRunning, tasks, runSeconds } = backlog;
  const shape = { capacity: bucketSize, rate };
  const runMs = Math.max(1, Math.round(runSeconds * 1000));
  const points: DrainPoint[] = [];
  const inFlight = new InFlight();
  let [now, waiting]: [number, number] = [0, tasks];
  let level: Bucket = fullBucket(shape, now);
  for (let step = 0; step < MOST_STEPS; step++) {
    inFlight.endUntil(now);
    level = refilled(level, shape, now);
    const bucket = Number.isFinite(rate) ? { level, shape } : undefined;
    const room = { paused: rate === 0, bucket, running: inFlight.size, maxRunning };
    const started = Math.min(waiting, startable(room));
    waiting -= started;
    level = bucket ? taken(level, started) : level;
    inFlight.start(started, now + runMs);
    points.push({ at: now / 1000, left: waiting + inFlight.size, running: inFlight.size });
    if (waiting + inFlight.size === 0) return { points: thinned(points), drainedAt: now / 1000 };
    const next = nextMoment(
      { ...room, bucket: bucket && { level, shape } },
      inFlight,
      waiting,
      now,
    );
    if (next === undefined) break;
    now = next;
  }
  return { points: thinned(points) };
}

type Room = Parameters<typeof startable>[0];

function nextMoment(room: Room, inFlight: InFlight, waiting: number, now: number) {
  const nextDue = waiting > 0 ? now : undefined;
  const wake = wakeAt({ ...room, running: inFlight.size, now, nextDue });
  const end = inFlight.firstEnd;
  const moments = [wake, end].filter((at) => at !== undefined);
  return moments.length === 0 ? undefined : Math.max(now, Math.min(...moments));
}

/** Attempts in flight; all run equally long, so the first to start is the first to end. */
class InFlight {
  size = 0;
  readonly #ends: { at: number; n: number }[] = [];
  #first = 0;

  get firstEnd(): number | undefined {
    return this.#ends[this.#first]?.at;
  }

  start(n: number, end: number): void {
    if (n === 0) return;
    this.#ends.push({ at: end, n });
    this.size += n;
  }

  endUntil(now: number): void {
    for (
      let next = this.#ends[this.#first];
      next && next.at <= now;
      next = this.#ends[this.#first]
    ) {
      this.size -= next.n;
      this.#first++;
    }
  }
}

// The first and the last stay.
function thinned(points: DrainPoint[]): DrainPoint[] {
  const step = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
