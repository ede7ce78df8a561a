// Going from page to page without loading anew: links are plain links, and the address is the state.

import { Observable, useObservable } from "./observable.ts";
import { HOME, type Route, routeOf } from "./route.ts";

const address = new Observable(currentAddress());

/** Makes links of the console change the page in place, and the back button work. */
export function followLinks(): void {
  window.addEventListener("popstate", () => address.set(currentAddress()));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    if (!link || !staysHere(link, event)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

export function go(path: string): void {
  history.pushState(null, "", path);
  address.set(currentAddress());
  window.scrollTo(0, 0);
  // Whoever listens to the page hears where they are now.
  document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** Another query for the same page, without those that are undefined: no step of its own for the back button. */
export function setQuery(changes: Record<string, string | undefined>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const search = query.size > 0 ? `?${query}` : "";
  history.replaceState(null, "", location.pathname + search);
  address.set(currentAddress());
}

export function useRoute(): Route {
  return routeOf(useObservable(address, pathnameOf));
}

/** One field of the query string, "" when it is not there. */
export function useQuery(name: string): string {
  return new URLSearchParams(useObservable(address, searchOf)).get(name) ?? "";
}

/** All fields of the query string. */
export function useQueryFields(): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(useObservable(address, searchOf)));
}

function pathnameOf(at: string): string {
  return new URL(at, location.origin).pathname;
}

function searchOf(at: string): string {
  return new URL(at, location.origin).search;
}

function currentAddress(): string {
  return location.pathname + location.search;
}

function staysHere(link: HTMLAnchorElement, event: MouseEvent): boolean {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  const isOurs = link.origin === location.origin && `${link.pathname}/`.startsWith(`${HOME}/`);
  return isPlain && isOurs && link.target === "" && !event.defaultPrevented;
}
