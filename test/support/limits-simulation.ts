// Queues that draw from limits as a simulation of discrete events over the pure rules: each queue has a bucket and slots
// of its own, each limit an object that keeps its book, and messages between them are late, lost or doubled. Every
// object has a clock of its own. A limit's object that restarts knows what was on its disk, a queue its own bucket.
// Times in ms from 0.
import {
  type Bucket,
  type BucketShape,
  fullBucket,
  refilled,
  taken,
} from "../../src/core/dispatch/bucket.ts";
import { type Capacity, startable, wakeAt } from "../../src/core/dispatch/plan.ts";
import { asked, returned } from "../../src/core/sharding/coordinator.ts";
import { loadOf } from "../../src/core/sharding/draw.ts";
import {
  answered,
  ask,
  bucketOf,
  type Held,
  holdsNothing,
  nextWord,
  nudged,
  PATIENCE_MS,
  recalled,
  slotsOf,
  started,
  unanswered,
} from "../../src/core/sharding/held.ts";
import { emptyLedger, type Ledger, settled } from "../../src/core/sharding/ledger.ts";
import type { Total } from "../../src/core/sharding/share.ts";
import { MANY, type Recall, type Statement } from "../../src/core/sharding/statement.ts";
import { Heap, type Network, type Random, seeded } from "./shards-simulation.ts";

export interface SimulatedQueue {
  /** Its own bucket; absent without a rate. */
  bucket?: BucketShape;
  slots?: number;
  /** Those it draws from, by their places among the limits, in order. */
  limits: readonly number[];
  /** How long an attempt takes. */
  runs?: number;
}

export type LimitHappening =
  | { at: number; queue: number; tasks: number }
  | { at: number; restart: number }
  | { at: number; restartLimit: number }
  | { at: number; cutOff: boolean };

export interface LimitScenario {
  limits: readonly Total[];
  queues: readonly SimulatedQueue[];
  happenings: readonly LimitHappening[];
  network?: Network;
  clocks?: number;
  late?: number;
  seed?: number;
  until: number;
}

export interface LimitOutcome {
  /** Of all queues, in their order. */
  starts: { at: number; queue: number }[];
  /** Of each limit. */
  mostRunning: number[];
  asks: number;
  calls: number;
}

interface Queue extends SimulatedQueue {
  index: number;
  life: number;
  clock: number;
  level: Bucket;
  waiting: number;
  running: number;
  /** By the places of its limits. */
  held: Held[];
  alarm: number;
}

interface Limit {
  total: Total;
  clock: number;
  ledger: Ledger;
  disk: string;
  running: number;
}

const LATE_MS = 2;

export class LimitsSimulation {
  readonly #scenario: LimitScenario;
  readonly #random: Random;
  readonly #events = new Heap();
  readonly #queues: Queue[];
  readonly #limits: Limit[];
  readonly #outcome: LimitOutcome;
  #time = 0;
  #isCutOff = false;

  constructor(scenario: LimitScenario) {
    this.#scenario = scenario;
    this.#random = seeded(scenario.seed ?? 1);
    this.#limits = scenario.limits.map((total) => this.#limit(total));
    this.#queues = scenario.queues.map((queue, index) => this.#queue(queue, index));
    const mostRunning = scenario.limits.map(() => 0);
    this.#outcome = { starts: [], mostRunning, asks: 0, calls: 0 };
    for (const it of scenario.happenings) this.#events.push(it.at, () => this.#happen(it));
  }

  run(): LimitOutcome {
    for (;;) {
      const event = this.#events.pop();
      if (!event || event.at > this.#scenario.until) return this.#outcome;
      this.#time = event.at;
      event.happen();
    }
  }

  #limit(total: Total): Limit {
    const clock = this.#clock();
    const ledger = settled(emptyLedger(), total, clock);
    return { total, clock, ledger, disk: JSON.stringify(ledger), running: 0 };
  }

