// A preference, stored in the browser; where storage is denied it lasts as long as the page.
import { Observable } from "./observable.ts";

export function preference<T extends string>(name: string, choices: readonly T[]): Observable<T> {
  const first = choices[0] as T;
  const chosen = new Observable<T>(choices.find((choice) => choice === stored(name)) ?? first);
  chosen.watch(() => store(name, chosen.value));
  return chosen;
}

/** The choice after this one; after the last comes the first. */
export function nextChoice<T extends string>(choices: readonly T[], chosen: T): T {
  return choices[(choices.indexOf(chosen) + 1) % choices.length] as T;
}

const PREFIX = "taskqueue-console-";

function stored(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {}
}
