// When a handler asks to be called again: the Retry-After header (RFC 9110, 10.2.3) of a 503 or a 429.
import { MAX_DELAY_S } from "../limits.ts";

/** Whether an answer with this status may say when to come back. */
export function mayAskForLater(status: number): boolean {
  return status === 503 || status === 429;
}

/**
 * Milliseconds from `now` (ms since 1970): whole seconds or an HTTP date, 30 days at most, as no task is put off
 * longer. Undefined for anything else, which is as if it were not there.
 */
export function retryAfterMs(text: string, now: number): number | undefined {
  const said = text.trim();
  if (/^\d+$/.test(said)) return Math.min(Number(said), MAX_DELAY_S) * 1000;
  const at = HTTP_DATE.test(said) ? Date.parse(said) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), MAX_DELAY_S * 1000);
}

// The form to be sent today and the two that are to be read, or nothing: Date.parse reads all sorts of words.
const HTTP_DATE =
  /^(\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT|\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;