  #queue(queue: SimulatedQueue, index: number): Queue {
    const clock = this.#clock();
    const level = queue.bucket ? fullBucket(queue.bucket, clock) : { tokens: 0, at: clock };
    return {
      ...{ ...queue, index, clock, level, life: 0, waiting: 0, running: 0 },
      ...{ held: queue.limits.map(() => this.#fresh(index, clock)), alarm: Infinity },
    };
  }

  #clock(): number {
    return Math.round(this.#random() * (this.#scenario.clocks ?? 0));
  }

  #fresh(index: number, clock: number): Held {
    return holdsNothing(index, Math.floor(this.#random() * 2 ** 53), this.#time + clock);
  }

  #happen(it: LimitHappening): void {
    if ("tasks" in it) {
      const queue = this.#queues[it.queue] as Queue;
      queue.waiting += it.tasks;
      this.#arm(queue);
    } else if ("restart" in it) this.#restart(this.#queues[it.restart] as Queue);
    else if ("restartLimit" in it) {
      const limit = this.#limits[it.restartLimit] as Limit;
      limit.ledger = JSON.parse(limit.disk);
    } else this.#isCutOff = it.cutOff;
  }

  // Attempts that were under way are known no more, and their tasks are there still.
  #restart(queue: Queue): void {
    for (const place of queue.limits) (this.#limits[place] as Limit).running -= queue.running;
    queue.waiting += queue.running;
    queue.running = 0;
    queue.life++;
    queue.held = queue.limits.map(() => this.#fresh(queue.index, queue.clock));
    queue.alarm = Infinity;
    this.#arm(queue);
  }

  #own(queue: Queue, now: number): Capacity {
    const { bucket: shape, running, slots: maxRunning = 1000 } = queue;
    const bucket = shape && { shape, level: refilled(queue.level, shape, now) };
    return { paused: false, bucket, running, maxRunning };
  }

  #capacities(queue: Queue, now: number): Capacity[] {
    return queue.limits.map((place, i) => {
      const held = queue.held[i] as Held;
      const { total } = this.#limits[place] as Limit;
      const bucket = bucketOf(held, total, now);
      return { paused: false, bucket, running: queue.running, maxRunning: slotsOf(held) };
    });
  }

  #load(queue: Queue, i: number, now: number) {
    const { running, waiting } = queue;
    const load = { running, due: waiting > 100 ? MANY : waiting, expedited: 0 };
    return loadOf(i, this.#own(queue, now), this.#capacities(queue, now), load, now);
  }

  #word(queue: Queue, i: number, now: number): number | undefined {
    const { total } = this.#limits[queue.limits[i] as number] as Limit;
    return nextWord(queue.held[i] as Held, total, this.#load(queue, i, now), now);
  }

  #arm(queue: Queue): void {
    const now = this.#time + queue.clock;
    const capacities = [this.#own(queue, now), ...this.#capacities(queue, now)];
    let start: number | undefined = queue.waiting > 0 ? now : undefined;
    for (const capacity of capacities) {
      const first = start;
      if (first !== undefined) start = wakeAt({ ...capacity, now, late: LATE_MS }, () => first);
    }
    const words = queue.limits.map((_, i) => this.#word(queue, i, now) ?? Infinity);
    const at = Math.max(this.#time, Math.ceil(Math.min(start ?? Infinity, ...words) - queue.clock));
    if (at >= queue.alarm || at === Infinity) return;
    queue.alarm = at;
    const { life } = queue;
    this.#events.push(at + Math.round(this.#random() * (this.#scenario.late ?? 0)), () => {
      if (queue.life === life && queue.alarm === at) this.#turn(queue);
    });
  }

  #turn(queue: Queue): void {
    queue.alarm = Infinity;
    const now = this.#time + queue.clock;
    const capacities = [this.#own(queue, now), ...this.#capacities(queue, now)];
    const n = Math.min(queue.waiting, ...capacities.map(startable));
    if (n > 0) this.#start(queue, n, now);
    for (const i of queue.limits.keys()) {
      const word = this.#word(queue, i, now);
      if (word !== undefined && word <= now) this.#ask(queue, i, now);
    }
    // An alarm of the same instant as the one that fires is lost.
    this.#events.push(this.#time + 1, () => this.#arm(queue));
  }

