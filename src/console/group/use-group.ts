// A group, live: its own stream of events while it runs.
import { useEffect, useState } from "preact/hooks";
import type { GroupProgress } from "../../core/task/group.ts";
import { type ApiError, apiUrl, groupPath } from "../api.ts";
import { openWhileVisible } from "../live/open-while-visible.ts";
import { useFetch } from "../use-fetch.ts";

export interface LiveGroup {
  group: GroupProgress | undefined;
  error: ApiError | undefined;
  again: () => void;
}

export function useGroup(name: string): LiveGroup {
  const response = useFetch<GroupProgress>(groupPath(name));
  const [event, setEvent] = useState<GroupProgress>();
  const isRunning =
    response.value?.state === "running" && (event ?? response.value).state === "running";
  useEffect(() => {
    if (!isRunning) return;
    return openWhileVisible(apiUrl(`${groupPath(name)}/events`), {
      event: ({ data }) => setEvent(JSON.parse(data) as GroupProgress),
      status: () => {},
    });
  }, [name, isRunning]);
  // A response that came later is newer than the last event.
  useEffect(() => setEvent(undefined), [response.value]);
  return { group: event ?? response.value, error: response.error, again: response.again };
}
