// The Durable Object from which attempts leave the Worker for absolute urls. It keeps nothing.
import { DurableObject } from "cloudflare:workers";
import type { Targets } from "../../core/egress/targets.ts";
import { type BatchOutcome, type BatchOutcomeOf, NO_BATCHES } from "../delivery/batch-outcome.ts";
import { withCancellation } from "../delivery/cancellation.ts";
import { type BatchDelivery, type Delivery, outsideOf } from "../delivery/delivery.ts";
import { outcomeOf, toWire, type WireOutcome } from "../delivery/outcome.ts";
import { clock } from "../host.ts";
import type { EgressRpc, Webhook, WebhookAnswer } from "../rpc.ts";
import { type QueueSettings, targetsOf } from "../settings.ts";
import { Stubs } from "../stubs.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { type Reader, send } from "./send.ts";

/** Sends a webhook: a part that a Worker may leave out. */
export type PostWebhook = (
  webhook: Webhook,
  deps: { settings: QueueSettings; now: number },
) => Promise<WebhookAnswer>;

const NO_ALERTS = { error: "left out of this Worker, expected parts: [alerts]" };

export class TaskEgressObject<Env = unknown> extends DurableObject<Env> implements EgressRpc {
  readonly #targets: Targets;
  readonly #stubs: Stubs;
  readonly #batchOutcomeOf: BatchOutcomeOf | undefined;
  readonly #tracing: Tracing | undefined;
  readonly #post: PostWebhook | undefined;

  /**
   * `batchOutcomeOf` reads answers to batches, where there are any; `tracing` follows traces, where somebody does;
   * `post` sends what alerts have to say, where there are any.
   */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    targets: Targets,
    batchOutcomeOf?: BatchOutcomeOf,
    tracing?: Tracing,
    post?: PostWebhook,
  ) {
    super(ctx, env);
    this.#post = post;
    this.#tracing = tracing;
    this.#batchOutcomeOf = batchOutcomeOf;
    this.#targets = targetsOf(env, targets);
    this.#stubs = new Stubs(ctx.exports);
  }

  /** ms since 1970 */
  now(): number {
    return clock();
  }

  async send(delivery: Delivery): Promise<WireOutcome> {
    return this.#traced(delivery, async (answer, deps) =>
      toWire(await outcomeOf(answer, delivery.keepsResult ?? false, deps)),
    );
  }

  async sendBatch(delivery: BatchDelivery): Promise<BatchOutcome> {
    const read = this.#batchOutcomeOf;
    if (!read) return NO_BATCHES;
    return this.#traced(delivery, (answer, deps) => read(answer, delivery.batch, deps));
  }

  async post(webhook: Webhook): Promise<WebhookAnswer> {
    const settings = this.env as QueueSettings;
    return this.#post?.(webhook, { settings, now: this.now() }) ?? NO_ALERTS;
  }

  #traced<O>(delivery: Delivery, read: Reader<O>): Promise<O | WireOutcome> {
    const send = (traced: Delivery) => this.#send(traced, read);
    return this.#tracing ? this.#tracing.attempt(delivery, send) : send(delivery);
  }

  #send<O>(delivery: Delivery, read: Reader<O>): Promise<O | WireOutcome> {
    const { queue, shard = 0, attempt } = delivery;
    const cancelled = () => this.#stubs.shard(queue, shard).cancelled(attempt);
    const settings = this.env as QueueSettings;
    const behind = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    return withCancellation(this.ctx, cancelled, (signal) => {
      const outside = outsideOf(delivery, this.#targets);
      return send(delivery, { ...outside, settings, now: this.now(), signal, behind }, read);
    });
  }
}
