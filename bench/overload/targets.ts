// Servers that tasks are sent to and that behave badly. They listen on loopback.
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";

const MEGABYTE = Buffer.alloc(1024 * 1024);
/** No server is given a port this low. One that was free a moment ago may be another's by now. */
const NOBODYS = "127.0.0.1:1";
const HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

/** Their hosts by name. Of one that refuses, nobody listens; one does not resolve. */
export async function startTargets(): Promise<Record<string, string>> {
  return {
    refused: NOBODYS,
    unresolved: "nobody.taskqueue-overload.example",
    silent: hostOf(await listening(createSocketServer(() => {}))),
    reset: hostOf(
      await listening(createSocketServer((socket) => socket.on("error", ignore).resetAndDestroy())),
    ),
    gigantic: hostOf(
      await listening(
        createSocketServer((socket) => {
          const more = () => {
            while (socket.writable && socket.write(MEGABYTE));
          };
          socket.on("error", ignore).on("drain", more).resume().write(HEAD);
          more();
        }),
      ),
    ),
    dripping: hostOf(
      await listening(
        createServer((_, response) => {
          response.writeHead(200);
          const timer = setInterval(() => response.write("x"), 200);
          response.on("close", () => clearInterval(timer));
        }),
      ),
    ),
  };
}

async function listening<S extends Server>(server: S): Promise<S> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function hostOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ignore(): void {}
