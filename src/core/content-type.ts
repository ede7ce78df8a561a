// What a Content-Type says: the media type, and the charset its text is in.
import { exactText } from "./bytes.ts";

export const FORM = "application/x-www-form-urlencoded";

/** The media type in lower case, without parameters; "" for none. */
export function mediaTypeOf(type: string | null): string {
  return type?.split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The charset in lower case; undefined when the type names none. */
export function charsetOf(type: string | null): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type ?? "")?.[1]?.toLowerCase();
}

/** Whether text of this charset, if any is named, has the bytes of UTF-8. */
export function isUtf8(charset: string | undefined): boolean {
  return charset === undefined || ["utf-8", "utf8", "us-ascii", "ascii"].includes(charset);
}

/** The text of a body whose type calls it text; undefined for another type, or where text would lose bytes. */
export function textBody(bytes: Uint8Array, type: string | null): string | undefined {
  const isText = mediaTypeOf(type).startsWith("text/") && isUtf8(charsetOf(type));
  return isText ? exactText(bytes) : undefined;
}
