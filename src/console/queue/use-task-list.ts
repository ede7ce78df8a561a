// Lists a queue's tasks page by page; refreshes live while only the first page is loaded.
import { useEffect, useState } from "preact/hooks";
import type { Task } from "../../core/task/task.ts";
import { get } from "../api.ts";
import { useChangesOf } from "../live/queues.ts";
import { sayRefused } from "../shell/messages.tsx";
import { useFetch } from "../use-fetch.ts";
import { type Filter, listPath } from "./filter.ts";

const PAGE = 50;
const FOLLOW_MS = 1500;

interface Page {
  tasks?: Task[];
  tombstones?: Task[];
  cursor?: string;
}

export interface TaskList {
  /** Undefined until the first response. */
  tasks: Task[] | undefined;
  error: Error | undefined;
  /** Whether the queue has changed since the pages were listed. */
  isOld: boolean;
  /** Loads the next page; undefined if there is none. */
  more: (() => void) | undefined;
  /** Reloads the first page. */
  again: () => void;
}

export function useTaskList(queue: string, filter: Filter): TaskList {
  const ticks = useChangesOf(queue, FOLLOW_MS);
  const [further, setFurther] = useState<{ path: string; pages: Page[]; ticks: number }>();
  const path = listPath(queue, filter, PAGE);
  const pages = further?.path === path ? further.pages : [];
  const shownTicks = pages.length > 0 ? (further?.ticks ?? 0) : ticks;
  const first = useFetch<Page>(path, shownTicks);
  useEffect(() => setFurther(undefined), [path]);
  const all = first.value ? [first.value, ...pages] : undefined;
  const cursor = all?.at(-1)?.cursor;
  const next = async (from: string) => {
    const page = await get<Page>(listPath(queue, filter, PAGE, from));
    setFurther({ path, pages: [...pages, page], ticks: shownTicks });
  };
  return {
    tasks: all?.flatMap(({ tasks, tombstones }) => tasks ?? tombstones ?? []),
    error: first.error,
    isOld: pages.length > 0 && ticks !== shownTicks,
    more: cursor === undefined ? undefined : () => void next(cursor).catch(sayRefused),
    again: () => {
      setFurther(undefined);
      first.again();
    },
  };
}
