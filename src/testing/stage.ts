// What stands in for the platform while a test runs: a clock that only the test moves, alarms that only the test
// fires, and a book of every call that is under way. Objects of one Worker share an isolate, so one of these serves
// them all.
import { shardOfObject } from "../core/sharding/shard-map.ts";
import type { BatchOutcome } from "../objects/delivery/batch-outcome.ts";
import {
  type BatchDelivery,
  type Delivery,
  type PackedDelivery,
  titleOf,
  unpacked,
} from "../objects/delivery/delivery.ts";
import type { WireOutcome } from "../objects/delivery/outcome.ts";
import type {
  AlarmState,
  Callee,
  StandIn,
  StartedObject,
  StoredAlarm,
} from "../objects/stand-in.ts";
import { attemptsOf, eachOf, withFailures } from "./batches.ts";
import { outcomeOfPlan, PlannedFailures } from "./failures.ts";
import { type AddingCall, addedBy, attemptOf, endOf, type TaskAttempt, TestLog } from "./log.ts";
import type { Moment } from "./order.ts";

/** A clock, in ms since 1970. */
export interface TestClock {
  now: number;
}

/** Alarms are stored as of then and later, whatever the clock says: the platform does not fire them in the meantime. */
const FAR = Date.UTC(2050, 0, 1);

/** What waits for a moment: an object's alarm, or a timer. */
export interface ObjectMoment extends Moment {
  /** The object whose alarm it is. */
  object?: string;
}

/** Who is called with a batch. */
type Batched = Record<string, (delivery: BatchDelivery) => unknown>;

interface Call {
  callee: Callee;
  method: string;
  /** Of an attempt. */
  delivery?: Delivery;
}

/** An attempt that ends with its deadline. */
interface Hung {
  attempt: Omit<TaskAttempt, "ok">;
  /** ms since 1970 */
  until: number;
}

interface Timer {
  at: number;
  isOff: boolean;
}

/** How often a timer looks at the clock, in ms; no test waits for it to pass. */
const LOOK_MS = 1;

/** What a handler has to answer in, unless its task says otherwise. */
const DEADLINE_S = 600;

const setTimer = globalThis.setTimeout.bind(globalThis);

/** A call that lasts as long as an attempt, which is counted itself. */
const UNCOUNTED = new Set(["cancelled"]);
const ADDING = new Set(["add", "addCronTasks", "addDeadLetters", "acceptBatch"]);

export class Stage implements StandIn {
  readonly clock: TestClock;
  readonly log = new TestLog();
  readonly failures = new PlannedFailures();
  /** Objects that were called, by their ids. */
  readonly objects = new Map<string, Callee>();
  readonly #alarms = new Map<string, number>();
  readonly #started = new Map<string, StartedObject>();
  readonly #calls = new Set<Call>();
  readonly #timers = new Set<Timer>();
  readonly #hung = new Set<Hung>();
  #shift: number;
  /** Counted on with each beginning: what is late for one is nothing to the next. */
  #beginning = 0;

  constructor(clock: TestClock) {
    this.clock = clock;
    this.#shift = shiftOf(clock.now);
  }

  /** Everything is forgotten, and it is `now` (ms since 1970). */
  begin(now: number): void {
    this.#beginning++;
    this.clock.now = now;
    this.#shift = shiftOf(now);
    this.log.clear();
    this.failures.clear();
    this.objects.clear();
    this.#alarms.clear();
    this.#started.clear();
    this.endCalls();
  }

  /** Every object has ended, and with them what was under way. */
  endCalls(): void {
    this.#calls.clear();
    this.#hung.clear();
    this.#timers.clear();
    this.#started.clear();
  }

  now(): number {
    return this.clock.now;
  }

