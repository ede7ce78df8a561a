// The current time, for relative times on the page.
import { now } from "../clock.ts";
import { Observable, useObservable } from "../observable.ts";

const second = new Observable(now());

setInterval(() => {
  if (!document.hidden) second.set(now());
}, 1000);

/** ms since 1970, updated every second. */
export function useNow(): number {
  return useObservable(second);
}
