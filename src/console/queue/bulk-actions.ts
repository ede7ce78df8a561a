// The bulk actions and their API calls.

import { post, queuePath, taskPath } from "../api.ts";
import { type ChunkResult, oneByOne } from "./bulk.ts";
import type { Filter } from "./filter.ts";
import { parseNewTime } from "./parse-new-time.ts";

export type BulkVerb = "run" | "reschedule" | "redrive" | "delete";

interface BulkAction {
  /** Button label, and the verb of the result message. */
  label: string;
  did: string;
  chunk: number;
  isDangerous?: boolean;
  act: (queue: string, names: readonly string[], time: string) => Promise<ChunkResult>;
}

/** Names per call; concurrent calls. */
const NAMES = 500;
const CALLS = 10;

export const BULK: Record<BulkVerb, BulkAction> = {
  run: {
    ...{ label: "Run now", did: "asked to run", chunk: CALLS },
    act: (queue, names) => oneByOne(names, (name) => post(`${taskPath(queue, name)}:run`)),
  },
  reschedule: {
    ...{ label: "Change time", did: "given another time", chunk: CALLS },
    act: (queue, names, time) =>
      oneByOne(names, (name) => post(`${taskPath(queue, name)}:reschedule`, parseNewTime(time))),
  },
  redrive: {
    ...{ label: "Redrive", did: "put back on the queue", chunk: NAMES },
    act: (queue, names) =>
      many<{ redriven: boolean }>(queue, "redrive", names, (it) => it.redriven),
  },
  delete: {
    ...{ label: "Delete", did: "deleted", chunk: NAMES, isDangerous: true },
    act: (queue, names) => many<{ deleted: boolean }>(queue, "delete", names, (it) => it.deleted),
  },
};

/** The actions that apply to a list's tasks. */
export function verbsOf(mode: "push" | "pull", { state }: Filter): BulkVerb[] {
  if (state === "ended") return [];
  if (state === "failed" || state === "expired")
    return mode === "pull" ? ["redrive", "delete"] : ["redrive", "run", "delete"];
  return mode === "pull" ? ["reschedule", "delete"] : ["run", "reschedule", "delete"];
}

async function many<R>(
  queue: string,
  verb: string,
  names: readonly string[],
  isDone: (result: R) => boolean,
): Promise<ChunkResult> {
  const { results } = await post<{ results: R[] }>(`${queuePath(queue)}/tasks:${verb}`, { names });
  const done = results.filter(isDone).length;
  return { done, missed: names.length - done, errors: [] };
}
