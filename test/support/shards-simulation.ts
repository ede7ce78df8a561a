// A queue of many shards as a simulation of discrete events over the pure rules: shards that start attempts, their
// coordinator, and messages between them that are late, lost or doubled. Every object has a clock of its own. A
// coordinator that restarts knows what was on its disk, a shard nothing. Times in ms from 0.
import { excess as overBound } from "../../chaos/bound.ts";
import { afterAlarm, USUAL_LATE_MS } from "../../src/core/dispatch/lateness.ts";
import { startable, wakeAt } from "../../src/core/dispatch/plan.ts";
import { asked, reshaped, returned } from "../../src/core/sharding/coordinator.ts";
import {
  answered,
  ask,
  bucketOf,
  type Held,
  holdsNothing,
  type Load,
  nextWord,
  nudged,
  recalled,
  slotsOf,
  started,
  unanswered,
} from "../../src/core/sharding/held.ts";
import { emptyLedger, type Ledger, settled } from "../../src/core/sharding/ledger.ts";
import type { Total } from "../../src/core/sharding/share.ts";
import {
  type Grant,
  MANY,
  type Recall,
  type Statement,
} from "../../src/core/sharding/statement.ts";

export type Random = () => number;

/** A generator that gives the same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Network {
  /** Between two objects, one way: from and to, in ms. */
  delay: [number, number];
  lost?: number;
  doubled?: number;
  /** A message comes this late: probability, and up to how many ms. */
  late?: [number, number];
}

export type Happening =
  | { at: number; tasks: number; shard: number }
  | { at: number; restart: number }
  | { at: number; cutOff: boolean }
  | { at: number; total: Partial<Total> };

export interface Scenario {
  total: Total;
  /** How long an attempt takes, in ms. */
  runs?: number;
  network?: Network;
  happenings: Happening[];
  /** How far the clocks are from each other, in ms. */
  clocks?: number;
  /** How late alarms come, in ms. */
  late?: number;
  seed?: number;
  until: number;
}

export interface Started {
  at: number;
  shard: number;
}

export interface Outcome {
  starts: Started[];
  mostRunning: number;
  asks: number;
  calls: number;
  /** Tasks that wait in the end. */
  left: number;
}

interface Shard {
  index: number;
  life: number;
  held: Held;
  clock: number;
  waiting: number;
  running: number;
  alarm: number;
  late: number;
}

interface Event {
  at: number;
  order: number;
  happen: () => void;
}

const NOBODY_HEARS = 2_000;

