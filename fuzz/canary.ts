// Listens at an address inside that tasks name in every notation; whoever calls it came through.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export interface Canary {
  port: number;
  calls(): number;
  close(): void;
}

export async function listen(): Promise<Canary> {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, calls: () => calls, close: () => server.close() };
}
