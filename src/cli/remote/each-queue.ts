// The same for each of the queues that are named.
import type { QueueView, RemoteQueue } from "../../remote/index.ts";
import type { Exit } from "../terminal/exit.ts";
import type { Remote } from "./queues-of.ts";

export async function each(
  { given, queues, signal, say }: Remote,
  word: string,
  act: (queue: RemoteQueue, signal: AbortSignal) => Promise<QueueView>,
): Promise<Exit> {
  for (const name of given.args) {
    const view = await act(queues.get(name) as RemoteQueue, signal);
    say(view, () => [`${word} "${name}"; it has ${view.statistics.tasks} tasks`]);
  }
  return 0;
}
