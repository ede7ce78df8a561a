// A Worker that adds to the queues of another one. Its binding leads to the entrypoint that the other exports, and
// needs no token.
import type { TaskQueuesBinding } from "durable-taskqueue";
import { connect, TaskAlreadyExistsError, TombstonedTaskError } from "durable-taskqueue/client";

interface Env {
  QUEUES: TaskQueuesBinding<{ mail: { to: string } }>;
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    return pathname === "/order" ? byRpc(env) : byClient(env, pathname.slice(1));
  },
} satisfies ExportedHandler<Env>;

// In one trip: nothing is awaited in between, and nothing is to be disposed.
async function byRpc(env: Env): Promise<Response> {
  const { name } = await env.QUEUES.get("mail").add({ payload: { to: "you@example.com" } });
  return new Response(`ordered ${name}\n`);
}

// With the classes of the errors, safe retries, groups and all the rest of the client.
async function byClient(env: Env, name: string): Promise<Response> {
  const queues = connect<{ mail: { to: string } }>({
    url: "https://queues",
    fetch: (url, init) => env.QUEUES.fetch(url, init),
  });
  try {
    await queues.get("mail").add({ name, payload: { to: "you@example.com" } });
    return new Response(`ordered ${name}\n`);
  } catch (error) {
    if (error instanceof TaskAlreadyExistsError || error instanceof TombstonedTaskError) {
      return new Response(`${name} was ordered before\n`);
    }
    throw error;
  }
}
