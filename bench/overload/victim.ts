// Somebody whose queue has nothing to do with any of it: a task is added, starts, and the queue is looked at.
// Samples begin at fixed times, whether the ones before have ended or not, so that a stall counts for
// everyone who would have come meanwhile.
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send } from "./request.ts";
import type { Samples } from "./verdict.ts";

// A connection is given up before the server does so, which it does after five seconds of silence.
const agent = new Agent({ keepAlive: true, maxSockets: 512, timeout: 3000 });
const ADD = "/_ah/api/queues/victim/tasks";
let last = 0;

export async function sampled(port: number, seconds: number, perSecond: number): Promise<Samples> {
  const samples: Samples = { add: [], start: [], get: [] };
  const began = performance.now();
  const open: Promise<void>[] = [];
  for (let i = 0; i < seconds * perSecond; i++) {
    const wait = began + (i * 1000) / perSecond - performance.now();
    if (wait > 1) await sleep(wait);
    const one = sample(port, samples);
    one.catch(ignore);
    open.push(one);
  }
  await Promise.all(open);
  return samples;
}

/** Adds until it is over; how long the slowest took (ms). One that a restart cuts off says nothing. */
export async function slowestAdd(
  port: () => number,
  perSecond: number,
  isOver: () => boolean,
): Promise<number> {
  const samples: Samples = { add: [], start: [], get: [] };
  const open: Promise<void>[] = [];
  while (!isOver()) {
    open.push(sample(port(), samples).catch(ignore));
    await sleep(1000 / perSecond);
  }
  await Promise.all(open);
  return samples.add.reduce((most, ms) => Math.max(most, ms), 0);
}

export function hangUp(): void {
  agent.destroy();
}

async function sample(port: number, samples: Samples): Promise<void> {
  const id = `${++last}`;
  const started = call(port, "GET", `/started?id=${id}`);
  started.catch(ignore);
  // The open request is to be there first.
  await sleep(5);
  const began = performance.now();
  const since = () => performance.now() - began;
  const added = call(port, "POST", ADD, JSON.stringify({ url: "/victim", payload: id }));
  await Promise.all([
    added.then(() => samples.add.push(since())),
    started.then(() => samples.start.push(since())),
  ]);
  const asked = performance.now();
  await call(port, "GET", "/_ah/api/queues/victim");
  samples.get.push(performance.now() - asked);
}

async function call(port: number, method: string, path: string, body?: string): Promise<void> {
  const { status } = await send({ port, method, path, body, agent });
  if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status}`);
}

// Whoever awaits it hears of it too.
function ignore(): void {}
