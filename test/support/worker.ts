// The Worker under test: the library as a user has it, with a clock that tests move and handlers that
// tests set.
import { WorkerEntrypoint } from "cloudflare:workers";
import { createTaskQueues } from "../../src/index.ts";
import { clock } from "./clock.ts";
import queueYaml from "./queue.yaml";

export type TestHandler = (request: Request) => Response | Promise<Response>;

/** Handlers by path; without one a task is answered 200. Cleared by `freshStart`. */
export const handlers = new Map<string, TestHandler>();
/** Every request a handler got, in order. */
export const received: Request[] = [];
export const backendReceived: Request[] = [];

const queues = createTaskQueues({ config: queueYaml, targets: { backend: "Backend" } });

export class TaskQueue extends queues.TaskQueue {
  override now(): number {
    return clock.now;
  }
}

export const { TaskRunner } = queues;
export const { get } = queues;

export class Backend extends WorkerEntrypoint {
  override async fetch(request: Request): Promise<Response> {
    backendReceived.push(request);
    return new Response("from the backend");
  }
}

export default queues.serve({
  async fetch(request: Request): Promise<Response> {
    received.push(request.clone() as Request);
    const handler = handlers.get(new URL(request.url).pathname);
    return handler ? handler(request) : new Response("ok");
  },
});
