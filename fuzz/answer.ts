// An answer read from the bytes of a connection (RFC 9112), as far as they have come.

export interface Answer {
  status: number;
  headers: [name: string, value: string][];
  body: Buffer;
  /** Where what comes after it begins, or undefined while it has not ended. */
  end: number | undefined;
  /** No other answer will come by this connection. */
  isLast: boolean;
}

/** Undefined until its headers are there; throws where the bytes are no answer. */
export function readAnswer(bytes: Buffer, method: string, isClosed: boolean): Answer | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [line = "", ...rest] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(line)?.[1]);
  if (!status) throw new Error(`not an answer: ${JSON.stringify(line.slice(0, 100))}`);
  const headers = rest.map((it): [string, string] => {
    const colon = it.indexOf(":");
    return [it.slice(0, colon), it.slice(colon + 1).trim()];
  });
  const start = headEnd + 4;
  if (status >= 100 && status < 200 && status !== 101) {
    return { status, headers, body: Buffer.alloc(0), end: start, isLast: false };
  }
  const body = bodyFrom(bytes, start, status, method, headers, isClosed);
  const says = (value: string) => headerOf({ headers }, "connection")?.toLowerCase() === value;
  return { status, headers, ...body, isLast: says("close") || body.isLast === true };
}

export function headerOf({ headers }: Pick<Answer, "headers">, name: string): string | undefined {
  return headers.find(([own]) => own.toLowerCase() === name)?.[1];
}

function bodyFrom(
  bytes: Buffer,
  start: number,
  status: number,
  method: string,
  headers: [string, string][],
  isClosed: boolean,
): { body: Buffer; end: number | undefined; isLast?: true } {
  if (method === "HEAD" || status === 204 || status === 304) {
    return { body: Buffer.alloc(0), end: start };
  }
  if (/chunked/i.test(headerOf({ headers }, "transfer-encoding") ?? ""))
    return chunks(bytes, start);
  const length = headerOf({ headers }, "content-length");
  if (length !== undefined) {
    const end = start + Number(length);
    return { body: bytes.subarray(start, end), end: bytes.length >= end ? end : undefined };
  }
  return { body: bytes.subarray(start), end: isClosed ? bytes.length : undefined, isLast: true };
}

function chunks(bytes: Buffer, start: number): { body: Buffer; end: number | undefined } {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = lineEnd === -1 ? 0 : Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (lineEnd === -1 || bytes.length < next)
      return { body: Buffer.concat(parts), end: undefined };
    if (size === 0) return { body: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
