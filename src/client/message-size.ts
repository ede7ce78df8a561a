// How large a value is as a message between objects, at most: from what it is made of, without serializing it.

const SMALL_BYTES = 16;

/**
 * An upper bound in bytes; infinite beyond `max`, and for a value that holds anything but data (a symbol, a
 * function, an instance of some class), which may not be sendable at all.
 */
export function messageSize(value: unknown, max: number): number {
  const open = [value];
  let size = 0;
  while (open.length > 0 && size <= max) {
    const next = open.pop();
    if (typeof next === "string") size += stringSize(next);
    else if (typeof next !== "object" || next === null || next instanceof Date) size += small(next);
    else if (next instanceof ArrayBuffer || ArrayBuffer.isView(next)) size += next.byteLength;
    else size += children(next, open);
  }
  return size <= max ? size : Number.POSITIVE_INFINITY;
}

// A character takes one byte or two.
function stringSize({ length }: string): number {
  return SMALL_BYTES + 2 * length;
}

function small(value: unknown): number {
  const isData = typeof value !== "symbol" && typeof value !== "function";
  return isData ? SMALL_BYTES : Number.POSITIVE_INFINITY;
}

/** The size of the object itself; what it holds is put on `open`. */
function children(value: object, open: unknown[]): number {
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    for (const child of value) open.push(child);
    return SMALL_BYTES;
  }
  if (prototype !== Object.prototype && prototype !== null) return Number.POSITIVE_INFINITY;
  let size = SMALL_BYTES;
  for (const [key, child] of Object.entries(value)) {
    size += stringSize(key);
    open.push(child);
  }
  return size;
}
