import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 50;

/** Looks again and again until there is something to see; throws when `seconds` have passed without. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await pause(LOOK_EVERY_MS);
  }
}
