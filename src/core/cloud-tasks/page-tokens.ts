// Page tokens. A token names its list and the last entry of its page, so that one of another list, or with
// another filter, is refused, as is whatever this API did not give out.
import { fromBase64, fromUtf8, toBase64Url, utf8 } from "../bytes.ts";
import { invalidArgument } from "./status.ts";

/** What a list is of. */
export interface ListId {
  kind: "queues" | "tasks";
  /** The resource name of what it lies in. */
  parent: string;
  filter?: string | undefined;
}

export function pageToken({ kind, parent, filter = "" }: ListId, last: string): string {
  return toBase64Url(utf8(JSON.stringify([kind, parent, filter, last])));
}

/** The last entry of the page before; undefined where no token is given. */
export function lastOf(token: string | undefined, list: ListId): string | undefined {
  if (token === undefined) return undefined;
  const last = partsIn(token)[3];
  if (typeof last === "string" && token === pageToken(list, last)) return last;
  throw invalidArgument(
    "Invalid page_token: expected one that this list gave out, with the same parent and filter.",
  );
}

function partsIn(token: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(fromUtf8(fromBase64(token) ?? new Uint8Array()));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
