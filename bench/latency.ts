// How long a single task waits on an idle queue: from just before the add is sent over HTTP until its
// handler runs. workerd's clock ticks in whole milliseconds, so the time is taken in Node, by a clock
// that both ends share:
//  - `http`: the task's url is an absolute one of a server in this process, which is the handler;
//  - `worker`: the handler is the Worker's own, and its call ends a request that Node has left open.
// What the way of measuring takes by itself is the floor: a bare POST to the same Worker, which calls
// the same handler and ends the same open request.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "./http.ts";

/** Milliseconds, one entry a sample. */
export interface Latency {
  http: number[];
  worker: number[];
  floor: number[];
}

const ADD = "/_ah/api/queues/bench/tasks";
/** Between two samples everything settles: the result is written, the alarm is at rest. */
const PAUSE_MS = 10;
const WARM_UP = 30;

/** A server for tasks with an absolute url; it must run before the Worker that may call it starts. */
export interface TargetServer {
  origin: string;
  next(): Promise<void>;
  close(): void;
}

export async function startTarget(): Promise<TargetServer> {
  const server: Server = createServer((_, response) => {
    server.emit("called");
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: async () => void (await once(server, "called")),
    close: () => server.close().closeAllConnections(),
  };
}

export async function measureLatency(
  port: number,
  target: TargetServer,
  samples: number,
): Promise<Latency> {
  const outside = JSON.stringify({ url: `${target.origin}/task` });
  const openRequest = () => call(port, "GET", "/next-call");
  return {
    http: await sampled(samples, target.next, () => call(port, "POST", ADD, outside)),
    worker: await sampled(samples, openRequest, () => call(port, "POST", ADD, "{}")),
    floor: await sampled(samples, openRequest, () => call(port, "POST", "/task")),
  };
}

/** Times from `begin` until what `wait` waits for, one after the other. */
async function sampled(
  samples: number,
  wait: () => Promise<unknown>,
  begin: () => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + samples; i++) {
    const called = wait();
    await sleep(PAUSE_MS);
    const started = performance.now();
    const begun = begin();
    await called;
    if (i >= WARM_UP) times.push(performance.now() - started);
    await begun;
  }
  return times;
}
