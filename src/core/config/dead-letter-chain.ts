// Dead-letter queues may have dead-letter queues themselves: a -> b -> c. What such a chain must not be is a
// circle, in which a task that always fails would go round for ever at the queues' full rate.

/** Queues after one another. Each costs the task some header bytes, and making one asks each. */
const MAX_CHAIN = 10;

/** What is expected in place of the path's last hop, where that makes the chain a bad one. */
export function chainFault(path: readonly string[]): string | undefined {
  const way = wayOf(path).join(" -> ");
  const isCircle = path.indexOf(path.at(-1) as string) < path.length - 1;
  if (isCircle) return `a queue that does not lead in a circle: ${way}`;
  if (path.length <= MAX_CHAIN + 1) return undefined;
  return `at most ${MAX_CHAIN} queues that lead to one another`;
}

function wayOf(path: readonly string[]): readonly string[] {
  return path.length <= MAX_CHAIN + 2 ? path : [...path.slice(0, 5), "...", ...path.slice(-2)];
}

/** The first bad chain: the queue it is told at, and what is expected there. A circle is told at one of its own. */
export function badChain(
  failedQueues: ReadonlyMap<string, string>,
): { queue: string; expected: string } | undefined {
  for (const start of failedQueues.keys()) {
    if (chainFault(walk(failedQueues, start, MAX_CHAIN + 2)) === undefined) continue;
    const path = walk(failedQueues, start, failedQueues.size + 2);
    const circle = path.slice(path.indexOf(path.at(-1) as string));
    const chain = circle.length > 1 ? circle : path;
    return { queue: chain[0] as string, expected: chainFault(chain) as string };
  }
  return undefined;
}

function walk(
  failedQueues: ReadonlyMap<string, string>,
  start: string,
  longest: number,
): readonly string[] {
  const path = [start];
  const seen = new Set(path);
  while (path.length < longest) {
    const next = failedQueues.get(path.at(-1) as string);
    if (next === undefined) break;
    path.push(next);
    if (seen.has(next)) break;
    seen.add(next);
  }
  return path;
}
