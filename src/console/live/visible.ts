// Keeps a stream open only while the page is visible.
import { Stream, type StreamListener } from "./stream.ts";

/** The returned function closes it permanently. */
export function openWhileVisible(url: string, listener: StreamListener): () => void {
  const stream = new Stream(url, AROUND, listener);
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

const AROUND = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  later: (ms: number, work: () => void) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
