// The limits that a queue draws from beside its own rate and slots, as one of its objects has them. An attempt starts
// only where there is a token and a slot of each, and keeps the slots until it has ended.
import { type Bucket, wholeTokens } from "../../../core/dispatch/bucket.ts";
import { type Capacity, type WakeState, wakeAt } from "../../../core/dispatch/plan.ts";
import type { MeterCounts } from "../../../core/metrics/meter.ts";
import { loadOf } from "../../../core/sharding/draw.ts";
import type { Load } from "../../../core/sharding/held.ts";
import type { LimitState, SharedLimit } from "../../../core/sharding/limit.ts";
import type { Recall, Statement } from "../../../core/sharding/statement.ts";
import type { Job } from "../../host.ts";
import type { LimitRpc } from "../../rpc.ts";
import type { QueueDefinition } from "../context/definition.ts";
import type { AgainMemory } from "../sharding/holder.ts";
import { DrawnLimit } from "./drawn-limit.ts";

export interface DrawnLimitsDeps {
  /** The object's own name. */
  object: string;
  definition: QueueDefinition;
  limits: ReadonlyMap<string, SharedLimit>;
  keeper: (limit: string) => LimitRpc;
  /** Where the next life of the object finds when to ask again. */
  memory: (limit: string) => AgainMemory;
  /** ms since 1970 */
  now: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Arms the alarm for whatever is next. */
  changed: () => void;
  /** The object of a limit has used this, where it counts that. */
  used: (counts: MeterCounts | undefined) => void;
}

/** What starts attempts by them. */
export interface Starter {
  load(isCounted: boolean): Load;
  /** Without its limits. */
  ownCapacity(): Capacity;
}

/** An attempt, and what it has a slot of: with others, where it shares its call with them. */
export interface Drawing {
  draws?: readonly DrawnLimit[];
  readonly call?: { readonly open: number };
}

const NONE: readonly DrawnLimit[] = [];

export class DrawnLimits implements Job {
  readonly #deps: DrawnLimitsDeps;
  readonly #all = new Map<string, DrawnLimit>();
  #starter: Starter | undefined;
  #names: readonly string[] | undefined;
  #current = NONE;

  constructor(deps: DrawnLimitsDeps) {
    this.#deps = deps;
  }

  /** Called once, before anything else. */
  startBy(starter: Starter): void {
    this.#starter = starter;
  }

  /** How many tasks may start by the tokens of all of them at `now`. */
  tokens(now: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { holder } of this.#drawn)
      least = Math.min(least, tokensIn(holder.bucket(now)?.level));
    return least;
  }

  /** How many calls may be made by their slots. */
  free(now: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const limit of this.#drawn) {
      const { running, maxRunning } = limit.capacity(now);
      least = Math.min(least, Math.max(0, maxRunning - running));
    }
    return least;
  }

  /** When a task may start that could at `at`, by time alone (ms); undefined where time changes nothing. */
  wakeAt(
    at: number | undefined,
    { now, late, pace }: Pick<WakeState, "now" | "late"> & { pace: number },
    isExpedited = false,
  ): number | undefined {
    let next = at;
    for (const limit of this.#drawn) {
      if (next === undefined) return undefined;
      const first = next;
      next = wakeAt({ ...capacityOf(limit, now, isExpedited), now, late, pace }, () => first);
    }
    return next;
  }

  nextWakeAt(): number | undefined {
    let next: number | undefined;
    void this.#drawn;
    for (const { holder } of this.#all.values()) {
      const at = holder.nextWakeAt();
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  onAlarm(now: number): void {
    for (const { holder } of this.#all.values()) holder.onAlarm(now);
  }

  watchdogAt(now: number): number | undefined {
    for (const { holder } of this.#all.values()) {
      const at = holder.watchdogAt(now);
      if (at !== undefined) return at;
    }
    return undefined;
  }

  /** `n` attempts take their tokens; `areMore`: tasks may be due that have to wait. */
  spend(n: number, now: number, areMore: boolean): void {
    for (const limit of this.#drawn)
      limit.holder.spend(n, now, areMore && tokensIn(limit.holder.bucket(now)?.level) <= n);
  }

  /** The attempt has started. */
  begin(attempt: Drawing): void {
    const drawn = this.#drawn;
    if (drawn === NONE) return;
    attempt.draws = drawn;
    if (attempt.call && attempt.call.open > 1) return;
    for (const limit of drawn) limit.running++;
  }

  /** It has ended. */
  end({ draws = NONE, call }: Drawing): void {
    if (call && call.open > 0) return;
    for (const limit of draws) limit.running--;
  }

  recall(limit: string, recall: Recall): Statement {
    return this.#limit(limit).holder.recall(recall);
  }

  nudge(limit: string): void {
    this.#all.get(limit)?.holder.nudge();
  }

  /** What this object has of each that the queue draws from. */
  states(now: number): LimitState[] {
    return this.#drawn.map((limit) => {
      const { name, running } = limit;
      const { bucket, maxRunning: slots } = limit.capacity(now);
      const { lacks } = limit.holder;
      const rule = this.#deps.limits.get(name);
      const tokens = bucket && wholeTokens(bucket.level);
      return {
        ...{ name, running, slots },
        ...(rule && { rule }),
        ...(tokens !== undefined && { tokens }),
        ...(lacks && { lacks }),
      };
    });
  }

  // The definition may have others than before; what was drawn from is given back when it is called for.
  get #drawn(): readonly DrawnLimit[] {
    const { limits } = this.#deps.definition.config;
    if (limits !== this.#names) {
      this.#names = limits;
      this.#current = limits ? limits.map((name) => this.#limit(name)) : NONE;
    }
    return this.#current;
  }

  #limit(name: string): DrawnLimit {
    const known = this.#all.get(name);
    if (known) return known;
    const { object, limits, keeper, memory, now, random, changed } = this.#deps;
    const made = new DrawnLimit({
      ...{ name, limit: limits.get(name), now, changed, memory: memory(name) },
      instance: Math.floor(random() * 2 ** 53),
      load: (isCounted) => this.#loadOf(name, isCounted),
      ask: async (statement) => {
        const { used, ...granted } = await keeper(name).askLimit(object, statement);
        this.#deps.used(used);
        return granted;
      },
    });
    this.#all.set(name, made);
    return made;
  }

  #loadOf(name: string, isCounted: boolean): Load {
    const now = this.#deps.now();
    const index = this.#drawn.findIndex((limit) => limit.name === name);
    const starter = this.#starter as Starter;
    const { running = 0 } = this.#all.get(name) ?? {};
    if (index < 0 || !this.#deps.definition.isDefined) return { running, due: 0, expedited: 0 };
    const load = starter.load(isCounted);
    const { perSlot = 1 } = load;
    const limits = this.#drawn.map((limit) => inTasks(limit.capacity(now), perSlot));
    return { ...loadOf(index, starter.ownCapacity(), limits, load, now), running };
  }
}

/** A slot holds as many as share a call. */
function inTasks(capacity: Capacity, perSlot: number): Capacity {
  const { running, maxRunning } = capacity;
  return { ...capacity, running: running * perSlot, maxRunning: maxRunning * perSlot };
}

/** Without a rate there is no end of them. */
function tokensIn(level: Bucket | undefined): number {
  return level ? wholeTokens(level) : Number.POSITIVE_INFINITY;
}

function capacityOf(limit: DrawnLimit, now: number, isExpedited: boolean): Capacity {
  const capacity = limit.capacity(now);
  return isExpedited ? { ...capacity, bucket: undefined } : capacity;
}
