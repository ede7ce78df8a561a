// The loopback entrypoint: the queue's object calls it by RPC, nobody outside can. It turns a task into
// a request, gives it to whoever the task is for and answers with the outcome. An attempt has an invocation of
// its own, with limits and a log entry of its own, or shares one with others that are short.
import { WorkerEntrypoint } from "cloudflare:workers";
import { destinationOf, type Targets } from "../../core/egress/targets.ts";
import { failureResponse } from "../../core/task/failures.ts";
import type { App } from "../app.ts";
import type { Aside } from "../delivery/answer-body.ts";
import { type BatchOutcome, type BatchOutcomeOf, NO_BATCHES } from "../delivery/batch-outcome.ts";
import { withCancellation } from "../delivery/cancellation.ts";
import {
  type BatchDelivery,
  type Delivery,
  type PackedDelivery,
  titleOf,
  unpacked,
} from "../delivery/delivery.ts";
import { logFailure } from "../delivery/failure-log.ts";
import { isPlatformTrouble, outcomeOf, toWire, type WireOutcome } from "../delivery/outcome.ts";
import { requestOf } from "../delivery/request.ts";
import type { SharedOutcomes, TaskRunnerRpc } from "../rpc.ts";
import type { Entrance } from "../set-up.ts";
import { targetsOf } from "../settings.ts";
import { Stubs } from "../stubs.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { SharedAttempts } from "./shared-attempts.ts";

/** Who takes a task's request. */
interface Handler {
  fetch(request: Request): Response | Promise<Response>;
}

/** What marks a request as the queue's own: no caller from outside can set an entrypoint's props. */
export interface InsideProps {
  taskQueue: "inside";
}

export class TaskRunnerEntrypoint<Env = unknown>
  extends WorkerEntrypoint<Env>
  implements TaskRunnerRpc
{
  readonly #app: App<Env> | undefined;
  readonly #targets: Targets;
  readonly #entrance: Entrance;
  readonly #batchOutcomeOf: BatchOutcomeOf | undefined;
  readonly #tracing: Tracing | undefined;

  /**
   * `app` is absent when the Worker's handler was not handed over: then it is called by loopback. `batchOutcomeOf` reads
   * answers to batches, where there are any; `tracing` follows traces, where somebody does.
   */
  constructor(
    ctx: ExecutionContext,
    env: Env,
    app: App<Env> | undefined,
    targets: Targets,
    entrance: Entrance,
    batchOutcomeOf?: BatchOutcomeOf,
    tracing?: Tracing,
  ) {
    super(ctx, env);
    this.#tracing = tracing;
    this.#batchOutcomeOf = batchOutcomeOf;
    this.#entrance = entrance;
    this.#app = app;
    this.#targets = targetsOf(env, targets);
  }

  // Not async itself, which would be a promise more for each attempt.
  run(...packed: PackedDelivery): Promise<WireOutcome> {
    return this.#run(unpacked(packed), ofTask);
  }

  async runBatch(delivery: BatchDelivery): Promise<BatchOutcome> {
    const read = this.#batchOutcomeOf;
    if (!read) return NO_BATCHES;
    const outcome = await this.#run(delivery, (answer, { batch }, aside) =>
      read(answer, batch, aside),
    );
    return Array.isArray(outcome) || delivery.batch.length === 1 ? outcome : alone(outcome);
  }

  #run<D extends Delivery, O>(delivery: D, read: Reader<D, O>): Promise<O | WireOutcome> {
    const { queue, shard = 0, attempt } = delivery;
    // The stub is made for an attempt that takes long alone: for every one it was a tenth of the throughput.
    const cancelled = () => new Stubs(this.ctx.exports).shard(queue, shard).cancelled(attempt);
    const work = (traced: D) =>
      withCancellation(this.ctx, cancelled, (signal) => this.#attempt(traced, signal, read));
    return this.#tracing ? this.#tracing.attempt(delivery, work) : work(delivery);
  }

  async runTogether(
    deliveries: readonly PackedDelivery[],
  ): Promise<WireOutcome[] | SharedOutcomes> {
    const attempts = deliveries.map(async (delivery) => alone(await this.run(...delivery)));
    return new SharedAttempts(attempts).first();
  }

  async #attempt<D extends Delivery, O>(
    delivery: D,
    signal: AbortSignal,
    read: Reader<D, O>,
  ): Promise<O | WireOutcome> {
    try {
      const handler = this.#handlerOf(delivery.target);
      if (typeof handler === "string") return { kind: "unanswered", error: handler };
      const response = await handler.fetch(requestOf(delivery, signal));
      const { status, ok, body } = response;
      if (ok && !body && !delivery.keepsResult) return status;
      return await read(response, delivery, this.#aside(delivery));
    } catch (error) {
      if (signal.aborted) return { kind: "unanswered", error: String(signal.reason) };
      logFailure(titleOf(delivery), error);
      const answer = failureResponse(error);
      return answer
        ? toWire(await outcomeOf(answer, false, this.#aside(delivery)))
        : { kind: "answered", status: 500, error: String(error) };
    }
  }

  #aside(delivery: Delivery): Aside {
    return {
      behind: (work) => this.ctx.waitUntil(work),
      broke: (error) => logFailure(`the answer of ${titleOf(delivery)}`, error),
    };
  }

  /** The handler of the target; a text says why there is none. */
  #handlerOf(target: string | undefined): Handler | string {
    const place = destinationOf(target, this.#targets);
    if (place.kind === "own") return this.#own();
    if (place.kind === "bound") return this.#bound(place.name);
    return place.kind === "unknown" ? place.why : `target: ${place.origin} lies outside`;
  }

  #own(): Handler {
    const app = this.#app;
    if (app) return { fetch: (request) => app.fetch(request, this.env, this.ctx) };
    const props: InsideProps = { taskQueue: "inside" };
    const own = this.ctx.exports as unknown as { default(o: { props: InsideProps }): Handler };
    const handler = own.default({ props });
    return {
      fetch: async (request) => {
        const response = await handler.fetch(request);
        this.#entrance.afterTask();
        return response;
      },
    };
  }

  #bound(name: string): Handler | string {
    const places = { ...(this.ctx.exports as object), ...(this.env as object) };
    const handler = (places as Record<string, Handler | undefined>)[name];
    return handler ?? `target: this Worker has no service binding and no entrypoint "${name}"`;
  }
}

/** What an answer means. */
type Reader<D, O> = (answer: Response, delivery: D, aside: Aside) => Promise<O>;

async function ofTask(answer: Response, delivery: Delivery, aside: Aside): Promise<WireOutcome> {
  return toWire(await outcomeOf(answer, delivery.keepsResult ?? false, aside));
}

/** A limit that attempts share may be met because of the others: the attempt is made again, and counts then. */
function alone(outcome: WireOutcome): WireOutcome {
  if (typeof outcome === "number" || outcome.error === undefined) return outcome;
  const { error } = outcome;
  return isPlatformTrouble(error) ? { kind: "postponed", error } : outcome;
}
