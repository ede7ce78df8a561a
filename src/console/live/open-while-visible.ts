// A stream that is open while its page is looked at.
import { Stream, type StreamListener } from "./stream.ts";

/** The answer closes it for good. */
export function openWhileVisible(url: string, listener: StreamListener): () => void {
  const stream = new Stream(url, DEPS, listener);
  const look = () => (document.hidden ? stream.pause() : stream.open());
  look();
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("online", look);
    stream.pause();
  };
}

const DEPS = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  later: (ms: number, work: () => void) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
