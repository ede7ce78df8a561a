// Whoever reads a response that is sent piece by piece.

/**
 * Aborts when the reader has gone: the request's signal says so, or the stream breaks. A local server only
 * finds a reader gone by writing to it; a deployed one is told at once.
 */
export function readerLeft(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  signal: AbortSignal,
): AbortSignal {
  const controller = new AbortController();
  const left = () => controller.abort(new DOMException("the reader has gone", "AbortError"));
  if (signal.aborted) left();
  signal.addEventListener("abort", left);
  writer.closed.then(left, left);
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  });
}
