// What each queue does in a contest, as a side that takes its turn.
import { ownCpu } from "../cpu.ts";
import type { Side } from "../slices.ts";
import { counted, handlerOf } from "./handlers.ts";
import { type SimulatedQueue, startSimulatedQueue } from "./miniflare.ts";
import type { Peer, PeerWorker } from "./peer.ts";

export type Contest = "endToEnd" | "drain" | "batches";

export interface Work {
  contest: Contest;
  tasks: number;
  /** What handlers call; without one they do nothing. */
  url: string | undefined;
}

const CONCURRENCY = 50;
const ADDERS = 16;
const BATCH = 100;
const BATCHERS = 4;
const PATHS = { endToEnd: "/end-to-end", drain: "/drain", batches: "/batches" };

/** The library's server. */
export interface OurServer {
  name: string;
  get(path: string): Promise<unknown>;
  cpu(): number;
}

export function ofOurs({ name, get, cpu }: OurServer, { contest, tasks, url }: Work): Side {
  const query = `?tasks=${tasks}${url ? `&url=${encodeURIComponent(url)}` : ""}`;
  return {
    name,
    cpu,
    prepare: async () => {
      await get("/clear");
      if (contest === "drain") await get(`/lay${query}`);
      // Paused, and with nothing on it.
      if (contest === "batches") await get("/lay?tasks=0");
    },
    run: () => get(PATHS[contest] + query),
  };
}

export function ofPeer(peer: Peer, { contest, tasks, url }: Work): Side {
  const addBatches = () => beside(BATCHERS, tasks / BATCH, () => peer.addMany(BATCH));
  const common = { name: peer.name, cpu: () => peer.cpu() + ownCpu() };
  if (contest === "batches") return { ...common, prepare: () => peer.clear(), run: addBatches };
  let worker: PeerWorker | undefined;
  let called: Promise<void>;
  const prepare = async () => {
    await peer.clear();
    const counting = counted(handlerOf(url), tasks);
    called = counting.called;
    worker = await peer.worker(CONCURRENCY, counting.handler);
    if (contest === "drain") await addBatches();
    else await worker.start();
  };
  const run = async () => {
    if (contest === "drain") await worker?.start();
    else await beside(ADDERS, tasks, () => peer.add());
    await called;
    await peer.settled();
  };
  const end = async () => {
    await worker?.stop();
    worker = undefined;
  };
  return { ...common, prepare, run, end };
}

// A new one each time: it has been seen to crash after some ten thousand messages.
export function ofSimulator({ contest, tasks, url }: Work): Side {
  let queue: SimulatedQueue | undefined;
  const end = async () => {
    await queue?.close();
    queue = undefined;
  };
  return {
    name: "Cloudflare Queues in miniflare",
    prepare: async () => {
      queue = await startSimulatedQueue(CONCURRENCY, url);
      await queue.endToEnd(BATCH);
    },
    run: async () => (contest === "batches" ? queue?.addBatches(tasks) : queue?.endToEnd(tasks)),
    end,
  };
}

/** Does it `n` times, as many at once. */
async function beside(atOnce: number, n: number, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun++ < n) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
