// The entrypoint for other Workers: whoever has a service binding to it may use the queues, without a token. By RPC,
// `env.QUEUES.get("mail").add(...)`, or by fetch, which is how `durable-taskqueue/client` calls it.
import { WorkerEntrypoint } from "cloudflare:workers";
import type { QueueHandle } from "../client/queue-handle.ts";
import { errorOf, invalid } from "../core/errors.ts";
import type { PayloadTypes, UntypedPayloads } from "../core/task/typed-task.ts";
import type { Door } from "../http/door.ts";
import type { QueueService } from "../http/queue-service.ts";
import { thrownResponse } from "../http/respond.ts";
import { BoundQueue } from "./bound-queue.ts";
import { type BindingProps, limitedTo, nameOfBinding } from "./limited-queues.ts";

export class QueuesEntrypoint<Env = unknown> extends WorkerEntrypoint<Env, BindingProps> {
  readonly #queues: (who: string) => QueueService;
  readonly #doors: readonly Door[];

  constructor(
    ctx: ExecutionContext,
    env: Env,
    queues: (who: string) => QueueService,
    doors: readonly Door[],
  ) {
    super(ctx as ExecutionContext<BindingProps>, env);
    this.#queues = queues;
    this.#doors = doors;
  }

  /** A queue, to add to and to act on. One that the binding may not use is refused at the first call. */
  get(name: string): BoundQueue {
    return new BoundQueue(() => this.#allowed().get(name));
  }

  /** Answers the HTTP API under /_ah/api, where the Worker has that door. */
  override async fetch(request: Request): Promise<Response> {
    try {
      const { pathname } = new URL(request.url);
      const door = this.#doors.find((it) => it.answerBound && it.isFor(request, pathname));
      if (door?.answerBound) return await door.answerBound(request, this.#allowed());
      throw errorOf(invalid("path", pathname, "one under /_ah/api/").failure);
    } catch (error) {
      return thrownResponse(error, request);
    }
  }

  #allowed(): QueueService {
    const { name } = Object(this.ctx.props) as BindingProps;
    return limitedTo(this.ctx.props, this.#queues(nameOfBinding(name)));
  }
}

type Verb = keyof BoundQueue & keyof QueueHandle;

/** The verbs of a queue over a binding. */
export type BoundVerbs<P> = Pick<BoundQueue<P>, Verb>;

/**
 * What a Worker has at its binding: `interface Env { QUEUES: TaskQueuesBinding<{ mail: { to: string } }> }`. A queue
 * may be used at once, in one trip, or be awaited and kept: then it is to be disposed (`using mail = await ...`).
 */
export interface TaskQueuesBinding<Payloads extends PayloadTypes = UntypedPayloads> {
  get<Name extends keyof Payloads & string>(
    name: Name,
  ): BoundVerbs<Payloads[Name]> & PromiseLike<BoundVerbs<Payloads[Name]> & Disposable> & Disposable;
  fetch(url: string, init?: RequestInit): Promise<Response>;
}
