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

/** What newer engines do at once: workerd and browsers have it, Node 24 has not. */
interface OwnBase64 {
  prototype: { toBase64?(this: Uint8Array): string };
  fromBase64?(text: string): Uint8Array;
}

const OWN = Uint8Array as unknown as OwnBase64;
/** Bytes at a time: each is an argument of one call. */
const PIECE = 0x2000;

export function toBase64(bytes: Uint8Array): string {
  if (OWN.prototype.toBase64) return OWN.prototype.toBase64.call(bytes);
  let binary = "";
  for (let at = 0; at < bytes.byteLength; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary);
}

/** The url-safe alphabet, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Standard or url-safe alphabet, padded or not, as Google's readers take it; undefined for anything else. */
export function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const isUrlSafe = text.includes("-") || text.includes("_");
  const usual = isUrlSafe ? text.replaceAll("-", "+").replaceAll("_", "/") : text;
  try {
    return decoded(usual.replace(/=+$/, ""));
  } catch {
    return undefined;
  }
}

function decoded(base64: string): Uint8Array {
  if (OWN.fromBase64) return OWN.fromBase64(base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
