// The time for whatever on the page says how long ago something was.
import { now } from "../clock.ts";
import { useWatched, Watched } from "../watched.ts";

const second = new Watched(now());

setInterval(() => {
  if (!document.hidden) second.set(now());
}, 1000);

/** ms since 1970, anew every second. */
export function useNow(): number {
  return useWatched(second);
}
