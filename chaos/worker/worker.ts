// The Worker under test. Its handlers do what the task's url says and report each step to the collector,
// outside this server. Its objects can be given another clock, be ended, and be held in a commit.
import { env as settings } from "cloudflare:workers";
import { createTaskQueues, PermanentTaskFailure, RetryLater, readTask } from "../../src/index.ts";

interface Env {
  COLLECTOR: string;
  AHEAD_MS: string;
  QUEUES: string;
  CRON: string;
}

const own = settings as unknown as Env;
const queues = createTaskQueues<Env>({ config: own.QUEUES, cron: own.CRON });
const aheadMs = Number(own.AHEAD_MS);

/** Which of the next commits is held, and for how many rounds of idle work. */
let held: { at: string; rounds: number } | undefined;

function hold(at: string): void {
  if (held?.at !== at) return;
  let sum = 0;
  for (let i = 0; i < held.rounds; i++) sum = (sum * 31 + i) % 65_521;
  held = sum < 0 ? held : undefined;
}

type Method = (...given: unknown[]) => unknown;

// Alarms ring by the machine's clock, so they are set and told as if that were ahead too.
function storageAhead(storage: DurableObjectStorage): DurableObjectStorage {
  const changed: Record<string, Method> = {
    setAlarm: (at) => storage.setAlarm((at as number) - aheadMs),
    getAlarm: async () => {
      const at = await storage.getAlarm();
      return at === null ? null : at + aheadMs;
    },
    transactionSync: (work) => {
      const done = storage.transactionSync(() => {
        const value = (work as () => unknown)();
        hold("in a commit");
        return value;
      });
      hold("after a commit");
      return done;
    },
  };
  return new Proxy(storage, {
    get: (target, field) => {
      const value = changed[field as string] ?? Reflect.get(target, field, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function ahead(ctx: DurableObjectState): DurableObjectState {
  Object.defineProperty(ctx, "storage", { value: storageAhead(ctx.storage) });
  return ctx;
}

function alarmAhead(info?: AlarmInvocationInfo): AlarmInvocationInfo | undefined {
  if (info?.scheduledTime === undefined) return info;
  const { isRetry, retryCount } = info;
  return { isRetry, retryCount, scheduledTime: Number(info.scheduledTime) + aheadMs } as never;
}

interface Sent {
  spec?: { headers?: [string, string][] };
}

/** The last reading of the clock by each queue; its constructor already reads it, before fields are there. */
const readings = new WeakMap<object, number>();

export class TaskQueue extends queues.TaskQueue {
  #turnAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ahead(ctx), env);
  }

  override now(): number {
    const read = super.now() + aheadMs;
    readings.set(this, read);
    return read;
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#turnAt = this.now();
    return super.alarm(alarmAhead(info));
  }

  // A turn takes its tokens between these two readings of the clock; both go with the attempt.
  protected override runner() {
    const runner = super.runner();
    const run = (delivery: Sent) => {
      const stamps: [string, string][] = [
        ["X-Chaos-Turn", `${this.#turnAt}`],
        ["X-Chaos-Read", `${readings.get(this)}`],
      ];
      const headers = [...(delivery.spec?.headers ?? []), ...stamps];
      return runner.run({ ...delivery, spec: { ...delivery.spec, headers } } as never);
    };
    return { run } as never;
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
    return super.now() + aheadMs;
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
    return super.now() + aheadMs;
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    return super.alarm(alarmAhead(info));
  }
}

export const { TaskDirectory, TaskEgress, TaskRunner } = queues;

async function report(event: Record<string, unknown>): Promise<void> {
  await fetch(own.COLLECTOR, { method: "POST", body: JSON.stringify(event) });
}

const deferred = {
  later: async (id: string, { task }: { task: { name: string } }) => {
    await report({ kind: "start", id, queue: "default", task: task.name });
    await report({ kind: "end", id, ok: true });
  },
};
const { defer } = queues.deferred(deferred);

const SLOW_MS = 250;

async function run(request: Request, env: Env): Promise<Response> {
  const task = await readTask(request);
  // The url is /task/<id>/<what it does>.
  const [, , id = task.name, does = "ok"] = new URL(request.url).pathname.split("/");
  const { headers } = request;
  await report({
    ...{ kind: "start", id, queue: task.queue, task: task.name, retry: task.retryCount },
    ...{ turn: Number(headers.get("X-Chaos-Turn")), read: Number(headers.get("X-Chaos-Read")) },
    failedOn: headers.get("X-TaskQueue-Failed-Queue") ?? undefined,
  });
  const isDead = headers.has("X-TaskQueue-Failed-Queue");
  const ok = isDead || does === "ok" || does === "slow" || does === "master" || task.retryCount > 1;
  if (does === "slow") await scheduler.wait(SLOW_MS);
  if (does === "hang" && task.retryCount === 0) await scheduler.wait(60_000);
  if (does === "master") {
    const tasks = [0, 1, 2, 3].map((i) => ({ queue: "right", url: `/task/${id}.${i}/ok` }));
    await queues.get(env, "left").group({ master: task, tasks });
  }
  const isDone = ok && (isDead || does !== "permanent");
  await report({ kind: "end", id, ok: isDone });
  if (isDone) return new Response("done");
  if (does === "permanent") throw new PermanentTaskFailure("for good");
  if (does === "later") throw new RetryLater(1);
  if (does === "error") throw new Error("as planned");
  return new Response("as planned", { status: 500 });
}

interface Call {
  add?: { queue: string; task: Record<string, unknown> }[];
  defer?: string;
  hold?: { at: string; rounds: number };
  end?: string;
}

// What the run asks of the Worker itself; adds that begin together are gathered into one call.
async function act(call: Call, env: Env, ctx: ExecutionContext): Promise<Response> {
  if (call.hold) held = call.hold;
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
    return run(request, env);
  },
});
