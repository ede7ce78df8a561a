import { type ClientRequest, request } from "node:http";
import { aborted, type Disturbance, type Field } from "../disturbance.ts";

function watch(field: Field): ClientRequest {
  const options = { host: "127.0.0.1", port: field.port, path: "/_ah/api/events", agent: false };
  const sent = request(options, (response) => response.on("error", () => {}).resume());
  sent.on("error", () => {});
  return sent.end();
}

export const WATCHERS: Disturbance = {
  what: "500 watch the events of all queues",
  most: 1.05,
  async slice(field, signal) {
    const open = Array.from({ length: field.size(500, 50) }, () => watch(field));
    await aborted(signal);
    for (const one of open) one.destroy();
  },
};
