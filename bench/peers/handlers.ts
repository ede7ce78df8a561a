// What the peers' workers do with a task, and when all have been done.
import { Agent, request } from "node:http";

export type Handler = () => Promise<void> | void;

/** A handler that does nothing, or calls this url. */
export function handlerOf(url: string | undefined): Handler {
  return url === undefined ? () => {} : () => post(url);
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

export function hangUp(): void {
  agent.destroy();
}

function post(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent }, (response) => {
      response.on("error", reject);
      response.on("end", resolve);
      response.resume();
    });
    sent.on("error", reject);
    sent.end("x".repeat(100));
  });
}

/** A handler that also counts, and a promise of the n-th call. */
export function counted(handler: Handler, n: number): { handler: Handler; called: Promise<void> } {
  const { promise: called, resolve } = Promise.withResolvers<void>();
  let left = n;
  const counting = async () => {
    await handler();
    if (--left === 0) resolve();
  };
  return { handler: counting, called };
}