export class Simulation {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #events = new Heap();
  readonly #shards: Shard[] = [];
  readonly #outcome: Outcome = { starts: [], mostRunning: 0, asks: 0, calls: 0, left: 0 };
  #total: Total;
  #time = 0;
  #running = 0;
  #isCutOff = false;
  /** What is on the coordinator's disk: written before anything is answered. */
  #disk = "";
  #ledger: Ledger = emptyLedger();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = seeded(scenario.seed ?? 1);
    this.#total = scenario.total;
    for (let index = 0; index < scenario.total.shards; index++)
      this.#shards.push(this.#made(index));
    const { clock } = this.#coordinator;
    this.#store(settled(emptyLedger(), this.#total, clock));
    for (const it of scenario.happenings) this.#at(it.at, () => this.#happen(it));
  }

  run(): Outcome {
    for (;;) {
      const event = this.#events.pop();
      if (!event || event.at > this.#scenario.until) break;
      this.#time = event.at;
      event.happen();
    }
    this.#outcome.left = this.#shards.reduce((sum, { waiting }) => sum + waiting, 0);
    return this.#outcome;
  }

  get #coordinator(): Shard {
    return this.#shards[0] as Shard;
  }

  #made(index: number): Shard {
    const clock = Math.round(this.#random() * (this.#scenario.clocks ?? 0));
    return {
      ...{ index, life: 0, held: this.#fresh(index, clock), clock },
      ...{ waiting: 0, running: 0, alarm: Number.POSITIVE_INFINITY, late: USUAL_LATE_MS },
    };
  }

  #fresh(index: number, clock: number): Held {
    return holdsNothing(index, Math.floor(this.#random() * 2 ** 53), this.#time + clock);
  }

  #at(at: number, happen: () => void): void {
    this.#events.push(at, happen);
  }

  #happen(it: Happening): void {
    if ("tasks" in it) this.#arrive(this.#shards[it.shard] as Shard, it.tasks);
    else if ("restart" in it) this.#restart(this.#shards[it.restart] as Shard);
    else if ("cutOff" in it) this.#isCutOff = it.cutOff;
    else this.#change({ ...this.#total, ...it.total });
  }

  #arrive(shard: Shard, tasks: number): void {
    shard.waiting += tasks;
    this.#arm(shard);
  }

  // Attempts that were under way are known no more, and their tasks are there still.
  #restart(shard: Shard): void {
    this.#running -= shard.running;
    shard.waiting += shard.running;
    shard.running = 0;
    shard.life++;
    shard.held = this.#fresh(shard.index, shard.clock);
    shard.alarm = Number.POSITIVE_INFINITY;
    if (shard.index === 0) this.#ledger = JSON.parse(this.#disk);
    this.#arm(shard);
  }

  #change(total: Total): void {
    const now = this.#now(this.#coordinator);
    const { ledger, recalls, nudges } = reshaped(this.#ledger, this.#total, total, now);
    this.#total = total;
    this.#store(ledger);
    this.#call(recalls);
    this.#nudge(nudges);
    for (const shard of this.#shards) this.#arm(shard);
  }

  #now({ clock }: Shard): number {
    return this.#time + clock;
  }

  #load({ waiting, running }: Shard): Load {
    return { running, due: waiting > 100 ? MANY : waiting, expedited: 0 };
  }

  #capacity(shard: Shard) {
    const now = this.#now(shard);
    return {
      paused: this.#total.bucket?.rate === 0,
      bucket: bucketOf(shard.held, this.#total, now),
      running: shard.running,
      maxRunning: slotsOf(shard.held),
    };
  }

  /** Sets the alarm, should it be later than what is next. */
  #arm(shard: Shard): void {
    const now = this.#now(shard);
    const state = { ...this.#capacity(shard), now, late: shard.late };
    const start = wakeAt(state, () => (shard.waiting > 0 ? now : undefined));
    const word = nextWord(shard.held, this.#total, this.#load(shard), now);
    const next = Math.min(start ?? Infinity, word ?? Infinity) - shard.clock;
    if (next >= shard.alarm || next === Infinity) return;
    const at = Math.max(this.#time, Math.ceil(next));
    shard.alarm = at;
    const { life } = shard;
    const late = Math.round(this.#random() * (this.#scenario.late ?? 0));
    this.#at(at + late, () => {
      if (shard.life !== life || shard.alarm !== at) return;
      shard.late = afterAlarm(shard.late, late);
      this.#turn(shard);
    });
  }

  #turn(shard: Shard): void {
    shard.alarm = Number.POSITIVE_INFINITY;
    const n = Math.min(shard.waiting, startable(this.#capacity(shard)));
    if (n > 0) this.#start(shard, n);
    const now = this.#now(shard);
    const word = nextWord(shard.held, this.#total, this.#load(shard), now);
    if (word !== undefined && word <= now) this.#ask(shard);
    // An alarm of the same instant as the one that fires is lost.
    this.#at(this.#time + 1, () => this.#arm(shard));
  }

  #start(shard: Shard, n: number): void {
    const { life } = shard;
    const tokens = this.#total.bucket ? n : 0;
    shard.waiting -= n;
    const starts = { attempts: n, tokens, areMore: shard.waiting > 0 };
    shard.held = started(shard.held, this.#total, starts, this.#now(shard));
    shard.running += n;
    this.#running += n;
    this.#outcome.mostRunning = Math.max(this.#outcome.mostRunning, this.#running);
    for (let i = 0; i < n; i++) this.#outcome.starts.push({ at: this.#time, shard: shard.index });
    this.#at(this.#time + (this.#scenario.runs ?? 0), () => {
      if (shard.life !== life) return;
      shard.running -= n;
      this.#running -= n;
      this.#arm(shard);
    });
  }

  #ask(shard: Shard): void {
    // What it waited for does not come any more.
    if (shard.held.askedAt !== undefined) shard.held = unanswered(shard.held, shard.held.number);
    const [held, statement] = ask(shard.held, this.#total, this.#load(shard), this.#now(shard));
    shard.held = held;
    this.#outcome.asks++;
    const { life } = shard;
    this.#send(shard.index === 0, () => this.#hear(shard, life, statement));
    if (this.#isCutOff) {
      this.#at(this.#time + NOBODY_HEARS / 10, () => {
        if (shard.life !== life) return;
        shard.held = unanswered(shard.held, statement.number);
        this.#arm(shard);
      });
    }
  }

  #hear(shard: Shard, life: number, statement: Statement): void {
    const now = this.#now(this.#coordinator);
    const { ledger, grant, recalls, nudges } = asked(this.#ledger, this.#total, statement, now);
    this.#store(ledger);
    this.#send(shard.index === 0, () => this.#answer(shard, life, grant));
    this.#call(recalls);
    this.#nudge(nudges);
  }

  #answer(shard: Shard, life: number, grant: Grant): void {
    if (shard.life !== life) return;
    shard.held = answered(shard.held, this.#total, grant, this.#now(shard));
    this.#arm(shard);
  }

  #call(recalls: readonly Recall[]): void {
    for (const recall of recalls) {
      this.#outcome.calls++;
      const shard = this.#shards[recall.shard] as Shard;
      this.#send(recall.shard === 0, () => this.#recall(shard, recall));
    }
  }

  #recall(shard: Shard, recall: Recall): void {
    const load = this.#load(shard);
    const [held, statement] = recalled(shard.held, this.#total, recall, load, this.#now(shard));
    shard.held = held;
    this.#arm(shard);
    this.#send(shard.index === 0, () => {
      const now = this.#now(this.#coordinator);
      const { ledger, nudges } = returned(this.#ledger, this.#total, statement, now);
      this.#store(ledger);
      this.#nudge(nudges);
    });
  }

  #nudge(shards: readonly number[]): void {
    for (const index of shards) {
      this.#outcome.calls++;
      const shard = this.#shards[index] as Shard;
      this.#send(index === 0, () => {
        shard.held = nudged(shard.held, this.#now(shard));
        this.#arm(shard);
      });
    }
  }

  #store(ledger: Ledger): void {
    this.#ledger = ledger;
    this.#disk = JSON.stringify(ledger);
  }

  #send(isWithin: boolean, arrive: () => void): void {
    if (isWithin) {
      this.#at(this.#time, arrive);
      return;
    }
    const { delay, lost = 0, doubled = 0 } = this.#scenario.network ?? { delay: [5, 20] };
    if (this.#isCutOff || this.#random() < lost) return;
    const times = this.#random() < doubled ? 2 : 1;
    for (let i = 0; i < times; i++) this.#at(this.#time + this.#delay(delay), arrive);
  }

  #delay([from, to]: [number, number]): number {
    const [often, most] = this.#scenario.network?.late ?? [0, 0];
    const late = this.#random() < often ? this.#random() * most : 0;
    return Math.round(from + this.#random() * (to - from) + late);
  }
}

