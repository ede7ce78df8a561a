// Following a queue: what of it a Worker leaves out that has no door by which it is done.

import { unwrap } from "../core/errors.ts";
import type { QueueEvent } from "../core/metrics/queue-event.ts";
import { rfc3339 } from "../core/task/task-view.ts";
import { clock } from "../objects/host.ts";
import { Followers, type NewFollowers } from "../objects/queue/context/followers.ts";
import type { QueueCalls } from "../objects/rpc.ts";
import { eventsIn, merged } from "./events.ts";

/** For a door by which queues are followed. */
export interface Following {
  /** What a queue is followed by. */
  readonly Followers: NewFollowers;
  /** Its events, as they happen, until `signal` aborts. */
  readonly tail: (
    object: () => Promise<QueueCalls>,
    signal: AbortSignal | undefined,
  ) => AsyncGenerator<QueueEvent, void>;
}

export const following: Following = { Followers, tail };

async function* tail(
  object: () => Promise<QueueCalls>,
  signal: AbortSignal | undefined,
): AsyncGenerator<QueueEvent, void> {
  for (let isFirst = true; ; isFirst = false) {
    signal?.throwIfAborted();
    const stream = await eventsOf(object);
    if (!isFirst) yield { event: "missed", at: rfc3339(clock()) };
    yield* eventsIn(stream, signal);
  }
}

/** The same as the text of server-sent events, which ends when one of the queue's objects does. */
export async function eventsOf(
  object: () => Promise<QueueCalls>,
): Promise<ReadableStream<Uint8Array>> {
  return merged(unwrap(await (await object()).follow()));
}
