// The Worker that does the work. It knows no queue: a task is a request like any other.
import { type PushedTask, readTask } from "durable-taskqueue/client";

export default {
  async fetch(request, _env, ctx) {
    const task = await readTask<{ to: string } | undefined>(request);
    task.signal.addEventListener("abort", () => console.log(`backend: ${task.name} is cut off`));
    // Goes on after a cut-off, as long as it takes to leave things tidy.
    const sent = send(addressOf(task), task.signal);
    ctx.waitUntil(sent);
    console.log(`backend: ${task.name} on ${task.queue} ${await sent}`);
    return new Response("sent");
  },
} satisfies ExportedHandler;

function addressOf({ params, payload }: PushedTask<{ to: string } | undefined>): string | null {
  return payload?.to ?? params.get("to");
}

async function send(to: string | null, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  return `sent a mail to ${to}`;
}
