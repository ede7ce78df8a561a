// User preferences, stored in localStorage; where storage is unavailable they last until the page is reloaded.
import type { Zone } from "./format/times.ts";
import { Observable } from "./observable.ts";

const PREFIX = "taskqueue-console-";

export const ZONES: readonly Zone[] = ["local", "utc"];

/** Whether times are shown in local time or in UTC, as logs and the API have them. */
export const zone = storedChoice("zone", ZONES);

export function storedChoice<T extends string>(name: string, choices: readonly T[]): Observable<T> {
  const first = choices[0] as T;
  const chosen = new Observable<T>(choices.find((choice) => choice === readStored(name)) ?? first);
  chosen.watch(() => writeStored(name, chosen.value));
  return chosen;
}

/** The choice after this one; after the last comes the first. */
export function nextChoice<T extends string>(choices: readonly T[], chosen: T): T {
  return choices[(choices.indexOf(chosen) + 1) % choices.length] as T;
}

function readStored(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function writeStored(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {}
}
