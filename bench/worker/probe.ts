// The baseline: the least a Durable Object can do and still be a queue on disk. A row per task, put
// there in batches; the same handler called with at most SLOTS at a time; the row deleted, many in one
// transaction. No names, times, retries, rate, deadlines, alarm or recovery: a crash strands its rows.
//
// The handler lives in the Worker, so the object has to hop there. Both ways are measured: by RPC to an
// entrypoint that calls the Worker's fetch, and by fetch of the Worker's own default export. It gets the
// request every task's handler gets, its headers with it: without them it could not tell which task it
// has. What these headers cost, a third probe shows, whose request is an url and a body.
import { DurableObject, exports, WorkerEntrypoint } from "cloudflare:workers";
import { type BenchTask, type Driven, drive, handle } from "./app.ts";

const SLOTS = 200;
const TASK_URL = "http://probe.internal/task";

interface Loopback {
  default: Fetcher;
  Runner: {
    run(body: string, id: number): Promise<number>;
    runBare(body: string): Promise<number>;
  };
  ProbeByRpc: DurableObjectNamespace;
  ProbeByFetch: DurableObjectNamespace;
  ProbeOfBareRequests: DurableObjectNamespace;
}

abstract class Probe extends DurableObject<unknown> {
  readonly #sql = this.ctx.storage.sql;
  readonly #done: number[] = [];
  #lastId = 0;
  #cursor = 0;
  #inFlight = 0;
  #left = 0;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#sql.exec("CREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  }

  /** Calls the handler; its status. */
  protected abstract call(body: string, id: number): Promise<number>;

  async add(tasks: readonly BenchTask[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const { payload } of tasks) {
        this.#sql.exec("INSERT INTO tasks (id, body) VALUES (?, ?)", ++this.#lastId, payload);
      }
    });
    this.#left += tasks.length;
    this.#startMore();
  }

  async left(): Promise<number> {
    return this.#left;
  }

  #startMore(): void {
    const free = SLOTS - this.#inFlight;
    if (free <= 0) return;
    const query = "SELECT id, body FROM tasks WHERE id > ? ORDER BY id LIMIT ?";
    for (const { id, body } of this.#sql.exec(query, this.#cursor, free).toArray()) {
      this.#cursor = id as number;
      this.#inFlight++;
      void this.#run(id as number, body as string);
    }
  }

  async #run(id: number, body: string): Promise<void> {
    const status = await this.call(body, id);
    if (status !== 204) throw new Error(`the handler answered ${status}`);
    if (this.#done.length === 0) setTimeout(() => this.#settle(), 0);
    this.#done.push(id);
  }

  #settle(): void {
    const done = this.#done.splice(0);
    this.ctx.storage.transactionSync(() => {
      for (const id of done) this.#sql.exec("DELETE FROM tasks WHERE id = ?", id);
    });
    this.#inFlight -= done.length;
    this.#left -= done.length;
    this.#startMore();
  }
}

export class ProbeByRpc extends Probe {
  protected override call(body: string, id: number): Promise<number> {
    return loopback().Runner.run(body, id);
  }
}

export class ProbeByFetch extends Probe {
  protected override async call(body: string, id: number): Promise<number> {
    return (await loopback().default.fetch(TASK_URL, requestOf(body, id))).status;
  }
}

export class ProbeOfBareRequests extends Probe {
  protected override call(body: string): Promise<number> {
    return loopback().Runner.runBare(body);
  }
}

export class Runner extends WorkerEntrypoint {
  async run(body: string, id: number): Promise<number> {
    return (await app.fetch(new Request(TASK_URL, requestOf(body, id)))).status;
  }

  async runBare(body: string): Promise<number> {
    return (await app.fetch(new Request(TASK_URL, { method: "POST", body }))).status;
  }
}

function requestOf(body: string, id: number): RequestInit {
  const headers = {
    "user-agent": "AppEngine-Google; (+http://code.google.com/appengine)",
    "content-type": "text/plain; charset=utf-8",
    "x-appengine-queuename": "bench",
    "x-appengine-taskname": `task-${id}`,
    "x-appengine-taskretrycount": "0",
    "x-appengine-taskexecutioncount": "0",
    "x-appengine-tasketa": "1790000000.000000",
  };
  return { method: "POST", body, headers };
}

const app = {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "POST") return handle();
    const url = new URL(request.url);
    return drive(url, probeOf(url.searchParams.get("by")).getByName("bench") as unknown as Driven);
  },
};

export default app;

function probeOf(by: string | null): DurableObjectNamespace {
  const { ProbeByRpc, ProbeByFetch, ProbeOfBareRequests } = loopback();
  if (by === "fetch") return ProbeByFetch;
  return by === "bare" ? ProbeOfBareRequests : ProbeByRpc;
}

function loopback(): Loopback {
  return exports as unknown as Loopback;
}
