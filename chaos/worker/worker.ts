// The Worker under test. Its objects can be given another clock, be ended, and be held in a commit.
import { env as settings } from "cloudflare:workers";
import { createTaskQueues } from "../../src/index.ts";
import type { Past, Report } from "../report.ts";
import { followed, type Pace } from "./attempts.ts";
import { ahead, alarmAhead, holdNext, jump, onwardReading, reading } from "./clock.ts";
import { handle } from "./handlers.ts";
import { handleTogether } from "./together.ts";

interface Env {
  COLLECTOR: string;
  AHEAD_MS: string;
  QUEUES: string;
  CRON: string;
}

const own = settings as unknown as Env;
const queues = createTaskQueues<Env>({ config: own.QUEUES, cron: own.CRON });

async function report(event: Report): Promise<Past> {
  const response = await fetch(own.COLLECTOR, { method: "POST", body: JSON.stringify(event) });
  return response.json();
}

/** By the object's state: a constructor already asks, before fields are there. */
const paces = new WeakMap<DurableObjectState, Pace>();

function paced(ctx: DurableObjectState): DurableObjectState {
  const pace = { turnAt: 0, turnOnwardAt: 0 };
  paces.set(ctx, pace);
  Object.defineProperty(ctx, "exports", { value: followed(ctx, pace, report) });
  return ahead(ctx);
}

export class TaskQueue extends queues.TaskQueue {
  constructor(ctx: DurableObjectState, env: Env) {
    super(paced(ctx), env);
  }

  override now(): number {
    return reading(super.now());
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const turn = { turnAt: this.now(), turnOnwardAt: onwardReading() };
    Object.assign(paces.get(this.ctx) as Pace, turn);
    return super.alarm(alarmAhead(info));
  }

  async end(): Promise<void> {
    this.ctx.abort("chaos");
  }
}

export class TaskGroup extends queues.TaskGroup {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ahead(ctx), env);
  }

  override now(): number {
    return reading(super.now());
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    return super.alarm(alarmAhead(info));
  }
}

export class TaskCron extends queues.TaskCron {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ahead(ctx), env);
  }

  override now(): number {
    return reading(super.now());
  }

  // What is due by the clock now is due in this turn.
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const from = this.now();
    const turn = super.alarm(alarmAhead(info));
    void report({ kind: "turn", from, to: this.now() });
    return turn;
  }
}

export const { TaskDirectory, TaskEgress, TaskRunner } = queues;

const deferred = {
  later: async (id: string, { task }: { task: { name: string } }) => {
    await report({ kind: "start", id, queue: "default", task: task.name });
    await report({ kind: "end", id, ok: true });
  },
};
const { defer } = queues.deferred(deferred);

interface Call {
  add?: { queue: string; task: Record<string, unknown> }[];
  defer?: string;
  hold?: { at: string; rounds: number };
  end?: string;
  jump?: number;
}

// What the run asks of the Worker itself; adds that begin together are gathered into one call.
async function act(call: Call, env: Env, ctx: ExecutionContext): Promise<Response> {
  if (call.hold) holdNext(call.hold.at, call.hold.rounds);
  if (call.jump) jump(call.jump);
  if (call.end) {
    const { TaskQueue } = ctx.exports as unknown as {
      TaskQueue: DurableObjectNamespace<InstanceType<typeof queues.TaskQueue> & { end(): void }>;
    };
    await TaskQueue.getByName(call.end)
      .end()
      .catch(() => {});
  }
  if (call.defer) await defer(deferred.later, call.defer, { name: `deferred-${call.defer}` });
  const adds = (call.add ?? []).map(({ queue, task }) => queues.get(env, queue).add(task as never));
  const added = await Promise.allSettled(adds);
  return Response.json({ added: added.map(({ status }) => status === "fulfilled") });
}

export default queues.serve({
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response("up");
    if (pathname === "/act") return act(await request.json(), env, ctx);
    if (request.headers.has("X-TaskQueue-Batch")) return handleTogether(request, report);
    return handle(request, report, async (task, id) => {
      const tasks = [0, 1, 2, 3].map((i) => ({ queue: "right", url: `/task/${id}.${i}/ok` }));
      await queues.get(env, "left").group({ master: task, tasks });
    });
  },
});
