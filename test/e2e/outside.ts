// A server that tasks are sent to, on loopback: it keeps what it was asked, and answers as the test says.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Arrived {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  bytes: Buffer;
  /** ms since 1970 */
  at: number;
  response: ServerResponse;
  /** When the other side hung up without an answer (ms since 1970). */
  hungUpAt?: number;
}

export interface Outside {
  host: string;
  origin: string;
  arrived: Arrived[];
}

/** `answer` ends the response, now or later; without one every request is answered 200 at once. */
export async function outsideServer(
  answer: (request: Arrived, all: readonly Arrived[]) => void = ({ response }) => response.end(),
): Promise<Outside> {
  const arrived: Arrived[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const body = bytes.toString();
    const one: Arrived = { method, url, headers, body, bytes, at: Date.now(), response };
    response.on("close", () => {
      if (!response.writableFinished) one.hungUpAt = Date.now();
    });
    arrived.push(one);
    answer(one, arrived);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, origin: `http://${host}`, arrived };
}
