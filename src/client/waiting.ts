// The caller's side of a wait: it holds its place until the answer is there, and lets go of it when its own
// caller is gone, so that nothing is kept, or leased, for nobody.
import type { PendingAnswer, Place, Waited } from "../objects/place.ts";

/** The answer, at once or in its time. Throws the signal's reason. */
export async function answerTo<Got>(waited: Waited<Got>, signal?: AbortSignal): Promise<Got> {
  if ("got" in waited) return waited.got;
  try {
    return await unlessAborted(waited.answer.get(), signal);
  } finally {
    letGo(waited);
  }
}

/** What the object sent is a stub of each. */
export function letGo({ place, answer }: { place: Place; answer: PendingAnswer<unknown> }): void {
  place[Symbol.dispose]();
  answer[Symbol.dispose]();
}

/** What the work comes to; throws the signal's reason if that aborts before. */
export async function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
