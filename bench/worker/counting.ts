// The same Worker as ours.ts, with every statement's written rows and every setAlarm counted. It serves
// only the count: wrapping the storage takes time, so nothing is timed here.
import { exports } from "cloudflare:workers";
import { createTaskQueues } from "../../src/index.ts";
import { drive, handle } from "./app.ts";
import queueYaml from "./queue.yaml";

/** What Cloudflare would bill as rows written. */
export interface Bill {
  rows: number;
  alarms: number;
}

interface CountingVerbs {
  bill(): Promise<Bill>;
}

const queues = createTaskQueues({ config: queueYaml });
export const { TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

export class TaskQueue extends queues.TaskQueue implements CountingVerbs {
  readonly #bill: Bill;

  constructor(ctx: DurableObjectState, env: unknown) {
    const bill = { rows: 0, alarms: 0 };
    Object.defineProperty(ctx, "storage", { value: counted(ctx.storage, bill) });
    super(ctx, env);
    this.#bill = bill;
  }

  async bill(): Promise<Bill> {
    return this.#bill;
  }
}

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    if (request.method === "POST") return handle();
    const url = new URL(request.url);
    if (url.pathname === "/bill") return Response.json(await object().bill());
    const queue = queues.get(env, "bench");
    const left = async () => (await queue.describe()).statistics.tasks;
    return drive(url, { add: (tasks) => queue.add(tasks), left });
  },
});

function object(): CountingVerbs {
  const { TaskQueue: own } = exports as unknown as { TaskQueue: DurableObjectNamespace };
  return own.getByName("bench") as unknown as CountingVerbs;
}

function counted(storage: DurableObjectStorage, bill: Bill): DurableObjectStorage {
  const sql = wrapped(storage.sql, {
    // A statement that writes has done so when exec returns: only rows that are read come later.
    exec(query: string, ...bindings: unknown[]) {
      const cursor = storage.sql.exec(query, ...bindings);
      bill.rows += cursor.rowsWritten;
      return cursor;
    },
  });
  return wrapped(storage, {
    sql,
    setAlarm(at: number) {
      bill.alarms++;
      return storage.setAlarm(at);
    },
  });
}

// The platform's objects insist on being called on themselves, not on a proxy of them.
function wrapped<T extends object>(target: T, overrides: object): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in overrides) return overrides[name as keyof typeof overrides];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
