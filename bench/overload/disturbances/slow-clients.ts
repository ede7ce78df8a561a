import { connect, type Socket } from "node:net";
import { aborted, type Disturbance, type Field } from "../disturbance.ts";

const BODY =
  'POST /_ah/api/queues/flood/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n{"payload":"';
const LIST = "GET /_ah/api/queues/many/tasks?limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

function opened(field: Field, text: string): Socket {
  const socket = connect(field.port, "127.0.0.1");
  socket.on("error", () => {}).write(text);
  return socket;
}

export const SLOW_CLIENTS: Disturbance = {
  what: "200 connections send a byte a second, and 200 never read the list they asked for",
  // The local server of workerd 1.20261102 keeps an answer that nobody reads some four times (the one before it
  // twice): a list has 1.3 MB here. Cloudflare's edge takes it from the Worker and keeps it by itself.
  mostMemory: { peak: 1200 * 2 ** 20, after: 1200 * 2 ** 20 },
  prepare: (field) =>
    field.fill("many", 1000, () => ({
      url: "/nothing",
      countdown: 86_400,
      payload: "x".repeat(1000),
    })),
  async slice(field, signal) {
    const n = field.size(200, 100);
    const dripping = Array.from({ length: n }, () => opened(field, BODY));
    const deaf = Array.from({ length: n }, () => opened(field, LIST).pause());
    const timer = setInterval(() => {
      for (const socket of dripping) socket.write("x");
    }, 1000);
    await aborted(signal);
    clearInterval(timer);
    for (const socket of [...dripping, ...deaf]) socket.destroy();
  },
  async facts(field) {
    const { tasks = 0 } = await field.statistics("flood");
    await field.purge("many");
    return [{ what: "tasks stored of halves of requests", value: tasks, unit: "", most: 0 }];
  },
};
