// Cancellation of an attempt: it is run with a signal, which aborts when the queue's object cancels the
// attempt, or goes away.
/** An attempt that takes longer than this asks its queue for a cancellation. */
const LISTEN_AFTER_MS = 250;
/** An attempt that waits for nothing has ended after so many microtasks: until then it costs no timer. */
export const MICROTASKS = 50;

/**
 * Runs an attempt. `cancelled` asks the queue's object, for attempts that take long alone, and settles with
 * the reason once the attempt is cancelled or over; when the object goes away the call breaks, which means
 * the same.
 */
export async function withCancellation<O>(
  ctx: Pick<ExecutionContext, "waitUntil">,
  cancelled: () => Promise<string>,
  attempt: (signal: AbortSignal) => Promise<O>,
): Promise<O> {
  const controller = new AbortController();
  const outcome = attempt(controller.signal);
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  outcome.then(over, over);
  for (let i = 0; i < MICROTASKS && !isOver; i++) await undefined;
  if (isOver) return await outcome;
  const timer = setTimeout(async () => {
    // When the queue goes away this call is cut; the handler gets time to clean up all the same.
    ctx.waitUntil(outcome);
    const reason = await cancelled().catch(() => "the queue went away");
    // The rest of an answered one's body is not cut off.
    if (!isOver) controller.abort(new DOMException(reason, "AbortError"));
  }, LISTEN_AFTER_MS);
  try {
    return await outcome;
  } finally {
    clearTimeout(timer);
  }
}
