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
}

const PAYLOAD = "x".repeat(100);
const BATCH = 100;
const POLL_MS = 1;
const TOO_LONG_MS = 120_000;

let callsLeft = 0;
let onLastCall: () => void = () => {};

/** The handler: reads nothing, answers 204. */
export function handle(): Response {
  if (callsLeft > 0 && --callsLeft === 0) onLastCall();
  return new Response(null, { status: 204 });
}

// The timer also tells workerd that this request waits for something: a promise that another request
// resolves does not.
function afterCalls(n: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  callsLeft = n;
  onLastCall = resolve;
  const message = `the handler was not called ${n} times in ${TOO_LONG_MS} ms`;
  const timer = setTimeout(() => reject(new Error(message)), TOO_LONG_MS);
  return promise.finally(() => clearTimeout(timer));
}

/** Answers what Node asks for. */
export async function drive(url: URL, queue: Driven): Promise<Response> {
  const tasks = Number(url.searchParams.get("tasks") ?? 1);
  const prefix = url.searchParams.get("named");
  if (url.pathname === "/run") await run(queue, tasks, prefix);
  else if (url.pathname === "/next-call") await afterCalls(1);
  else return new Response(null, { status: 404 });
  return new Response(null, { status: 204 });
}

// From the first add to the last settle. The queue is only asked its state once every handler has
// been called, so that asking costs nothing while it works.
async function run(queue: Driven, tasks: number, prefix: string | null): Promise<void> {
  const called = afterCalls(tasks);
  for (let i = 0; i < tasks; i += BATCH) {
    await queue.add(batch(i, Math.min(tasks, i + BATCH), prefix));
  }
  await called;
  while ((await queue.left()) > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function batch(from: number, to: number, prefix: string | null): BenchTask[] {
  const tasks: BenchTask[] = [];
  for (let i = from; i < to; i++) {
    tasks.push(prefix === null ? { payload: PAYLOAD } : { name: prefix + i, payload: PAYLOAD });
  }
  return tasks;
}
