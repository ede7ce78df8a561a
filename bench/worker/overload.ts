// The Worker of the overload suite: a handler for each kind of bad behaviour, and one that tells Node when
// a task of the victim has started.
import { createTaskQueues } from "../../src/index.ts";
import queueYaml from "./overload.yaml";

const queues = createTaskQueues({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const CHUNK = new Uint8Array(65_536);
const DRIP_MS = 1000;
const TOO_LONG_MS = 60_000;

/** Open requests by the number of the task they wait for, and tasks that were there before their request. */
const started = new Map<string, () => void>();
const early = new Set<string>();

/** The open request that ends when the task with this number starts. */
function start(id: string): Promise<Response> {
  if (early.delete(id)) return Promise.resolve(new Response(null, { status: 204 }));
  const { promise, resolve } = Promise.withResolvers<Response>();
  const timer = setTimeout(() => end(504), TOO_LONG_MS);
  const end = (status: number) => {
    clearTimeout(timer);
    started.delete(id);
    resolve(new Response(null, { status }));
  };
  started.set(id, () => end(204));
  return promise;
}

function tell(id: string): void {
  const end = started.get(id);
  if (end) end();
  else early.add(id);
}

function hang(signal: AbortSignal): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<Response>();
  const timer = setTimeout(reject, 24 * 3_600_000, new Error("a day has passed"));
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  });
  return promise;
}

/** Gigantic when nothing is waited for, slow when something is. */
function endless(pauseMs: number): Response {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      controller.enqueue(pauseMs > 0 ? CHUNK.subarray(0, 1) : CHUNK);
    },
  });
  return new Response(body);
}

async function handle(request: Request, pathname: string): Promise<Response> {
  if (pathname === "/hang") return hang(request.signal);
  if (pathname === "/gigantic") return endless(0);
  if (pathname === "/slow") return endless(DRIP_MS);
  if (pathname === "/fail") return new Response("no", { status: 500 });
  if (pathname === "/victim") tell(await request.text());
  return new Response(null, { status: 204 });
}

export default queues.serve({
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/started") return start(searchParams.get("id") ?? "");
    if (pathname !== "/nothing") return handle(request, pathname);
    await request.arrayBuffer();
    return new Response(null, { status: 204 });
  },
});
