// A group's progress as a bar in the terminal, drawn from its server-sent events.
import type { Server } from "./server.ts";

/** What an event says of the group. */
interface Progress {
  state: string;
  total: number;
  done: number;
  failed: number;
  running: number;
}

const WIDTH = 40;

/** Draws the bar until the group is over; in a terminal on one line, else on a line for each event. */
export async function drawProgress(server: Server, group: string): Promise<void> {
  const response = await server.fetch(`/_ah/api/groups/${group}/events`);
  if (!response.ok || !response.body) throw new Error(`group ${group}: ${await response.text()}`);
  const isTerminal = process.stdout.isTTY;
  for await (const progress of eventsIn(response.body)) {
    process.stdout.write(`${isTerminal ? "\r" : ""}${barOf(progress)}${isTerminal ? "" : "\n"}`);
  }
  if (isTerminal) process.stdout.write("\n");
}

/** `[######------] 12 of 20 done, 3 running, 0 failed` */
export function barOf({ total, done, failed, running }: Progress): string {
  const full = total === 0 ? WIDTH : Math.floor(((done + failed) * WIDTH) / total);
  const bar = "#".repeat(full).padEnd(WIDTH, "-");
  return `[${bar}] ${done} of ${total} done, ${running} running, ${failed} failed`;
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Progress> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) yield JSON.parse(data);
    }
  }
}
