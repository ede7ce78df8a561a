// A queue whose keys `one-*` have one slot each, and what is seen of the order in which their tasks run. Handlers wait for
// their answer from the test, past their deadline too.
import { readBatch } from "../../src/index.ts";
import { clock } from "./clock.ts";
import { deployQueues } from "./deploy.ts";
import { alarmOf, crash, fire, objectOf, queue } from "./time.ts";
import { handlers } from "./worker.ts";

const Q = "push";
const PATH = "/_ah/queue/push";
const DEADLINE_S = 15;
const IN_ORDER = { per_key: { "one-*": { max_concurrent_requests: 1 } } };
/** So many looks let what is under way arrive. */
const LOOKS = 4;

/** `extensions` and `entry`: what else queue.yaml says of the queue. */
export function deployInOrder({ extensions = {}, entry = {} } = {}): Promise<void> {
  const rate = { rate: "500/s", bucket_size: 500 };
  const retry_parameters = { min_backoff_seconds: 4, max_backoff_seconds: 4 };
  const all = { name: Q, ...rate, retry_parameters, ...entry };
  const queue = { ...all, extensions: { keys: IN_ORDER, ...extensions } };
  return deployQueues(`  - ${JSON.stringify(queue)}`);
}

/** An attempt, as its handler knows of it. */
export interface Run {
  name: string;
  /** How many crashes there were before. */
  life: number;
  startedAt: number;
  answer?: { status: number; retryAfter?: string | undefined };
  /** How many attempts had begun when it was answered. */
  answeredAfter?: number;
}

export class OrderWitness {
  readonly runs: Run[] = [];
  /** Tasks that were run by hand, which go before all others. */
  readonly byHand = new Set<string>();
  /** Tasks that have given up their place, and how many attempts had begun by then. */
  readonly moved: { name: string; after: number }[] = [];
  #life = 0;

  constructor() {
    handlers.set(PATH, (request) => this.#handle(request));
  }

  async #handle(request: Request): Promise<Response> {
    if (request.headers.has("X-TaskQueue-Batch")) return this.#handleBatch(request);
    const name = request.headers.get("X-AppEngine-TaskName") as string;
    const { status, retryAfter } = await this.#answerOf(name);
    const headers = retryAfter ? { "Retry-After": retryAfter } : {};
    return new Response(null, { status, headers });
  }

  // Those that share a call end when all of them have their answer.
  async #handleBatch(request: Request): Promise<Response> {
    const { tasks } = await readBatch(request);
    const answers = await Promise.all(tasks.map(({ name }) => this.#answerOf(name)));
    const results = tasks.map(({ name }, i) => ({ name, ...answers[i] }));
    return Response.json({ results });
  }

  async #answerOf(name: string): Promise<NonNullable<Run["answer"]>> {
    const run: Run = { name, life: this.#life, startedAt: clock.now };
    this.runs.push(run);
    while (!run.answer && run.life === this.#life) await scheduler.wait(1);
    return run.answer ?? { status: 500 };
  }

  /** Names in the order in which attempts began. */
  get ran(): string[] {
    return this.runs.map(({ name }) => name);
  }

  /** Attempts whose handlers wait for an answer. */
  get open(): Run[] {
    return this.runs.filter(({ life, answer }) => life === this.#life && !answer);
  }

  /** `one-a_3` is a task of the key `one-a`, `p_3` has none. */
  async add(names: readonly string[], more: object = {}): Promise<void> {
    const keyed = names.map((name) => {
      const key = keyOf(name);
      return { name, dispatchDeadline: DEADLINE_S, ...(key !== undefined && { key }), ...more };
    });
    await queue(Q).add(keyed);
  }

  async crash(): Promise<void> {
    await crash();
    this.#life++;
    clock.now += 2000;
    await this.wake();
  }

  /** As anything does that is asked of the object. */
  async wake(): Promise<void> {
    await (objectOf(Q) as unknown as { wake(): Promise<void> }).wake();
  }

  /** The alarm fires, if there is one, and what it starts arrives. */
  async turn(): Promise<void> {
    if ((await alarmOf(Q)) !== null) await fire(Q);
    await settle();
  }

  async answer(run: Run | undefined, status: number, retryAfter?: string): Promise<void> {
    if (!run) return;
    run.answer = { status, retryAfter };
    run.answeredAfter = this.runs.length;
    await settle();
  }

  /** All that is left succeeds. */
  async drain(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      for (const run of this.open) await this.answer(run, 200);
      if ((await queue(Q).describe()).statistics.tasks === 0) return;
      await this.turn();
    }
    throw new Error("the queue never came to rest");
  }

  /** Tasks that first began between two attempts of another of their key. */
  outOfOrder(): string[] {
    const { ran } = this;
    return ran.flatMap((name, i) => {
      const next = ran.indexOf(name, i + 1);
      if (keyOf(name) === undefined || next < 0 || this.#isMoved(name, i, next)) return [];
      return ran
        .slice(i + 1, next)
        .filter((other, j) => keyOf(other) === keyOf(name) && ran.indexOf(other) === i + 1 + j)
        .filter((other) => !this.byHand.has(other))
        .map((other) => `${other} between two of ${name}`);
    });
  }

  #isMoved(name: string, from: number, to: number): boolean {
    return this.moved.some((one) => one.name === name && one.after > from && one.after <= to);
  }

  /** Attempts that began while another of their key was under way. */
  atOnce(): string[] {
    return this.runs.flatMap((run, i) => {
      const before = this.runs.slice(0, i).filter(({ name }) => keyOf(name) === keyOf(run.name));
      if (keyOf(run.name) === undefined) return [];
      return before
        .filter((other) => isUnderWay(other, run, i))
        .map((other) => `${run.name} beside ${other.name}`);
    });
  }
}

const MOST_TURNS = 400;

/** Whether an attempt was under way when the `i`-th began. */
function isUnderWay(other: Run, { life, startedAt }: Run, i: number): boolean {
  const isLate = startedAt >= other.startedAt + DEADLINE_S * 1000;
  return other.life === life && !isLate && (other.answeredAfter ?? Number.POSITIVE_INFINITY) > i;
}

function keyOf(name: string): string | undefined {
  return name.startsWith("one-") ? name.split("_")[0] : undefined;
}

async function settle(): Promise<void> {
  for (let i = 0; i < LOOKS; i++) {
    await queue(Q).describe();
    await scheduler.wait(2);
  }
}
