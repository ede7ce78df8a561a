// Bytes to text and text to form fields, without losing any: where a lenient decoder would put U+FFFD, this
// says what is there.
import { exactText } from "../core/bytes.ts";
import { cut, errorOf, refuse, type TaskQueueError } from "../core/errors.ts";
import { faultInUtf8 } from "../core/utf8.ts";

/** The text of bytes in UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = exactText(bytes);
  if (text !== undefined) return text;
  const { at, found } = faultInUtf8(bytes);
  throw notUtf8("body", `${found} at byte ${at}`);
}

/** The fields of a form, or of a query. `where` is "body" or "query". */
export function parseForm(text: string, where: "body" | "query"): URLSearchParams {
  if (!isDecodable(text)) {
    const field = text.split("&").find((pair) => !isDecodable(pair)) ?? text;
    throw notUtf8(where, cut(field));
  }
  return new URLSearchParams(text);
}

function notUtf8(where: string, what: string): TaskQueueError {
  const message = `${where}: found bytes that are not UTF-8 (${what}), expected UTF-8`;
  return errorOf(refuse("INVALID_REQUEST", message).failure);
}

// A "%" that begins no byte stands for itself in a form.
function isDecodable(text: string): boolean {
  if (!text.includes("%")) return true;
  try {
    decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, "%25"));
    return true;
  } catch {
    return false;
  }
}