/** By how many the worst interval between two starts passes the bucket; 0 is within. */
export function excessOf(starts: readonly Started[], { bucket }: Total): number {
  if (!bucket) return 0;
  return overBound(
    starts.map(({ at }) => ({ turn: at, read: at })),
    bucket,
  );
}

/** The share of the rate that was used from `from` to `to`. */
export function usedRate(
  starts: readonly Started[],
  { bucket }: Total,
  from: number,
  to: number,
): number {
  const n = starts.filter(({ at }) => at >= from && at < to).length;
  return n / (((bucket?.rate ?? 0) * (to - from)) / 1000);
}

export class Heap {
  readonly #events: Event[] = [];
  #order = 0;

  push(at: number, happen: () => void): void {
    const events = this.#events;
    let i = events.length;
    events.push({ at, order: this.#order++, happen });
    for (let up = (i - 1) >> 1; i > 0 && this.#isBefore(i, up); up = (i - 1) >> 1) {
      this.#swap(i, up);
      i = up;
    }
  }

  pop(): Event | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    events[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < events.length && this.#isBefore(child, least)) least = child;
      if (least === i) return first;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(i: number, k: number): boolean {
    const [a, b] = [this.#events[i] as Event, this.#events[k] as Event];
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(i: number, k: number): void {
    const [a, b] = [this.#events[i] as Event, this.#events[k] as Event];
    this.#events[i] = b;
    this.#events[k] = a;
  }
}
