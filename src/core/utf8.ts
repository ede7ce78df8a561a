// Where bytes are not UTF-8.
import { exactText } from "./bytes.ts";

/** What is no UTF-8 in these bytes, which have no exact text: the first byte that belongs to no character. */
export function faultInUtf8(bytes: Uint8Array): { at: number; found: string } {
  const at = firstFault(bytes);
  return { at, found: `0x${bytes[at]?.toString(16).padStart(2, "0")}` };
}

function firstFault(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.byteLength];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginning(bytes.subarray(startOf(bytes, good - 1), middle))) good = middle;
    else bad = middle;
  }
  // What cannot follow is found first; where a character was cut off by it, that one is at fault.
  while (good > 0 && exactText(bytes.subarray(startOf(bytes, good - 1), good)) === undefined)
    good--;
  return good;
}

/** Whether text may begin with these bytes; the last character may be incomplete. */
function isBeginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Where the character begins that byte `index` is part of. */
function startOf(bytes: Uint8Array, index: number): number {
  let start = Math.max(0, index);
  while (start > 0 && index - start < 3 && ((bytes[start] as number) & 0xc0) === 0x80) start--;
  return start;
}
