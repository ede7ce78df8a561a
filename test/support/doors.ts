// A queue by each door: the TypeScript client, HTTP with the same methods, and the client for elsewhere, so that
// one test holds for all.
import { exports } from "cloudflare:workers";
import type { QueueHandle } from "../../src/index.ts";
import { connect, type RemoteQueues } from "../../src/remote/index.ts";
import { call } from "./http.ts";
import { queue } from "./time.ts";

export type Door = (name: string) => QueueHandle;

/** The doors by name, for `describe.each`. */
export const DOORS: [name: string, door: Door][] = [
  ["the TypeScript client", queue],
  ["HTTP", (name) => overHttp(name) as unknown as QueueHandle],
  ["the client for elsewhere", (name) => elsewhere().get(name) as unknown as QueueHandle],
];

/** The client for elsewhere, whose requests go through the Worker's own door. */
export function elsewhere(): RemoteQueues<Record<string, unknown>> {
  const own = (exports as unknown as { default: Fetcher }).default;
  return connect({ url: "http://127.0.0.1:8787", fetch: (url, init) => own.fetch(url, init) });
}

// What is refused is thrown as the API says it.
async function answer<T>(method: string, path: string, body?: object): Promise<T> {
  const [status, said] = await call(method, path, body);
  if (status >= 400) throw Object.assign(new Error(), said.error);
  return said as T;
}

function overHttp(name: string): object {
  const at = `/queues/${name}`;
  const listed = (query: object) => `${at}/tasks?${new URLSearchParams({ ...query })}`;
  const one = (task: string) => `${at}/tasks/${task}`;
  return {
    add: async (tasks: object) =>
      Array.isArray(tasks)
        ? (await answer<{ results: object[] }>("POST", `${at}/tasks`, { tasks })).results
        : answer("POST", `${at}/tasks`, tasks),
    get: (task: string) => answer("GET", one(task)),
    list: (query = {}) => answer("GET", listed(query)),
    delete: async (names: string[]) =>
      (await answer<{ results: object[] }>("POST", `${at}/tasks:delete`, { names })).results,
    lease: async (request: object) =>
      (await answer<{ tasks: object[] }>("POST", `${at}/tasks:lease`, request)).tasks,
    acknowledge: async (held: { name: string; lease: string }[]) => {
      const leases = held.map(({ name: task, lease }) => ({ name: task, lease }));
      return (await answer<{ results: object[] }>("POST", `${at}/tasks:ack`, { leases })).results;
    },
    modifyLease: (held: { name: string; lease: string }, leaseSeconds: number) =>
      answer("POST", `${one(held.name)}:modifyLease`, { lease: held.lease, leaseSeconds }),
    fail: (held: { name: string; lease: string }, error?: string) =>
      answer("POST", `${one(held.name)}:fail`, { lease: held.lease, error }),
    redrive: async (names: string[]) =>
      (await answer<{ results: object[] }>("POST", `${at}/tasks:redrive`, { names })).results,
    reschedule: (task: string, time: object) => answer("POST", `${one(task)}:reschedule`, time),
    run: (task: string) => answer("POST", `${one(task)}:run`),
    purge: () => answer("POST", `${at}:purge`),
    pause: () => answer("POST", `${at}:pause`),
    resume: () => answer("POST", `${at}:resume`),
    describe: () => answer("GET", at),
  };
}
