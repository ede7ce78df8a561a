// What all Workers of the benchmark share: the trivial handler, and the routes Node drives them by. A
// POST is a task, a GET is Node. The objects run in the same isolate as the handler, so a variable
// counts its calls at no cost to either side.

/** A queue as the driver sees it. */
export interface Driven {
  add(tasks: readonly BenchTask[]): Promise<unknown>;
  /** How many tasks are still on disk. */
  left(): Promise<number>;
}

export interface BenchTask {
  name?: string;
  payload: string;
  countdown?: number;
}

const PAYLOAD = "x".repeat(100);
const BATCH = 100;
const BIG_BATCH = 1000;
const DAY_S = 86_400;
const POLL_MS = 1;
const TOO_LONG_MS = 120_000;

let callsLeft = 0;
let onLastCall: () => void = () => {};

/** The handler: reads nothing, answers 204, be it for several tasks. */
export function handle(tasks = 1): Response {
  if (callsLeft > 0) {
    callsLeft -= tasks;
    if (callsLeft <= 0) onLastCall();
  }
  return new Response(null, { status: 204 });
}

// The timer also tells workerd that this request waits for something: a promise that another request
// resolves does not.
export function afterCalls(n: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  callsLeft = n;
  onLastCall = resolve;
  const message = `the handler was not called ${n} times in ${TOO_LONG_MS} ms`;
  const timer = setTimeout(() => reject(new Error(message)), TOO_LONG_MS);
  return promise.finally(() => clearTimeout(timer));
}

/** Answers what Node asks for. */
export async function drive(url: URL, queue: Driven): Promise<Response> {
  const n = Number(url.searchParams.get("tasks") ?? 1);
  const work = ROUTES[url.pathname];
  await work?.(queue, { n, prefix: url.searchParams.get("named") });
  return new Response(null, { status: work ? 204 : 404 });
}

interface Asked {
  n: number;
  /** Of the tasks' names; without one they have none. */
  prefix: string | null;
}

const ROUTES: Record<string, (queue: Driven, asked: Asked) => Promise<unknown>> = {
  "/run": run,
  "/next-call": () => afterCalls(1),
  "/add": (queue, asked) => queue.add(batch(0, asked.n, asked)),
  "/add-and-wait": (queue, asked) =>
    Promise.all([afterCalls(asked.n), queue.add(batch(0, asked.n, asked))]),
  "/fill": fill,
};

// From the first add to the last settle. The queue is only asked its state once every handler has
// been called, so that asking costs nothing while it works. Tasks that wait for another day stay.
async function run(queue: Driven, asked: Asked): Promise<void> {
  const before = await queue.left();
  const called = afterCalls(asked.n);
  for (let i = 0; i < asked.n; i += BATCH) {
    await queue.add(batch(i, Math.min(asked.n, i + BATCH), asked));
  }
  await called;
  while ((await queue.left()) > before)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function fill(queue: Driven, asked: Asked): Promise<void> {
  for (let i = 0; i < asked.n; i += BIG_BATCH) {
    const tasks = batch(i, Math.min(asked.n, i + BIG_BATCH), asked);
    await queue.add(tasks.map((task) => ({ ...task, countdown: DAY_S })));
  }
}

function batch(from: number, to: number, { prefix }: Asked): BenchTask[] {
  const tasks: BenchTask[] = [];
  for (let i = from; i < to; i++) {
    tasks.push(prefix === null ? { payload: PAYLOAD } : { name: prefix + i, payload: PAYLOAD });
  }
  return tasks;
}
