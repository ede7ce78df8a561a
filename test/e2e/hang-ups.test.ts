// Clients that hang up in the middle of what they send: `npm start` serves on, and keeps its tasks.
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import type { Server } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { add, runningServer, stateOf, temporaryDir } from "./support.ts";

const HANG_UPS: [what: string, bytes: string][] = [
  ["in a body", 'POST /mine HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"a'],
  [
    "in a task",
    'POST /_ah/api/queues/sub/tasks HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"a',
  ],
  ["in a chunk", "POST /mine HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nab"],
  ["after no chunk", "POST /mine HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ["in a body nobody reads", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nab"],
];

async function hangUp(server: Server, bytes: string): Promise<void> {
  const { port, hostname } = new URL(server.url);
  const socket = connect({ port: Number(port), host: hostname });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.end(bytes);
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.destroy();
}

it("npm start serves on after hang-ups of every kind", async () => {
  const command = ["npm", "start", "--"];
  const server = await runningServer({ stateDir: temporaryDir(), command });
  expect((await add(server, "inbox", "name=kept", { a: "1" })).status).toBe(201);
  for (const [what, bytes] of HANG_UPS) {
    for (let i = 0; i < 10; i++) await hangUp(server, bytes).catch(() => {});
    await until(`an answer after ${what}`, 60, () => server.answers());
  }
  await until("the task", 60, async () => {
    const state = await stateOf(server, "inbox", "kept").catch(() => "");
    return state === "due";
  });
});