  /** Moves the clock on; it does not go back. */
  moveTo(moment: number): void {
    this.clock.now = Math.max(this.clock.now, moment);
    for (const hung of [...this.#hung].filter(({ until }) => until <= this.clock.now)) {
      this.#hung.delete(hung);
      this.log.attempts.push({ ...hung.attempt, ok: false, error: "no answer" });
    }
  }

  alarmOf(object: StartedObject, { id: objectId, storage }: AlarmState): StoredAlarm {
    const id = objectId.toString();
    if (this.#started.get(id)?.isBusy()) this.#cutOff(id);
    this.#started.set(id, object);
    return {
      setAlarm: (at) => {
        const stored = storage.setAlarm(at + this.#shift);
        this.#alarms.set(id, at);
        return stored;
      },
      getAlarm: async () => {
        const stored = await storage.getAlarm();
        if (stored === null) this.#alarms.delete(id);
        else this.#alarms.set(id, stored - this.#shift);
        return stored === null ? null : stored - this.#shift;
      },
    };
  }

  // The object ended with work under way, as by a crash: nobody is left to be answered.
  #cutOff(id: string): void {
    const queue = queueOf(this.objects.get(id)?.name);
    for (const call of this.#calls) {
      if (call.delivery === undefined || call.delivery.queue === queue) this.#calls.delete(call);
    }
  }

  /** The alarm is about to be fired. */
  fired(id: string): void {
    this.#alarms.delete(id);
  }

  /** The object, if it has started. */
  started(id: string): StartedObject | undefined {
    return this.#started.get(id);
  }

  /** Each attempt is a call, or it could not be told how it began and ended. */
  readonly attemptsPerCall = 1;
  /** What starts is what a moment is for. */
  readonly startsInAlarmsOnly = true;

  hasAlarm(id: string): boolean {
    return this.#alarms.has(id);
  }

  runAt(at: number, work: () => void): () => void {
    const timer = { at, isOff: false };
    this.#timers.add(timer);
    const callOff = () => {
      timer.isOff = true;
      this.#timers.delete(timer);
    };
    // It runs in the invocation that set it, as the platform wants it.
    const look = () => {
      if (timer.isOff) return;
      if (this.clock.now < at) return void setTimer(look, LOOK_MS);
      callOff();
      work();
    };
    setTimer(look, LOOK_MS);
    return callOff;
  }

  watch<Rpc>(callee: Callee, stub: Rpc): Rpc {
    const { id } = stub as { id?: { toString(): string } };
    if (callee.className !== "TaskRunner" && id) this.objects.set(id.toString(), callee);
    return new Proxy(stub as object, {
      get: (target, key) => {
        const value = (target as Record<PropertyKey, unknown>)[key];
        if (typeof key !== "string" || typeof value !== "function" || key === "then") return value;
        return (...args: unknown[]) => this.#called(callee, target, key, args);
      },
    }) as Rpc;
  }

  #called(callee: Callee, target: object, method: string, args: unknown[]): unknown {
    const call: Call = { callee, method };
    const send = () => (target as Record<string, (...a: unknown[]) => unknown>)[method]?.(...args);
    const delivery = deliveryIn(callee, method, args);
    if (delivery) return this.#deliver(call, delivery, send);
    const batch = batchIn(callee, method, args);
    if (batch) {
      return this.#deliverBatch(call, batch, (it) => (target as Batched)[method]?.(it) as never);
    }
    if (UNCOUNTED.has(method)) return send();
    const answer = this.during(call, send) as Promise<unknown>;
    const act = actOf(method, args);
    if (ADDING.has(act.method)) {
      const added = (got: unknown) => this.#added(callee, act.method, act.args, act.answerOf(got));
      void answer.then(this.#unlessLate(added), ignore);
    }
    return answer;
  }

  /** Counts a call until its answer is there. */
  during<T>(call: Call, send: () => T): T {
    this.#calls.add(call);
    const ended = () => void this.#calls.delete(call);
    try {
      const answer = send();
      Promise.resolve(answer).then(ended, ended);
      return answer;
    } catch (error) {
      ended();
      throw error;
    }
  }

  #deliver(call: Call, delivery: Delivery, send: () => unknown): unknown {
    const attempt = attemptOf(delivery, this.clock.now);
    const plan = this.failures.take(delivery.queue);
    call.delivery = delivery;
    if (plan?.timeout) return this.#hang(delivery, attempt);
    const answer = this.during(call, () => (plan ? outcomeOfPlan(plan) : send()));
    void (answer as Promise<WireOutcome>).then(
      this.#unlessLate((wire) => this.log.attempts.push({ ...attempt, ...endOf(wire) })),
      this.#unlessLate((error) =>
        this.log.attempts.push({ ...attempt, ok: false, error: String(error) }),
      ),
    );
    return answer;
  }

