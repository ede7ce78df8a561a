// Bulk actions: all matching tasks are listed first, so that the confirmation can show their number, then
// exactly those are processed in chunks.
import type { TaskPage } from "../../core/task/calls.ts";

/** All names of all pages; `counted` is called with the number so far. */
export async function namesOnPages(
  page: (cursor: string | undefined) => Promise<TaskPage>,
  counted: (n: number) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const names = new Set<string>();
  let cursor: string | undefined;
  do {
    const { tasks, cursor: next } = await page(cursor);
    signal.throwIfAborted();
    for (const { name } of tasks) names.add(name);
    counted(names.size);
    cursor = next;
  } while (cursor !== undefined);
  return [...names];
}

/** Result of a chunk: how many succeeded, and why others did not. */
export interface ChunkResult {
  done: number;
  /** No longer present, or no longer in a suitable state. */
  missed: number;
  errors: string[];
}

export interface BulkProgress extends ChunkResult {
  of: number;
}

/**
 * `onProgress` is called after each chunk. A rejected chunk counts as errors, and the next one follows;
 * the signal stops it between two chunks, with the result so far.
 */
export async function actOnAll(
  names: readonly string[],
  chunkSize: number,
  act: (chunk: readonly string[]) => Promise<ChunkResult>,
  onProgress: (progress: BulkProgress) => void,
  signal: AbortSignal,
): Promise<BulkProgress> {
  let progress: BulkProgress = { of: names.length, done: 0, missed: 0, errors: [] };
  for (let begin = 0; begin < names.length && !signal.aborted; begin += chunkSize) {
    const chunk = names.slice(begin, begin + chunkSize);
    const result = await act(chunk).catch((error: unknown) => refused(chunk, error));
    progress = {
      of: progress.of,
      done: progress.done + result.done,
      missed: progress.missed + result.missed,
      errors: [...progress.errors, ...result.errors],
    };
    onProgress(progress);
  }
  return progress;
}

/** One call per task, a chunk's calls in parallel. */
export async function oneByOne(
  chunk: readonly string[],
  act: (name: string) => Promise<unknown>,
): Promise<ChunkResult> {
  const settled = await Promise.allSettled(chunk.map(act));
  const errors = settled.flatMap((it) => (it.status === "rejected" ? [messageOf(it.reason)] : []));
  return { done: chunk.length - errors.length, missed: 0, errors };
}

function refused(chunk: readonly string[], error: unknown): ChunkResult {
  return { done: 0, missed: 0, errors: chunk.map(() => messageOf(error)) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `12 deleted, 3 no longer there, 2 failed: <the first message>`. */
export function outcomeText(verb: string, { of, done, missed, errors }: BulkProgress): string {
  const rest = of - done - missed - errors.length;
  return [
    `${done} ${verb}`,
    ...(missed > 0 ? [`${missed} no longer there`] : []),
    ...(rest > 0 ? [`${rest} left alone`] : []),
    ...(errors.length > 0 ? [`${errors.length} refused: ${errors[0]}`] : []),
  ].join(", ");
}
