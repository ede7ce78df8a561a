// State of a bulk action: its task names, progress and cancellation.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { TaskPage } from "../../core/task/calls.ts";
import { get } from "../api.ts";
import { sayDone, sayRefused } from "../shell/messages.tsx";
import { actOnAll, type BulkProgress, namesOnPages, outcomeText } from "./bulk.ts";
import { BULK, type BulkVerb } from "./bulk-actions.ts";
import { type Filter, listPath } from "./filter.ts";

export interface BulkAsked {
  queue: string;
  verb: BulkVerb;
  filter: Filter;
  /** Undefined: all tasks that match the filter. */
  names: readonly string[] | undefined;
  /** `isDone`: at least one task was processed. */
  onClose: (isDone: boolean) => void;
}

export interface Bulk {
  /** Undefined while they are being counted: `listed` so far. */
  names: readonly string[] | undefined;
  listed: number;
  /** Undefined until it is started. */
  progress: BulkProgress | undefined;
  begin: (time: string) => Promise<void>;
  /** Before the start this closes without effect; afterwards it skips the rest. */
  stop: () => void;
}

const LISTED_AT_ONCE = 1000;

export function useBulk({ queue, verb, filter, names: chosen, onClose }: BulkAsked): Bulk {
  const [names, setNames] = useState(chosen);
  const [listed, setListed] = useState(0);
  const [progress, setProgress] = useState<BulkProgress>();
  const ending = useMemo(() => new AbortController(), []);
  // Runs once, for the initial arguments.
  useEffect(() => {
    if (chosen === undefined) {
      listAll(queue, filter, setListed, ending.signal).then(setNames, (error) => {
        if (!ending.signal.aborted) sayRefused(error);
        onClose(false);
      });
    }
    return () => ending.abort();
  }, []);
  const begin = async (time: string) => {
    if (!names || progress) return;
    setProgress({ of: names.length, done: 0, missed: 0, errors: [] });
    const { chunk, act, did } = BULK[verb];
    const asked = (part: readonly string[]) => act(queue, part, time);
    const end = await actOnAll(names, chunk, asked, setProgress, ending.signal);
    const say = end.errors.length > 0 ? sayRefused : sayDone;
    say(outcomeText(did, end));
    onClose(true);
  };
  const stop = () => {
    ending.abort();
    // What is under way ends by itself, and says so.
    if (!progress) onClose(false);
  };
  return { names, listed, progress, begin, stop };
}

function listAll(
  queue: string,
  filter: Filter,
  counted: (n: number) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const page = (cursor: string | undefined) =>
    get<TaskPage>(listPath(queue, filter, LISTED_AT_ONCE, cursor), signal);
  return namesOnPages(page, counted, signal);
}
