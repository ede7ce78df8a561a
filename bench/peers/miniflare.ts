// Cloudflare Queues as miniflare has them: in memory, a batch at a time. Its consumer runs within it, and so do
// adds; it begins to deliver at once, so that nothing can be laid up first.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const SCRIPT = `
let left = 0;
const data = "x".repeat(100);
const many = async (n, beside, work) => {
  let i = 0;
  await Promise.all(Array.from({ length: beside }, async () => { while (i++ < n) await work(); }));
};
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const n = Number(searchParams.get("tasks"));
    left = n;
    const messages = Array.from({ length: 100 }, () => ({ body: data }));
    if (pathname === "/add") await many(n, 16, () => env.QUEUE.send(data));
    else await many(n / 100, 4, () => env.QUEUE.sendBatch(messages));
    if (pathname === "/add") while (left > 0) await scheduler.wait(1);
    return new Response(null, { status: 204 });
  },
  async queue({ messages }, { TARGET }) {
    if (TARGET) await Promise.all(messages.map(({ body }) => fetch(TARGET, { method: "POST", body })));
    left -= messages.length;
  },
};`;

export interface SimulatedQueue {
  /** Adds one at a time, 16 adds beside each other, until all are handled. */
  endToEnd(tasks: number): Promise<void>;
  /** Adds a hundred at a time, four calls beside each other. */
  addBatches(tasks: number): Promise<void>;
  close(): Promise<void>;
}

/** `target`: what the consumer calls for each message, if anything. */
export async function startSimulatedQueue(
  concurrency: number,
  target?: string,
): Promise<SimulatedQueue> {
  const options = convertV4MiniflareOptions({
    modules: true,
    script: SCRIPT,
    compatibilityDate: "2026-08-06",
    log: new Log(LogLevel.NONE),
    bindings: { TARGET: target ?? "" },
    queueProducers: { QUEUE: "bench" },
    queueConsumers: { bench: { maxBatchSize: concurrency, maxBatchTimeout: 0 } },
  });
  const miniflare = new Miniflare(options);
  await miniflare.ready;
  const call = async (path: string) => {
    const { ok, status } = await miniflare.dispatchFetch(`http://bench${path}`);
    if (!ok) throw new Error(`${path}: ${status}`);
  };
  return {
    endToEnd: (tasks) => call(`/add?tasks=${tasks}`),
    addBatches: (tasks) => call(`/batches?tasks=${tasks}`),
    close: () => miniflare.dispose(),
  };
}
