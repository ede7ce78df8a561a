// Lists a queue's tasks page by page; refreshes live while only the first page is loaded.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Task } from "../../core/task/task.ts";
import { get } from "../api.ts";
import { useChangesOf } from "../live/queues.ts";
import { sayRefused } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";
import { type Filter, isSearch, listPath } from "./filter.ts";

const PAGE = 50;
const FOLLOW_MS = 1500;

interface Page {
  tasks?: Task[];
  tombstones?: Task[];
  /** Of a search. */
  scanned?: number;
  cursor?: string;
}

export interface TaskList {
  /** Undefined until the first response. */
  tasks: Task[] | undefined;
  error: Error | undefined;
  /** Of a search: how many tasks were looked at. */
  scanned: number | undefined;
  /** Whether the queue has changed since the pages were listed. */
  isOld: boolean;
  /** Loads the next page; undefined if there is none. */
  more: (() => void) | undefined;
  /** Reloads the first page. */
  again: () => void;
}

export function useTaskList(queue: string, filter: Filter): TaskList {
  const ticks = useChangesOf(queue, FOLLOW_MS);
  const isSought = isSearch(filter);
  const [further, setFurther] = useState<{ path: string; pages: Page[]; ticks: number }>();
  const path = listPath(queue, filter, PAGE);
  const pages = further?.path === path ? further.pages : [];
  // A search is not made anew by itself whenever a task moves: it looks at thousands.
  const begun = useRef({ path, ticks });
  if (begun.current.path !== path) begun.current = { path, ticks };
  const stands = pages.length > 0 ? (further?.ticks ?? 0) : isSought ? begun.current.ticks : ticks;
  const first = useFetch<Page>(path, stands);
  useEffect(() => setFurther(undefined), [path]);
  const all = first.value ? [first.value, ...pages] : undefined;
  const cursor = all?.at(-1)?.cursor;
  const next = async (from: string) => {
    const page = await get<Page>(listPath(queue, filter, PAGE, from));
    setFurther({ path, pages: [...pages, page], ticks: stands });
  };
  return {
    tasks: all?.flatMap(({ tasks, tombstones }) => tasks ?? tombstones ?? []),
    error: first.error,
    scanned: all && sumOf(all),
    isOld: (pages.length > 0 || isSought) && ticks !== stands,
    more: cursor === undefined ? undefined : () => void next(cursor).catch(sayRefused),
    again: () => {
      setFurther(undefined);
      begun.current = { path, ticks };
      first.again();
    },
  };
}

function sumOf(pages: readonly Page[]): number | undefined {
  const scanned = pages.map((page) => page.scanned).filter((rows) => rows !== undefined);
  return scanned.length === 0 ? undefined : scanned.reduce((sum, rows) => sum + rows, 0);
}
