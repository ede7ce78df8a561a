// Time and chance where the client runs.

/** ms since 1970 */
export function now(): number {
  return Date.now();
}

/** Waits so many ms; throws the signal's reason if that aborts before. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** What the work comes to, or undefined once the signal aborts; nothing is left on a signal that lives longer. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  let abort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
  });
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

const BACKOFF_MS = { first: 200, max: 30_000 };

/** How long to wait after so many failures in a row, in ms: twice as long each time, half of it by chance. */
export function backoff(failures: number): number {
  const full = Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.max);
  return full * (0.5 + Math.random() / 2);
}
