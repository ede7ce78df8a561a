// The loopback entrypoint: the queue's object calls it by RPC, nobody outside can. It turns a task into
// a request, gives it to whoever the task is for and answers with the outcome. An attempt has an invocation of
// its own, with limits and a log entry of its own, or shares one with others that are short.
import { WorkerEntrypoint } from "cloudflare:workers";
import { destinationOf, type Targets } from "../../core/egress/targets.ts";
import { failureResponse } from "../../core/task/failures.ts";
import type { Outcome } from "../../core/task/task.ts";
import type { App } from "../app.ts";
import type { Aside } from "../delivery/answer-body.ts";
import { withCancellation } from "../delivery/cancellation.ts";
import { type Delivery, type PackedDelivery, unpacked } from "../delivery/delivery.ts";
import { logFailure } from "../delivery/failure-log.ts";
import { isPlatformTrouble, outcomeOf, type WireOutcome } from "../delivery/outcome.ts";
import { requestOf } from "../delivery/request.ts";
import type { SharedOutcomes, TaskRunnerRpc } from "../rpc.ts";
import type { Entrance } from "../set-up.ts";
import { targetsOf } from "../settings.ts";
import { Stubs } from "../stubs.ts";
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

  /** `app` is absent when the Worker's handler was not handed over: then it is called by loopback. */
  constructor(
    ctx: ExecutionContext,
    env: Env,
    app: App<Env> | undefined,
    targets: Targets,
    entrance: Entrance,
  ) {
    super(ctx, env);
    this.#entrance = entrance;
    this.#app = app;
    this.#targets = targetsOf(env, targets);
  }

  async run(...packed: PackedDelivery): Promise<WireOutcome> {
    const delivery = unpacked(packed);
    const { queue, shard = 0, attempt } = delivery;
    // The stub is made for an attempt that takes long alone: for every one it was a tenth of the throughput.
    const cancelled = () => new Stubs(this.ctx.exports).shard(queue, shard).cancelled(attempt);
    return withCancellation(this.ctx, cancelled, (signal) => this.#attempt(delivery, signal));
  }

  async runTogether(
    deliveries: readonly PackedDelivery[],
  ): Promise<WireOutcome[] | SharedOutcomes> {
    const attempts = deliveries.map(async (delivery) => alone(await this.run(...delivery)));
    return new SharedAttempts(attempts).first();
  }

  async #attempt(delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
    try {
      const handler = this.#handlerOf(delivery.target);
      if (typeof handler === "string") return { kind: "unanswered", error: handler };
      const response = await handler.fetch(requestOf(delivery, signal));
      return await outcomeOf(response, delivery.keepsResult ?? false, this.#aside(delivery));
    } catch (error) {
      if (signal.aborted) return { kind: "unanswered", error: String(signal.reason) };
      logFailure(`task "${delivery.name}" on "${delivery.queue}"`, error);
      const answer = failureResponse(error);
      return answer
        ? outcomeOf(answer, false, this.#aside(delivery))
        : { kind: "answered", status: 500, error: String(error) };
    }
  }

  #aside({ name, queue }: Delivery): Aside {
    return {
      behind: (work) => this.ctx.waitUntil(work),
      broke: (error) => logFailure(`the answer of task "${name}" on "${queue}"`, error),
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

/** A limit that attempts share may be met because of the others: the attempt is made again, and counts then. */
function alone(outcome: WireOutcome): WireOutcome {
  if (typeof outcome === "number" || outcome.error === undefined) return outcome;
  const { error } = outcome;
  return isPlatformTrouble(error) ? { kind: "postponed", error } : outcome;
}
