// An attempt that can be told to stop: it is run with a signal, which aborts when the queue's object says
// that it is over, or goes away.
import type { Outcome } from "../../core/task/task.ts";
import { onWire, type WireOutcome } from "./outcome.ts";

/** An attempt that takes longer than this begins to listen for its end. */
const LISTEN_AFTER_MS = 250;

/**
 * Runs an attempt. `ending` asks the queue's object, of attempts that take long alone, and settles with
 * the reason why it is over; when the object goes away itself the call breaks, which says the same.
 */
export async function attended(
  ctx: Pick<ExecutionContext, "waitUntil">,
  ending: () => Promise<string>,
  attempt: (signal: AbortSignal) => Promise<Outcome>,
): Promise<WireOutcome> {
  const controller = new AbortController();
  const outcome = attempt(controller.signal);
  const timer = setTimeout(async () => {
    // When the queue goes away this call is cut; the handler gets time to clean up all the same.
    ctx.waitUntil(outcome);
    const reason = await ending().catch(() => "the queue went away");
    controller.abort(new DOMException(reason, "AbortError"));
  }, LISTEN_AFTER_MS);
  try {
    return onWire(await outcome);
  } finally {
    clearTimeout(timer);
  }
}
