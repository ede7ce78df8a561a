// How deep JSON text nests, told before it is parsed.
import { type Refusal, refuse } from "./errors.ts";
import { MAX_NESTING } from "./limits.ts";

/** Refuses JSON text that nests lists and objects too deep. */
export function checkNesting(field: string, text: string): Refusal | undefined {
  return isDeeper(text, MAX_NESTING) ? refuseNesting(field) : undefined;
}

export function refuseNesting(field: string): Refusal {
  const message = `${field}: found more than ${MAX_NESTING} levels of lists and objects, expected at most ${MAX_NESTING}`;
  return refuse("INVALID_REQUEST", message);
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [LIST, END_OF_LIST, OBJECT, END_OF_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

function isDeeper(text: string, max: number): boolean {
  // Each level takes two characters, so most text need not be looked at.
  if (text.length <= 2 * max) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === QUOTE) i = endOfString(text, i);
    else if (character === END_OF_LIST || character === END_OF_OBJECT) depth--;
    else if ((character === LIST || character === OBJECT) && ++depth > max) return true;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === QUOTE) return i;
    if (character === BACKSLASH) i++;
  }
  return text.length;
}
