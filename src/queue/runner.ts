// The loopback entrypoint: the queue's object calls it by RPC, nobody outside can. It turns a task into
// a request, gives it to whoever the task is for and answers with the outcome. Each attempt has an
// invocation of its own, with limits and a log entry of its own.
import { WorkerEntrypoint } from "cloudflare:workers";
import { hostRefusal, parseHostRules } from "../core/hosts.ts";
import { isAbsolute } from "../core/new-task-rules.ts";
import type { Outcome } from "../core/task.ts";
import { type Delivery, requestOf, urlOf } from "./delivery.ts";
import { onWire, outcomeOf, type WireOutcome } from "./outcome.ts";
import type { QueueSettings } from "./settings.ts";
import type { QueueVerbs } from "./verbs.ts";

export interface TaskRunnerVerbs {
  run(delivery: Delivery): Promise<WireOutcome>;
}

/** Who takes a task's request. */
interface Handler {
  fetch(request: Request): Response | Promise<Response>;
}

/** The Worker's own handler, called in the runner's invocation. */
export interface App<Env> {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
}

/**
 * Names in queue.yaml's `target` (a service, or `version.service`) -> the service binding or the named
 * entrypoint that stands for it. A target that is not listed is the Worker itself, as App Engine sends
 * tasks of an unknown service to the default one.
 */
export type Targets = Record<string, string>;

/** What marks a request as the queue's own: no caller from outside can set an entrypoint's props. */
export interface InsideProps {
  taskQueue: "inside";
}

/** An attempt that takes longer than this begins to listen for its end. */
const LISTEN_AFTER_MS = 250;

export class TaskRunnerEntrypoint<Env = unknown>
  extends WorkerEntrypoint<Env>
  implements TaskRunnerVerbs
{
  readonly #app: App<Env> | undefined;
  readonly #targets: Targets;

  /** `app` is absent when the Worker's handler was not handed over: then it is called by loopback. */
  constructor(ctx: ExecutionContext, env: Env, app: App<Env> | undefined, targets: Targets) {
    super(ctx, env);
    this.#app = app;
    this.#targets = targets;
  }

  async run(delivery: Delivery): Promise<WireOutcome> {
    const controller = new AbortController();
    const outcome = this.#attempt(delivery, controller.signal);
    const timer = setTimeout(() => {
      // When the queue goes away this call is cut; the handler gets time to clean up all the same.
      this.ctx.waitUntil(outcome);
      void this.#listen(delivery, controller);
    }, LISTEN_AFTER_MS);
    try {
      return onWire(await outcome);
    } finally {
      clearTimeout(timer);
    }
  }

  async #attempt(delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
    const url = delivery.spec?.url;
    if (url && isAbsolute(url)) return this.#callOut(delivery, signal);
    try {
      const response = await this.#handlerOf(delivery.target).fetch(requestOf(delivery, signal));
      return await outcomeOf(response, delivery.keepsResult);
    } catch (error) {
      if (signal.aborted) return { kind: "unanswered", error: String(signal.reason) };
      console.error(`task "${delivery.name}" on "${delivery.queue}" threw`, error);
      return { kind: "answered", status: 500, error: String(error) };
    }
  }

  // Checked again here, not only when it was added: the settings may have changed since.
  async #callOut(delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
    const rules = parseHostRules((this.env as QueueSettings).TASKQUEUE_ALLOW_HOSTS);
    const refusal = hostRefusal(new URL(urlOf(delivery)), rules);
    if (refusal !== undefined) return { kind: "unanswered", error: `not called: ${refusal}` };
    try {
      return await outcomeOf(await fetch(requestOf(delivery, signal)), delivery.keepsResult);
    } catch (error) {
      return { kind: "unanswered", error: String(signal.aborted ? signal.reason : error) };
    }
  }

  // The queue's object is asked only by attempts that take long. When it goes away itself the call breaks,
  // which says the same.
  async #listen({ queue, attempt }: Delivery, controller: AbortController): Promise<void> {
    const { TaskQueue } = this.ctx.exports as unknown as { TaskQueue: DurableObjectNamespace };
    const object = TaskQueue.getByName(queue) as unknown as Pick<QueueVerbs, "ending">;
    const reason = await object.ending(attempt).catch(() => "the queue went away");
    controller.abort(new DOMException(reason, "AbortError"));
  }

  #handlerOf(target: string | undefined): Handler {
    const service = target === undefined ? undefined : this.#serviceOf(target);
    if (service) return service;
    const app = this.#app;
    if (app) return { fetch: (request) => app.fetch(request, this.env, this.ctx) };
    const props: InsideProps = { taskQueue: "inside" };
    const own = this.ctx.exports as unknown as { default(o: { props: InsideProps }): Handler };
    return own.default({ props });
  }

  #serviceOf(target: string): Handler | undefined {
    const name = this.#targets[target] ?? this.#targets[target.split(".").at(-1) ?? target];
    if (name === undefined) return undefined;
    const services = { ...(this.ctx.exports as object), ...(this.env as object) } as Record<
      string,
      Handler
    >;
    return services[name];
  }
}
