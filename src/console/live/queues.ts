// Live queues: one stream shared by all pages.
import { useEffect, useRef, useState } from "preact/hooks";
import {
  type QueueChanges,
  type WatchedQueue,
  type WatchedQueues,
  withChanges,
} from "../../core/metrics/queue-changes.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { apiUrl } from "../api.ts";
import { now, syncClock } from "../clock.ts";
import { Observable, useObservable } from "../observable.ts";
import type { ServerSentEvent } from "./server-sent.ts";
import type { StreamStatus } from "./stream.ts";
import { openWhileVisible } from "./visible.ts";

/** Undefined until the first event. */
const queues = new Observable<readonly WatchedQueue[] | undefined>(undefined);
const status = new Observable<StreamStatus>("connecting");

export function followQueues(): void {
  openWhileVisible(apiUrl("/events"), { event: heard, status: (said) => status.set(said) });
}

function heard({ event, data }: ServerSentEvent): void {
  if (event === "queues") {
    const all = JSON.parse(data) as WatchedQueues;
    syncClock(Date.parse(all.now));
    queues.set(all.queues);
  }
  if (event === "changes" && queues.value) {
    queues.set(withChanges(queues.value, JSON.parse(data) as QueueChanges));
  }
}

/** Stores the queue from an action's response, ahead of the stream. */
export function storeQueue(view: QueueView): void {
  const merged = (queue: WatchedQueue) =>
    queue.name === view.name ? { ...queue, ...view } : queue;
  queues.set(queues.value?.map(merged));
}

export function useQueues(): readonly WatchedQueue[] | undefined {
  return useObservable(queues);
}

export function useLiveStatus(): StreamStatus {
  return useObservable(status);
}

/** One queue; undefined if it does not exist, or before the first event. */
export function useLiveQueue(name: string): WatchedQueue | undefined {
  return useObservable(queues)?.find((queue) => queue.name === name);
}

/**
 * A counter that increases when the queue changes, at most once per `ms`: triggers refetches of data the
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