  #deliverBatch(
    call: Call,
    delivery: BatchDelivery,
    send: (delivery: BatchDelivery) => Promise<BatchOutcome>,
  ): unknown {
    const attempts = attemptsOf(delivery, this.clock.now);
    const plans = attempts.map(() => this.failures.take(delivery.queue));
    call.delivery = delivery;
    if (plans.some((plan) => plan?.timeout)) {
      const hung = attempts.map((attempt) => this.#hang(delivery, attempt));
      return hung[0];
    }
    const answer = this.during(call, () => withFailures(delivery, plans, send));
    const ended = (end: (i: number) => Pick<TaskAttempt, "ok">) => {
      for (const [i, attempt] of attempts.entries())
        this.log.attempts.push({ ...attempt, ...end(i) });
    };
    void answer.then(
      this.#unlessLate((wire) => {
        const each = eachOf(wire, attempts.length);
        ended((i) => endOf(each[i] as WireOutcome));
      }),
      this.#unlessLate((error) => ended(() => ({ ok: false, error: String(error) }))),
    );
    return answer;
  }

  #unlessLate<T>(work: (value: T) => unknown): (value: T) => void {
    const beginning = this.#beginning;
    return (value) => {
      if (beginning === this.#beginning) work(value);
    };
  }

  #hang(delivery: Delivery, attempt: Hung["attempt"]): Promise<WireOutcome> {
    const seconds = delivery.spec?.dispatchDeadline ?? DEADLINE_S;
    this.#hung.add({ attempt, until: this.clock.now + seconds * 1000 });
    return new Promise<WireOutcome>(ignore);
  }

  #added({ name }: Callee, method: string, [given]: unknown[], answer: unknown): void {
    const at = new Date(this.clock.now).toISOString();
    const { queue } = shardOfObject(name);
    const added = addedBy({ method, given, answer } as AddingCall);
    const isSharded = [...this.objects.values()].some(
      ({ name }) => name !== queue && queueOf(name) === queue,
    );
    for (const task of added) this.log.add({ ...task, queue, at }, isSharded);
  }

  /** The next moment that comes by time alone. */
  next(): ObjectMoment | undefined {
    let next: ObjectMoment | undefined;
    for (const [object, at] of this.#alarms) {
      if (next === undefined || at < next.at) next = { at, object };
    }
    for (const { at } of this.#timers) if (next === undefined || at < next.at) next = { at };
    return next;
  }

  /** Whether anything is under way that ends without time passing. */
  get isBusy(): boolean {
    if (this.#calls.size > 0) return true;
    if ([...this.#timers].some(({ at }) => at <= this.clock.now)) return true;
    const hung = this.#hungObjects();
    return [...this.#started].some(([id, object]) => !hung.has(id) && object.isBusy());
  }

  /** Objects whose attempts do not end: their alarms are not to be held open for them. */
  get isHung(): boolean {
    return this.#hung.size > 0;
  }

  #hungObjects(): Set<string> {
    const queues = new Set([...this.#hung].map(({ attempt }) => attempt.queue));
    const objects = [...this.objects].filter(
      ([, { className, name }]) => className === "TaskQueue" && queues.has(queueOf(name) ?? ""),
    );
    return new Set(objects.map(([id]) => id));
  }

  /** What is under way, in words. */
  underWay(): string[] {
    return [...this.#calls].map(({ delivery, callee, method }) =>
      delivery
        ? `${titleOf(delivery)} is with its handler`
        : `${callee.className} "${callee.name}" is asked to ${method}`,
    );
  }
}

function deliveryIn({ className }: Callee, method: string, args: unknown[]): Delivery | undefined {
  if (className === "TaskRunner" && method === "run") return unpacked(args as PackedDelivery);
  return className === "TaskEgress" && method === "send" ? (args[0] as Delivery) : undefined;
}

function batchIn({ className }: Callee, method: string, args: unknown[]) {
  const isBatch =
    (className === "TaskRunner" && method === "runBatch") ||
    (className === "TaskEgress" && method === "sendBatch");
  return isBatch ? (args[0] as BatchDelivery) : undefined;
}

/** What a shard is asked to do, by way of a call that is for all that shards do. */
function actOf(method: string, args: unknown[]) {
  if (method !== "onShard") return { method, args, answerOf: (got: unknown) => got };
  const [, verb, given] = args as [unknown, string, unknown[]];
  // One that was outdated did nothing.
  const answerOf = (got: unknown) => (got as { answer?: unknown }).answer ?? [];
  return { method: verb, args: given, answerOf };
}

/** The queue that an object is a shard of. */
function queueOf(object: string | undefined): string | undefined {
  return object === undefined ? undefined : shardOfObject(object).queue;
}

function shiftOf(now: number): number {
  return Math.max(0, FAR - now);
}

function ignore(): void {}
