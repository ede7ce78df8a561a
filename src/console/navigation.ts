// Client-side navigation: links are plain links, and the URL holds the state.

import { Observable, useObservable } from "./observable.ts";
import { HOME, type Route, routeOf } from "./route.ts";

const address = new Observable(currentAddress());

/** Handles clicks on console links and the back button without reloading. */
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
  // Moves the focus so that screen readers announce the new page.
  document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** Replaces the query, leaving out undefined fields, without a new history entry. */
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

/** One field of the query string, "" if absent. */
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
