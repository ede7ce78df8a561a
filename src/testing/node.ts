// `durable-taskqueue/testing/node`: the test kit for tests in Node, such as those of node:test or of vitest without
// Cloudflare's pool. The Worker runs in workerd, started by wrangler, with the kit beside it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { GroupHandle } from "../client/group-handle.ts";
import type { QueueHandle } from "../client/queue-handle.ts";
import type { DrainOptions } from "./drain.ts";
import type { Duration } from "./duration.ts";
import type { PlannedFailure } from "./failures.ts";
import type { TestOptions } from "./kit.ts";
import type { AddedTask, TaskAttempt } from "./log.ts";
import { isOf, type TaskName } from "./selection.ts";
import { useLog } from "./used-log.ts";
import { type Call, type Reply, read, throwOf, written } from "./wire.ts";

export type { DrainOptions } from "./drain.ts";
export type { Duration } from "./duration.ts";
export type { PlannedFailure } from "./failures.ts";
export type { TestOptions } from "./kit.ts";
export type { AddedTask, TaskAttempt } from "./log.ts";
export type { TaskName } from "./selection.ts";

export interface NodeTestOptions extends TestOptions {
  /** The Worker's wrangler file. Default: the one in the current folder. */
  config?: string;
  /** The environment of the wrangler file. */
  env?: string;
}

/** A group's verbs, without those that stream. */
export type NodeGroup = Pick<
  GroupHandle,
  "name" | "add" | "close" | "cancel" | "progress" | "resultPage"
>;

/** A queue's verbs. */
export interface NodeQueue<P = unknown> extends Omit<QueueHandle<P>, "group" | "lineUp"> {
  group(...given: Parameters<QueueHandle<P>["group"]>): Promise<NodeGroup>;
}

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** The part of wrangler that is used. */
interface Wrangler {
  unstable_readConfig(args: { config?: string; env?: string }): {
    main?: string;
    configPath?: string;
  };
  unstable_startWorker(options: object): Promise<StartedWorker>;
}

interface StartedWorker {
  ready: Promise<void>;
  fetch: Fetch;
  dispose(): Promise<void>;
  /** Tells of what goes wrong; absent from versions that have no such. */
  raw?: { on?(event: string, heard: (event: StartError) => void): unknown };
}

/** What wrangler knows of a Worker that does not start. */
interface StartError {
  message?: string;
  reason?: string;
  cause?: StartError & { errors?: { text: string; location?: { file: string; line: number } }[] };
}

/** Starts the Worker under a clock that the test moves. `stop` ends it. */
export async function taskQueueTest(options: NodeTestOptions = {}): Promise<NodeTestKit> {
  // Tests ask nobody for the place they run at.
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
  const wrangler = await loadWrangler();
  const { config, env, now } = options;
  const given = {
    ...(config === undefined ? {} : { config }),
    ...(env === undefined ? {} : { env }),
  };
  const { main, configPath } = wrangler.unstable_readConfig(given);
  if (main === undefined) throw new Error("task queues: the wrangler file has no `main`");
  const folder = mkdtempSync(join(tmpdir(), "taskqueue-test-"));
  const path = `/task-queue-test/${crypto.randomUUID()}`;
  const entrypoint = join(folder, "entry.mjs");
  writeFileSync(entrypoint, entryOf(resolve(main), path));
  const worker = await wrangler.unstable_startWorker({
    ...given,
    ...(configPath === undefined ? {} : { config: configPath }),
    entrypoint,
    dev: { ...QUIET, server: { hostname: "127.0.0.1", port: 0 } },
  });
  const kit = new NodeTestKit({ worker, path, folder }, now === undefined ? {} : { now });
  useLog(kit);
  await unlessBroken(worker, async () => {
    await worker.ready;
    await kit.reset();
  });
  return kit;
}

/** A Worker that cannot be built, or throws as it starts, answers nothing. */
async function unlessBroken(worker: StartedWorker, work: () => Promise<void>): Promise<void> {
  const { promise: broken, reject } = Promise.withResolvers<never>();
  for (const event of ["buildFailed", "error", "runtimeError"]) worker.raw?.on?.(event, reject);
  try {
    await Promise.race([work(), broken]);
  } catch (error) {
    // What never ran may have no end.
    worker.dispose().catch(() => {});
    const words = wordsOf(error as StartError);
    throw new Error(`task queues: the Worker does not start, wrangler's log says why: ${words}`);
  }
}

function wordsOf({ message, reason, cause }: StartError): string {
  const built = cause?.errors?.map(({ text, location }) =>
    location ? `${location.file}:${location.line}: ${text}` : text,
  );
  return built?.join("\n") ?? cause?.message ?? message ?? reason ?? "wrangler does not say why";
}

const QUIET = {
  watch: false,
  liveReload: false,
  inspector: false,
  persist: false,
  logLevel: "warn",
};
const CLASSES = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"];

/** The module that is started: what the Worker exports, with a way in for the kit. */
function entryOf(main: string, path: string): string {
  const inside = fileURLToPath(new URL("./inside.js", import.meta.url).href);
  const lines = CLASSES.map((name) => `export const ${name} = enterable(main.${name});`);
  return `import * as main from ${JSON.stringify(main)};
import { answering, enterable } from ${JSON.stringify(inside)};
export * from ${JSON.stringify(main)};
${lines.join("\n")}
export default answering(main.default, ${JSON.stringify(path)});
`;
}