  #start(queue: Queue, n: number, now: number): void {
    const { life } = queue;
    const capacities = this.#capacities(queue, now);
    const own = this.#own(queue, now).bucket;
    if (own) queue.level = taken(own.level, n);
    queue.waiting -= n;
    queue.running += n;
    for (const [i, place] of queue.limits.entries()) {
      const limit = this.#limits[place] as Limit;
      const areMore = queue.waiting > 0 && startable(capacities[i] as Capacity) <= n;
      const starts = { attempts: n, tokens: limit.total.bucket ? n : 0, areMore };
      queue.held[i] = started(queue.held[i] as Held, limit.total, starts, now);
      limit.running += n;
      const most = this.#outcome.mostRunning;
      most[place] = Math.max(most[place] as number, limit.running);
    }
    for (let i = 0; i < n; i++) this.#outcome.starts.push({ at: this.#time, queue: queue.index });
    this.#events.push(this.#time + (queue.runs ?? 0), () => {
      if (queue.life !== life) return;
      queue.running -= n;
      for (const place of queue.limits) (this.#limits[place] as Limit).running -= n;
      this.#arm(queue);
    });
  }

  #ask(queue: Queue, i: number, now: number): void {
    let held = queue.held[i] as Held;
    // What it waited for does not come any more.
    if (held.askedAt !== undefined) held = unanswered(held, held.number);
    const { total } = this.#limits[queue.limits[i] as number] as Limit;
    const [next, statement] = ask(held, total, this.#load(queue, i, now), now);
    queue.held[i] = next;
    this.#outcome.asks++;
    const { life } = queue;
    this.#send(() => this.#hear(queue, i, life, statement));
    this.#events.push(this.#time + PATIENCE_MS, () => {
      if (queue.life !== life) return;
      queue.held[i] = unanswered(queue.held[i] as Held, statement.number);
      this.#arm(queue);
    });
  }

  #hear(queue: Queue, i: number, life: number, statement: Statement): void {
    const place = queue.limits[i] as number;
    const limit = this.#limits[place] as Limit;
    const { ledger, grant, recalls, nudges } = asked(
      ...([limit.ledger, limit.total, statement, this.#time + limit.clock] as const),
    );
    this.#store(limit, ledger);
    this.#send(() => {
      if (queue.life !== life) return;
      const now = this.#time + queue.clock;
      queue.held[i] = answered(queue.held[i] as Held, limit.total, grant, now);
      this.#arm(queue);
    });
    for (const recall of recalls) this.#recall(place, recall);
    this.#nudge(place, nudges);
  }

  #recall(place: number, recall: Recall): void {
    this.#outcome.calls++;
    const limit = this.#limits[place] as Limit;
    const queue = this.#queues[recall.shard] as Queue;
    const i = queue.limits.indexOf(place);
    this.#send(() => {
      const now = this.#time + queue.clock;
      const held = queue.held[i] as Held;
      const [next, statement] = recalled(held, limit.total, recall, this.#load(queue, i, now), now);
      queue.held[i] = next;
      this.#arm(queue);
      this.#send(() => {
        const at = this.#time + limit.clock;
        const { ledger, nudges } = returned(limit.ledger, limit.total, statement, at);
        this.#store(limit, ledger);
        this.#nudge(place, nudges);
      });
    });
  }

  #nudge(place: number, queues: readonly number[]): void {
    for (const index of queues) {
      this.#outcome.calls++;
      const queue = this.#queues[index] as Queue;
      const i = queue.limits.indexOf(place);
      this.#send(() => {
        queue.held[i] = nudged(queue.held[i] as Held, this.#time + queue.clock);
        this.#arm(queue);
      });
    }
  }

  #store(limit: Limit, ledger: Ledger): void {
    limit.ledger = ledger;
    limit.disk = JSON.stringify(ledger);
  }

  #send(arrive: () => void): void {
    const { delay, lost = 0, doubled = 0, late } = this.#scenario.network ?? { delay: [5, 20] };
    if (this.#isCutOff || this.#random() < lost) return;
    const [often, most] = late ?? [0, 0];
    for (let times = this.#random() < doubled ? 2 : 1; times > 0; times--) {
      const [from, to] = delay;
      const later = this.#random() < often ? this.#random() * most : 0;
      const after = Math.round(from + this.#random() * (to - from) + later);
      this.#events.push(this.#time + after, arrive);
    }
  }
}
