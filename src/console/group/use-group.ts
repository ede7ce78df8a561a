// A group, live: its own stream of events while it runs.
import { useEffect, useState } from "preact/hooks";
import type { GroupProgress } from "../../core/task/group.ts";
import { type ApiError, apiUrl, groupPath } from "../api.ts";
import { useFetched } from "../fetched.ts";
import { openWhileVisible } from "../live/visible.ts";

export interface LiveGroup {
  group: GroupProgress | undefined;
  error: ApiError | undefined;
  again: () => void;
}

export function useGroup(name: string): LiveGroup {
  const asked = useFetched<GroupProgress>(groupPath(name));
  const [told, setTold] = useState<GroupProgress>();
  const isRunning = asked.value?.state === "running" && (told ?? asked.value).state === "running";
  useEffect(() => {
    if (!isRunning) return;
    return openWhileVisible(apiUrl(`${groupPath(name)}/events`), {
      event: ({ data }) => setTold(JSON.parse(data) as GroupProgress),
      status: () => {},
    });
  }, [name, isRunning]);
  // What was asked for last is the newer word once the group is asked for again.
  useEffect(() => setTold(undefined), [asked.value]);
  return { group: told ?? asked.value, error: asked.error, again: asked.again };
}
