// Requests as bytes that no HTTP client would send: two readers of them may disagree where one ends.
import type { Random } from "./random.ts";

export interface Wire {
  bytes: Buffer;
  /** Sent in so many pieces, with a pause between. */
  pieces: number;
  /** What the sender does then. */
  then: "wait" | "half-close" | "close";
}

const inner = (mark: string) =>
  `POST /_ah/queue/fast HTTP/1.1\r\nHost: h\r\nX-Fuzz: ${mark}\r\nContent-Length: 0\r\n\r\n`;

type Form = (start: string, mark: string, r: Random) => string;

/** `start` is a request line and headers without the empty line. */
const FORMS: Form[] = [
  (start, mark) =>
    `${start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner(mark)}`,
  (start, mark) =>
    `${start}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nx\r\n0\r\n\r\n${inner(mark)}`,
  (start) => `${start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  (start) => `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  (start) => `${start}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  (start) => `${start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  (start) => `${start}Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n`,
  (start, mark) => `${start}Content-Length: 0\r\nContent-Length: 5\r\n\r\n${inner(mark)}`,
  (start, mark) => `${start}Content-Length: 0, 0\r\n\r\n${inner(mark)}`,
  (start, _, r) =>
    `${start}Content-Length: ${r.pick(["-1", "+5", "0x5", "5 ", "1e1", "a", "", "99999999999999999999"])}\r\n\r\nhello`,
  (start) => `${start}Content-Length: 100\r\n\r\n{"a`,
  (start) => `${start}Content-Length: 31457281\r\n\r\n{"a`,
  (start) => start.replaceAll("\r\n", "\n").concat("\n"),
  (start) => start.replaceAll("\r\n", "\r").concat("\r\r"),
  (start) => `${start}X-Long: a\r\n folded\r\n\r\n`,
  (start) => `${start}X-Nul: a\0b\r\n\r\n`,
  (start) => `${start}X Space: a\r\n\r\n`,
  (start) => `${start}: a\r\n\r\n`,
  (start) => `${start}no colon\r\n\r\n`,
  (start) => `${start}X-Latin: \u00e9\u00ff\r\n\r\n`,
  (start, _, r) =>
    `${start}X-Big: ${"x".repeat(r.pick([8_000, 70_000, 140_000, 1_100_000]))}\r\n\r\n`,
  (start, _, r) => `${start}${"X-Many: a\r\n".repeat(r.pick([200, 2000, 20_000]))}\r\n`,
  (start) => `${start}Host: other\r\n\r\n`,
  (start) => `${start.replace(/Host:[^\r]*\r\n/, "")}\r\n`,
  (start) => `${start.replace("HTTP/1.1", "HTTP/1.0")}\r\n`,
  (start, _, r) =>
    `${start.replace("HTTP/1.1", r.pick(["HTTP/9.9", "HTTP/2.0", "HTTP/1", "http/1.1", "FTP/1.1", ""]))}\r\n`,
  (start, _, r) =>
    `${start.replace(/^\w+/, r.pick(["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "G\0T", "X".repeat(5000), ""]))}\r\n`,
  (start) => `${start.replace(" ", "  ")}\r\n`,
  (start) => `${start.replace(" ", "\t")}\r\n`,
  (start) => `\r\n\r\n${start}\r\n`,
  (start) =>
    `${start}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  (start) =>
    `${start}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  (start) => `${start}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
  (start) =>
    `${start}Transfer-Encoding: chunked\r\n\r\n2;ext=1\r\n{}\r\n0\r\nAuthorization: x\r\n\r\n`,
  (start) => `${start}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n`,
  (start) => `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
  (start) => `${start}Transfer-Encoding: chunked\r\n\r\n2\r\n{}`,
  (start, mark) => `${start}\r\n${inner(mark)}${start}\r\n${inner(mark)}`,
  () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0012\u0004\0\0\0\0\0",
  () => "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003",
  () => "GET /\r\n\r\n",
  (_, __, r) => r.bytes(r.int(300)).toString("latin1"),
  () => "\r\n".repeat(500),
  (start) => start.slice(0, 20),
];

export function wireOf(start: string, mark: string, r: Random): Wire {
  const text = r.pick(FORMS)(start, mark, r);
  return {
    bytes: Buffer.from(text, "latin1"),
    pieces: r.chance(0.1) ? Math.min(8, text.length) : 1,
    then: r.pick(["wait", "half-close", "close"]),
  };
}
