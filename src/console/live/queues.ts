// The queues of the page, live: one stream for whatever page is open.
import { useEffect, useRef, useState } from "preact/hooks";
import {
  type QueueChanges,
  type WatchedQueue,
  type WatchedQueues,
  withChanges,
} from "../../core/metrics/queue-changes.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { apiUrl } from "../api.ts";
import { now, serverSays } from "../clock.ts";
import { useWatched, Watched } from "../watched.ts";
import type { ServerSentEvent } from "./server-sent.ts";
import type { StreamStatus } from "./stream.ts";
import { openWhileVisible } from "./visible.ts";

/** Undefined until the server has said something. */
const queues = new Watched<readonly WatchedQueue[] | undefined>(undefined);
const status = new Watched<StreamStatus>("connecting");

export function followQueues(): void {
  openWhileVisible(apiUrl("/events"), { event: heard, status: (said) => status.set(said) });
}

function heard({ event, data }: ServerSentEvent): void {
  if (event === "queues") {
    const all = JSON.parse(data) as WatchedQueues;
    serverSays(Date.parse(all.now));
    queues.set(all.queues);
  }
  if (event === "changes" && queues.value) {
    queues.set(withChanges(queues.value, JSON.parse(data) as QueueChanges));
  }
}

/** An action was answered with the queue as it is now: nobody has to wait for the stream to say so. */
export function hearOf(view: QueueView): void {
  const told = (queue: WatchedQueue) => (queue.name === view.name ? { ...queue, ...view } : queue);
  queues.set(queues.value?.map(told));
}

export function useQueues(): readonly WatchedQueue[] | undefined {
  return useWatched(queues);
}

export function useLiveStatus(): StreamStatus {
  return useWatched(status);
}

/** One queue; undefined when there is none of this name, or before the first word of the server. */
export function useLiveQueue(name: string): WatchedQueue | undefined {
  return useWatched(queues)?.find((queue) => queue.name === name);
}

/**
 * A number that grows when the queue has changed, every `ms` at most: to ask the API anew for what the
 * stream does not carry.
 */
export function useChangesOf(name: string, ms: number): number {
  const [ticks, setTicks] = useState(0);
  const last = useRef({ queue: undefined as WatchedQueue | undefined, at: 0 });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      timer = undefined;
      last.current.at = now();
      setTicks((n) => n + 1);
    };
    const look = () => {
      const queue = queues.value?.find((it) => it.name === name);
      if (queue === last.current.queue) return;
      const isFirst = last.current.queue === undefined;
      last.current.queue = queue;
      if (isFirst) return;
      timer ??= setTimeout(tell, Math.max(0, last.current.at + ms - now()));
    };
    look();
    const end = queues.watch(look);
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [name, ms]);
  return ticks;
}
