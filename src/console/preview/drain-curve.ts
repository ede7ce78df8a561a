// Simulates how a backlog drains, with the queue's own bucket and plan.
import {
  type Bucket,
  type BucketShape,
  fullBucket,
  refilled,
  taken,
} from "../../core/dispatch/bucket.ts";
import { type Capacity, startable, wakeAt } from "../../core/dispatch/plan.ts";
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
  /** Seconds until the last task ended; absent if not reached within the simulation. */
  drainedAt?: number;
}

type Backlog = Omit<Meaning, "retry">;

const MAX_STEPS = 200_000;
const MAX_POINTS = 400;

/** `tasks` are due at once; each runs `runSeconds` (a millisecond at least) and succeeds. */
export function drainCurve(backlog: Backlog): DrainCurve {
  const queue = new QueueAhead(backlog);
  const points: DrainPoint[] = [];
  for (let step = 0; step < MAX_STEPS; step++) {
    queue.turn();
    const point = queue.point();
    points.push(point);
    if (point.left === 0) return { points: thinned(points), drainedAt: point.at };
    if (!queue.goOn()) break;
  }
  return { points: thinned(points) };
}

// The first and the last point are always included.
function thinned(points: DrainPoint[]): DrainPoint[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}

/** A simulated queue; its time is in ms since all tasks were due. */
class QueueAhead {
  readonly #backlog: Backlog;
  readonly #shape: BucketShape;
  readonly #runMs: number;
  readonly #inFlight = new InFlight();
  #now = 0;
  #waiting: number;
  #level: Bucket;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
    this.#shape = { capacity: backlog.bucketSize, rate: backlog.rate };
    this.#runMs = Math.max(1, Math.round(backlog.runSeconds * 1000));
    this.#waiting = backlog.tasks;
    this.#level = fullBucket(this.#shape, 0);
  }

  /** Simulates one alarm: starts the tasks that may start. */
  turn(): void {
    this.#inFlight.endUntil(this.#now);
    const room = this.#room();
    const started = Math.min(this.#waiting, startable(room));
    this.#waiting -= started;
    if (room.bucket) this.#level = taken(room.bucket.level, started);
    const calls = Math.ceil(started / this.#backlog.batchSize);
    this.#inFlight.start(started, calls, this.#now + this.#runMs);
  }

  point(): DrainPoint {
    const { size: running } = this.#inFlight;
    return { at: this.#now / 1000, left: this.#waiting + running, running };
  }

  /** Advances to the next start or end; returns false if there is none. */
  goOn(): boolean {
    const nextDue = this.#waiting > 0 ? this.#now : undefined;
    const wake = wakeAt({ ...this.#room(), now: this.#now, late: 0 }, () => nextDue);
    const moments = [wake, this.#inFlight.firstEnd].filter((at) => at !== undefined);
    if (moments.length === 0) return false;
    this.#now = Math.max(this.#now, Math.min(...moments));
    return true;
  }

  #room(): Capacity {
    const { rate, maxConcurrentRequests, batchSize } = this.#backlog;
    const level = refilled(this.#level, this.#shape, this.#now);
    return {
      paused: rate === 0,
      bucket: Number.isFinite(rate) ? { level, shape: this.#shape } : undefined,
      // A call has a slot, however many tasks it has.
      running: this.#inFlight.calls * batchSize,
      maxRunning: maxConcurrentRequests * batchSize,
    };
  }
}

/** Attempts in flight; all run equally long, so the first to start is the first to end. */
class InFlight {
  size = 0;
  calls = 0;
  readonly #ends: { at: number; n: number; calls: number }[] = [];
  #first = 0;

  get firstEnd(): number | undefined {
    return this.#ends[this.#first]?.at;
  }

  start(n: number, calls: number, end: number): void {
    if (n === 0) return;
    this.#ends.push({ at: end, n, calls });
    this.size += n;
    this.calls += calls;
  }

  endUntil(now: number): void {
    for (let end = this.#ends[this.#first]; end && end.at <= now; end = this.#ends[this.#first]) {
      this.size -= end.n;
      this.calls -= end.calls;
      this.#first++;
    }
  }
}