async function loadWrangler(): Promise<Wrangler> {
  const name = "wrangler";
  try {
    return (await import(name)) as Wrangler;
  } catch (error) {
    const message =
      "task queues: the test kit starts the Worker by wrangler: npm install -D wrangler";
    throw new Error(message, { cause: error });
  }
}

interface Running {
  worker: StartedWorker;
  path: string;
  /** Where the started module lies. */
  folder: string;
}

/** The kit as a test in Node has it: every verb is a request to the one beside the Worker. */
export class NodeTestKit {
  readonly #running: Running;
  readonly #start: TestOptions;
  #now = 0;
  #added: AddedTask[] = [];
  #attempts: TaskAttempt[] = [];

  constructor(running: Running, start: TestOptions) {
    this.#running = running;
    this.#start = start;
  }

  /** The time it is in the Worker. It moves by `advance`, `drain` and `reset` alone. */
  get now(): Date {
    return new Date(this.#now);
  }

  /** A request to the Worker. */
  async fetch(url: string | URL, init?: RequestInit): Promise<Response> {
    const response = await this.#running.worker.fetch(new URL(url, "http://localhost"), init);
    // Its body is that of another response, with which it is cancelled as garbage unless something holds it: a clone does.
    if (response.body) response.clone();
    await this.idle();
    return response;
  }

  /** Waits until nothing is under way. What is due stays so: that is what `settle` is for. */
  async idle(): Promise<void> {
    await this.#call({ verb: "idle", args: [] });
  }

  /** Everything that was stored or planned is gone, and the clock is back at its start, or at `now`. */
  async reset({ now = this.#start.now }: TestOptions = {}): Promise<void> {
    await this.#call({ verb: "reset", args: [now === undefined ? {} : { now }] });
  }

  /** Ends the Worker. */
  async stop(): Promise<void> {
    await this.#running.worker.dispose();
    rmSync(this.#running.folder, { recursive: true, force: true });
  }

  /** The queue of this name, with the verbs of `queues.get(env, name)`. */
  queue<P = unknown>(name: string): NodeQueue<P> {
    return this.#remote({ queue: name }) as unknown as NodeQueue<P>;
  }

  /** A group that was made before. */
  group(name: string): NodeGroup {
    return this.#remote({ group: name }) as unknown as NodeGroup;
  }

  /**
   * Lets time pass. Whatever is due on the way happens at its time: attempts, retries, recurring tasks, ends of
   * leases. Answers when it is settled.
   */
  async advance(duration: Duration): Promise<void> {
    await this.#call({ verb: "advance", args: [duration] });
  }

  /**
   * Lets happen what is due now. The clock moves by a millisecond where something follows on it: a queue's alarms
   * have different times.
   */
  async settle(): Promise<void> {
    await this.#call({ verb: "settle", args: [] });
  }

  /**
   * Lets time pass until the queue has no task left, or no push queue has one and no group runs. Throws, with what
   * is left and why, when that does not come, or a task has had `limit` attempts.
   */
  async drain(queue?: string, options: DrainOptions = {}): Promise<void> {
    await this.#call({ verb: "drain", args: [queue, options] });
  }

  /**
   * Runs the task that is next on the queue now, whatever its time, the rate or a pause say, and answers how that
   * went. The clock stays, as in `settle`.
   */
  async runNext(queue: string): Promise<TaskAttempt> {
    return (await this.#call({ verb: "runNext", args: [queue] })) as TaskAttempt;
  }

  /** The next attempts on the queue fail, before their handler is called. */
  async failNext(queue: string, failure: PlannedFailure = {}): Promise<void> {
    await this.#call({ verb: "failNext", args: [queue, failure] });
  }

  /** The attempts that have ended since the reset, in order: all, those of a queue, or those of a task. */
  attempts(of?: string | TaskName): TaskAttempt[] {
    return this.#attempts.filter((attempt) => isOf(attempt, of));
  }

  /** The tasks that were added since the reset, in order, wherever from. */
  added(queue?: string): AddedTask[] {
    return this.#added.filter((task) => isOf(task, queue));
  }

  async #call(call: Omit<Call, "knows">): Promise<unknown> {
    const knows = { added: this.#added.length, attempts: this.#attempts.length };
    const { worker, path } = this.#running;
    const body = written({ ...call, knows });
    const response = await worker.fetch(new URL(path, "http://localhost"), {
      method: "POST",
      body,
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`task queues: the Worker answered ${response.status}: ${text}`);
    const reply = read<Reply>(text);
    this.#now = reply.now;
    this.#added = [...this.#added.slice(0, reply.added.from), ...reply.added.entries];
    this.#attempts = [...this.#attempts.slice(0, reply.attempts.from), ...reply.attempts.entries];
    throwOf(reply);
    return reply.group === undefined ? reply.value : this.group(reply.group);
  }

  #remote(of: { queue: string } | { group: string }): object {
    const name = "queue" in of ? of.queue : of.group;
    return new Proxy(
      { name },
      {
        get: (target, key) => {
          if (typeof key !== "string" || key === "then" || key in target)
            return Reflect.get(target, key);
          return (...args: unknown[]) => this.#call({ ...of, verb: key, args });
        },
      },
    );
  }
}
