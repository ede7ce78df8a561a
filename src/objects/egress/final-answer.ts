// The answer behind interim ones (100 Continue, 103 Early Hints). A runtime that does not know them hands over
// the first as if it were the last, and what the server says next as its body: HTTP/1.1, byte by byte.

/** What an outcome is made of. */
export type Answer = Pick<Response, "status" | "ok" | "headers" | "body">;

/** Header blocks longer than this are not looked through. */
const MOST_CHARACTERS = 65_536;

/** The last answer. Throws where none follows: then nobody has answered yet. */
export async function finalAnswer(response: Response): Promise<Answer> {
  const { status, body } = response;
  if (!isInterim(status) || !body) return response;
  const reader = body.getReader();
  let text = "";
  while (text.length < MOST_CHARACTERS) {
    const { value } = await reader.read();
    if (!value) break;
    text += latin1(value);
    const found = lastIn(text);
    if (found) return { ...found, body: bodyOf(found.headers, found.rest, reader) };
  }
  throw new Error(`${status} is no final answer, and none came after it`);
}

// Those that are registered: what a server means by another is its last word, as far as anyone knows.
function isInterim(status: number): boolean {
  return status === 100 || status === 102 || status === 103;
}

const HEAD = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r?\n((?:[^\r\n]+\r?\n)*)\r?\n/;

interface Found {
  status: number;
  ok: boolean;
  headers: Headers;
  rest: string;
}

function lastIn(text: string): Found | undefined {
  const head = HEAD.exec(text);
  if (!head) return undefined;
  const [whole, digits, lines = ""] = head;
  const status = Number(digits);
  const rest = text.slice(whole.length);
  if (isInterim(status)) return lastIn(rest);
  return { status, ok: status >= 200 && status <= 299, headers: headersIn(lines), rest };
}

function headersIn(lines: string): Headers {
  const headers = new Headers();
  for (const [, name = "", value = ""] of lines.matchAll(/^([^\s:]+):[ \t]*([^\r\n]*)/gm)) {
    headers.append(name, value);
  }
  return headers;
}

/** As long as its header says; where that is not told, nobody can say which bytes are the body's. */
function bodyOf(
  headers: Headers,
  rest: string,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let left = Number(headers.get("Content-Length") ?? Number.NaN);
  let chunk: Uint8Array | undefined = Uint8Array.from(rest, (char) => char.charCodeAt(0));
  return new ReadableStream({
    async pull(controller) {
      if (Number.isNaN(left))
        throw new TypeError("it came behind an interim answer, without a length");
      chunk ??= (await reader.read()).value;
      if (!chunk && left > 0) throw new Error("it ended early");
      const own = (chunk ?? new Uint8Array()).subarray(0, left);
      chunk = undefined;
      left -= own.byteLength;
      if (own.byteLength > 0) controller.enqueue(own);
      if (left > 0) return;
      controller.close();
      await reader.cancel();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
