// Bytes and text.

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const EXACT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text's bytes in UTF-8. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** The text of bytes in UTF-8, without a byte order mark; what is not UTF-8 becomes U+FFFD. */
export function fromUtf8(bytes: Uint8Array | ArrayBuffer): string {
  return DECODER.decode(bytes);
}

/** The text that has exactly these bytes in UTF-8, a byte order mark included; undefined when there is none. */
export function exactText(bytes: Uint8Array): string | undefined {
  try {
    return EXACT.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes of a buffer or of a view of one; undefined for any other value. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
}

/** The parts one after another; the part itself where there is but one. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The url-safe alphabet, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Standard or url-safe alphabet, padded or not, as Google's readers take it; undefined for anything else. */
export function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  try {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, ""));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
