// A choice of the reader's, kept in the browser; where nothing may be kept it lasts as long as the page.
import { Watched } from "./watched.ts";

export function keptChoice<T extends string>(name: string, choices: readonly T[]): Watched<T> {
  const first = choices[0] as T;
  const chosen = new Watched<T>(choices.find((choice) => choice === kept(name)) ?? first);
  chosen.watch(() => keep(name, chosen.value));
  return chosen;
}

/** The choice after this one; after the last comes the first. */
export function nextChoice<T extends string>(choices: readonly T[], chosen: T): T {
  return choices[(choices.indexOf(chosen) + 1) % choices.length] as T;
}

const PREFIX = "taskqueue-console-";

function kept(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {}
}
