// Job: tasks that were not started in time. It goes by its own rows, so that a queue that is paused, has no tokens, or
// is in queue.yaml no more, keeps nothing that is worth nothing any more.
import { expiryOf, hasStarted } from "../../core/task/expiry.ts";
import type { Expiry } from "../../store/queue/expiries.ts";
import type { Job } from "../host.ts";
import type { QueueContext } from "./context/context.ts";

export interface ExpiryDeps {
  queue: QueueContext;
  /** Whether the task of this name is on its way to another shard. */
  isMoving: (name: string) => boolean;
}

/** Tasks that expire in one commit. */
const PAGE = 500;
/** What is on its way to another shard is looked at again so much later, in ms: it is to expire there. */
const LOOK_AGAIN_MS = 1000;

export class ExpiryJob implements Job {
  readonly #deps: ExpiryDeps;
  #notBefore = 0;

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  nextWakeAt(): number | undefined {
    const at = this.#deps.queue.store.ruled.expiries.nextAt();
    return at === undefined ? undefined : Math.max(at, this.#notBefore);
  }

  onAlarm(now: number): void {
    if ((this.nextWakeAt() ?? Number.POSITIVE_INFINITY) > now) return;
    const { isMoving, queue } = this.#deps;
    const due = queue.store.ruled.expiries.upTo(now, PAGE);
    const here = due.filter(({ name }) => !isMoving(name));
    if (here.length < due.length) this.#notBefore = now + LOOK_AGAIN_MS;
    if (here.length > 0) expireAll(queue, here, now);
  }
}

function expireAll(queue: QueueContext, due: readonly Expiry[], now: number): void {
  queue.commit.run(() => {
    for (const one of due) expire(queue, one, now);
  });
}

// A row whose task is gone, or is another by now, was left by a version that knows nothing of it.
function expire(queue: QueueContext, expiry: Expiry, now: number): void {
  const { definition, push, store } = queue;
  const found = store.find(expiry.name, now);
  const task = found?.kind === "live" ? found.task : undefined;
  const isIt =
    task && expiryOf(task) === expiry.at && !push.isRunning(task) && !hasStarted(task.progress);
  if (!isIt) store.ruled.expiries.remove(expiry);
  else if (store.expire(task, now, definition.config)) queue.forget(task);
}
