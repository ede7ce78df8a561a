// What the server gave out and later requests bring back: leases, cursors, ends of leases. A request has a mark where
// one of them belongs, so that it is the same request whatever came before.
import { SEEN } from "./names.ts";
import { CANARY } from "./values.ts";

export class Memory {
  readonly #latest = new Map<string, string>();
  readonly #canary: string;

  constructor(canaryPort: number) {
    this.#canary = `${canaryPort}`;
  }

  remember(body: string): void {
    const cursor = /"(?:cursor|nextPageToken)":"([^"]+)"/.exec(body)?.[1];
    if (cursor !== undefined) this.#latest.set(SEEN.cursor, cursor);
    if (!/"(lease|scheduleTime)":/.test(body)) return;
    for (const task of tasksIn(body)) this.#rememberTask(task);
  }

  // A name is a resource's in Google's answers.
  #rememberTask({ queue, name = "", lease = "", scheduleTime = "" }: SeenTask): void {
    const [, inName, id] = /queues\/([\w-]+)\/tasks\/([\w-]+)$/.exec(name) ?? [];
    if (lease === "" && id === undefined) return;
    this.#latest.set(SEEN.queue, inName ?? queue ?? "");
    this.#latest.set(SEEN.task, id ?? name);
    if (lease !== "") this.#latest.set(SEEN.lease, lease);
    if (scheduleTime !== "") this.#latest.set(SEEN.scheduleTime, scheduleTime);
  }

  /** The same with what was seen last; with its mark where nothing was. */
  fill(text: string): string {
    let filled = text.replaceAll(CANARY, this.#canary);
    for (const [mark, value] of this.#latest) filled = filled.replaceAll(mark, value);
    return filled;
  }
}

interface SeenTask {
  queue?: string;
  name?: string;
  lease?: string;
  scheduleTime?: string;
}

function tasksIn(body: string): SeenTask[] {
  try {
    const { tasks } = Object(JSON.parse(body)) as { tasks?: unknown };
    return Array.isArray(tasks) ? tasks.slice(0, 1).map(Object) : [];
  } catch {
    return [];
  }
}
