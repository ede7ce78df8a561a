// A server in this process that tasks with an absolute url are sent to.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface TargetServer {
  origin: string;
  /** Resolves with its next request. */
  next(): Promise<void>;
  close(): void;
}

/** It must run before the Worker that may call it starts. */
export async function startTarget(): Promise<TargetServer> {
  const server: Server = createServer((_, response) => {
    server.emit("called");
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: async () => void (await once(server, "called")),
    close: () => server.close().closeAllConnections(),
  };
}
