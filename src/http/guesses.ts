// Wrong tokens, counted. Whoever tries many different ones is told to come back later; the right one is taken
// whatever was tried before, so that nobody can lock its holder out. Counted in each isolate by itself, which is
// all the memory there is in front of the objects: what keeps guessing hopeless is a token's length.
import { utf8 } from "../core/bytes.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { writeLine } from "../objects/log.ts";

/** Different wrong tokens in one window after which others are answered 429. A client set up wrong sends one. */
const MAX_WRONG = 50;
const WINDOW_MS = 60_000;

const window = { begun: 0, wrong: new Set<string>() };

/** The refusal of a wrong token where too many others were tried lately; `now` in ms since 1970. */
export async function refusalOfGuess(given: string, now: number): Promise<Refusal | undefined> {
  if (now < window.begun || now >= window.begun + WINDOW_MS) {
    window.begun = now;
    window.wrong.clear();
  }
  const guess = await digestOf(given);
  if (window.wrong.has(guess)) return undefined;
  if (window.wrong.size >= MAX_WRONG) return tooMany(window.begun + WINDOW_MS - now);
  window.wrong.add(guess);
  if (window.wrong.size === MAX_WRONG) {
    writeLine(
      ...(["warn", "wrong_tokens"] as const),
      `task queue: ${MAX_WRONG} different wrong tokens within a minute`,
    );
  }
  return undefined;
}

/** Seconds until a refused guess is heard again; undefined for any other refusal. */
export function retryAfterOf({ code, details }: Refusal["failure"]): number | undefined {
  if (code !== "UNAUTHENTICATED") return undefined;
  return (details as { retryAfter?: number } | undefined)?.retryAfter;
}

function tooMany(leftMs: number): Refusal {
  const retryAfter = Math.ceil(leftMs / 1000);
  const message = `found more than ${MAX_WRONG} different wrong tokens within a minute, expected the one set as TASKQUEUE_TOKEN, which is always taken; others are looked at again in ${retryAfter} s`;
  return refuse("UNAUTHENTICATED", message, { retryAfter });
}

async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", utf8(text) as BufferSource);
  return new Uint8Array(digest).join();
}
