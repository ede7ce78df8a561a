// What a disturbance is, and what it does its work with. It runs in a process of its own, so that what it
// costs there is not taken for what it does to the server.
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answered, send } from "./request.ts";
import type { Fact } from "./verdict.ts";

export interface Disturbance {
  /** What is done, in a line. */
  what: string;
  /** Once, before the first slice. */
  prepare?(field: Field): Promise<void>;
  /** A slice: goes on until `signal` aborts, and leaves nothing that goes on. */
  slice?(field: Field, signal: AbortSignal): Promise<void>;
  /** As many requests a second, of as many bytes, as a slice sends: they go to a route that does nothing. */
  control?: { perSecond: number; bytes: number };
  /** Once, after the last slice. */
  facts?(field: Field): Promise<Fact[]>;
  /** What a slice may make of another queue's p99 at most, where that is not 2. */
  most?: number;
  /** By how much memory may rise, and stay risen, where that is not `MOST_MEMORY`; in bytes. */
  mostMemory?: { readonly peak: number; readonly after: number };
}

/** The server, as a disturbance reaches it. */
export class Field {
  port: number;
  /** Whether everything is to be a fraction of its size. */
  readonly isShort: boolean;
  readonly targets: Readonly<Record<string, string>>;
  /** What a disturbance keeps from one step to the next. */
  readonly kept = new Map<string, number>();
  /** Ends the server with kill -9 and starts it again. */
  readonly restart: () => Promise<void>;
  // A connection is given up before the server does so, which it does after five seconds of silence.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 3000 });

  constructor(
    port: number,
    isShort: boolean,
    targets: Readonly<Record<string, string>>,
    restart: () => Promise<void>,
  ) {
    this.port = port;
    this.isShort = isShort;
    this.targets = targets;
    this.restart = restart;
  }

  size(full: number, short: number): number {
    return this.isShort ? short : full;
  }

  /** `own`: over a connection of its own, which stays open as long as the answer takes. */
  send(method: string, path: string, body?: unknown, own = false): Promise<Answered> {
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const agent = own ? false : this.#agent;
    return send({ port: this.port, method, path, body: text, agent });
  }

  /** Throws unless the status is 2xx. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.send(method, path, body);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as T;
  }

  add(queue: string, tasks: readonly object[]): Promise<unknown> {
    return this.ask("POST", `/_ah/api/queues/${queue}/tasks`, { tasks });
  }

  /** Adds so many, a thousand a call. */
  async fill(queue: string, n: number, task: (i: number) => object): Promise<void> {
    for (let i = 0; i < n; i += 1000) {
      const length = Math.min(1000, n - i);
      await this.add(
        queue,
        Array.from({ length }, (_, k) => task(i + k)),
      );
    }
  }

  async purge(queue: string): Promise<void> {
    await this.ask("POST", `/_ah/api/queues/${queue}:purge`);
  }

  async statistics(queue: string): Promise<Record<string, number>> {
    const path = `/_ah/api/queues/${queue}`;
    return (await this.ask<{ statistics: Record<string, number> }>("GET", path)).statistics;
  }
}

/** Begins `work` so many times a second until the signal aborts, then waits for what is under way. */
export async function paced(
  perSecond: number,
  signal: AbortSignal,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  const open = new Set<Promise<unknown>>();
  for (let i = 0; !signal.aborted; i++) {
    const wait = began + (i * 1000) / perSecond - performance.now();
    if (wait > 1) await sleep(wait);
    const one = work(i).finally(() => open.delete(one));
    open.add(one);
    one.catch(() => {});
  }
  await Promise.allSettled(open);
}

/** Settles when the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
