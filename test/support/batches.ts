// Queues that hand on batches, and handlers that see which tasks came together.
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { readBatch, type TaskBatch } from "../../src/index.ts";
import { withShards } from "./shards.ts";
import { deployed, handlers, queueFile } from "./worker.ts";

/** Deploys one of the queues with another entry, in the form of queue.yaml. */
export function deployBatches(name: string, extensions: object, entry: object = {}): void {
  const limits = { rate: "500/s", bucket_size: 500 };
  const text = withShards(JSON.stringify({ queue: [{ name, ...limits, ...entry, extensions }] }));
  const made = parseQueueYaml(text).queues;
  deployed.queues = { ...queueFile, queues: new Map([...queueFile.queues, ...made]) };
}

/** The names of the tasks of each call that the path has had, in their order. */
export function callsTo(
  path: string,
  answer: (batch: TaskBatch) => Response | Promise<Response> = () => new Response(),
): string[][] {
  const calls: string[][] = [];
  handlers.set(path, async (request) => {
    const batch = await readBatch(request);
    calls.push(batch.tasks.map(({ name }) => name));
    return answer(batch);
  });
  return calls;
}

export function many(n: number, prefix = "t"): { name: string; payload: number }[] {
  return Array.from({ length: n }, (_, i) => ({ name: `${prefix}${i}`, payload: i }));
}
