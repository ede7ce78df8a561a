// Subscribes to a group's event stream while it runs.
import { useEffect, useState } from "preact/hooks";
import type { GroupProgress } from "../../core/task/group.ts";
import { type ApiError, apiUrl, groupPath } from "../api.ts";
import { openWhileVisible } from "../live/visible.ts";
import { useFetch } from "../use-fetch.ts";

export interface LiveGroup {
  group: GroupProgress | undefined;
  error: ApiError | undefined;
  again: () => void;
}

export function useGroup(name: string): LiveGroup {
  const asked = useFetch<GroupProgress>(groupPath(name));
  const [told, setTold] = useState<GroupProgress>();
  const isRunning = asked.value?.state === "running" && (told ?? asked.value).state === "running";
  useEffect(() => {
    if (!isRunning) return;
    return openWhileVisible(apiUrl(`${groupPath(name)}/events`), {
      event: ({ data }) => setTold(JSON.parse(data) as GroupProgress),
      status: () => {},
    });
  }, [name, isRunning]);
  // A refetched group is newer than the last event.
  useEffect(() => setTold(undefined), [asked.value]);
  return { group: told ?? asked.value, error: asked.error, again: asked.again };
}
